/**
 * The bound on how long clients may keep a server waiting.
 *
 * Neither a chunk that is read nor one that is sent sets a timer: all requests are looked at from time to time. One whose client has
 * done nothing from one look to the next, four times in a row, has stalled: that is noticed after `timeout` ms at the earliest, and a
 * half more at the latest.
 *
 * @module
 */

import { loop } from "../../scheduler/queue/loop.ts";

const looks = 4;

/** Finds those of `requests` that have waited too long for their clients. */
export class SlowClients<R> {
  readonly #requests: Iterable<R>;
  readonly #timeout: number;
  readonly #progressOf: (request: R) => number | undefined;
  readonly #onStalled: (request: R) => void;
  /** Those that waited at the last look, how far they were, and for how many looks. */
  #waiting = new Map<R, { progress: number; count: number }>();
  #timer: { cancel(): void } | undefined = undefined;

  /** `progressOf` answers with a number that changes when the client does something, or `undefined` while it is not waited for. */
  constructor(
    requests: Iterable<R>,
    timeout: number,
    progressOf: (request: R) => number | undefined,
    onStalled: (request: R) => void,
  ) {
    this.#requests = requests;
    this.#timeout = timeout;
    this.#progressOf = progressOf;
    this.#onStalled = onStalled;
  }

  /** Begins to look; it holds no process. */
  start(): void {
    if (this.#timeout === Infinity) return;
    this.#timer = loop().timers.setTimer(
      () => {
        this.look();
        this.start();
      },
      this.#timeout / looks,
      { hold: false, real: true },
    );
  }

  /** Stops looking. */
  stop(): void {
    this.#timer?.cancel();
  }

  /** Looks at all requests once. */
  look(): void {
    const before = this.#waiting;
    this.#waiting = new Map();
    const stalled: R[] = [];
    for (const request of this.#requests) {
      const progress = this.#progressOf(request);
      if (progress === undefined) continue;
      const last = before.get(request);
      const count = last?.progress === progress ? last.count + 1 : 0;
      if (count === looks) stalled.push(request);
      else this.#waiting.set(request, { progress, count });
    }
    for (const request of stalled) this.#onStalled(request);
  }
}
