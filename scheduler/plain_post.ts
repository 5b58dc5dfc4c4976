/**
 * Posted callbacks that have nothing to inherit and nothing that could cancel them: the common form of `postTask`.
 *
 * @module
 */

import { loop } from "./loop.ts";
import { Entry, laneOf } from "./run_queue.ts";
import { keepSettlers, rejectLast, resolveLast } from "./settlers.ts";

/** The lane of these. */
export const plainLane: number = laneOf("user-visible");

/**
 * Posts a callback as "user-visible", without signal and delay. It needs no state of its own where the poster has none: what it starts
 * has that priority anyway. `undefined` where the poster has some.
 */
export function postPlainly<T>(callback: () => T | PromiseLike<T>): Promise<T> | undefined {
  const { context, queue } = loop();
  if (context.get() !== undefined) return undefined;
  const promise = new Promise<T>(keepSettlers);
  queue.enqueue(new PlainPost(callback, context.capture(), resolveLast, rejectLast), plainLane);
  return promise;
}

class PlainPost extends Entry {
  readonly #callback: () => unknown;
  readonly #captured: unknown;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;

  constructor(
    callback: () => unknown,
    captured: unknown,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    super();
    this.#callback = callback;
    this.#captured = captured;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  override describe(): string {
    return `posted callback "${this.#callback.name || "(anonymous)"}"`;
  }

  override run(): void {
    loop().context.resume(this.#captured, call, this);
  }

  /** Calls the callback, in the flow of control that posted it; for `call` alone. */
  call(): void {
    const callback = this.#callback;
    let result: unknown;
    try {
      result = callback();
    } catch (error) {
      return this.#reject(error);
    }
    this.#resolve(result);
  }
}

function call(post: PlainPost): void {
  post.call();
}
