/**
 * What has to hold in a run: always, or in time.
 *
 * ```
 *   a macrotask and its microtasks have run ──look──> each `always` is asked: no ──> the run fails
 *                                                └──> each `eventually` is asked: yes ──> met
 *   its time is over, counted from the last disturbance ──────────────────────────────> the run fails
 * ```
 *
 * @module
 */

import { InvariantError } from "../loop/errors.ts";
import type { SimulatedLoop } from "../loop/loop.ts";
import type { VirtualTimer } from "../loop/virtual_timers.ts";

/** Asks whether something holds: it does unless the answer is `false` or an error is thrown. */
export type Check = () => unknown;

/** Something that has to come about. */
interface Expected {
  readonly name: string;
  readonly check: Check;
  readonly within: number;
  timer: VirtualTimer;
  readonly met: () => void;
}

/** What the run is to its checks. */
export interface ChecksWorld {
  readonly loop: SimulatedLoop;
  /** Calls a check as code of the body. */
  asBody<R>(fn: () => R): R;
  failed(error: unknown): void;
}

/** The checks of one run. */
export class Checks {
  readonly #world: ChecksWorld;
  readonly #always: { readonly name: string; readonly check: Check }[] = [];
  readonly #expected = new Set<Expected>();

  constructor(world: ChecksWorld) {
    this.#world = world;
  }

  always(name: string, check: Check): void {
    this.#always.push({ name, check });
  }

  eventually(name: string, check: Check, within: number): Promise<void> {
    return new Promise((resolve) => {
      const expected: Expected = { name, check, within, timer: undefined as never, met: resolve };
      this.#arm(expected);
      this.#expected.add(expected);
    });
  }

  #arm(expected: Expected): void {
    const { loop } = this.#world;
    const expire = (): void => {
      this.look();
      if (!this.#expected.delete(expected)) return;
      this.#fail(expected.name, `did not hold within ${expected.within} ms`);
    };
    expected.timer = loop.setWorldTimer(expire, expected.within, `the limit of "${expected.name}"`);
  }

  /** Something was done to the world: what has to come about gets its time anew. */
  disturbed(): void {
    for (const expected of this.#expected) {
      this.#world.loop.clearTimer(expected.timer);
      this.#arm(expected);
    }
  }

  /** Asks all of them. */
  look(): void {
    for (const { name, check } of this.#always) {
      const { holds, error } = this.#ask(name, check);
      if (!holds) return this.#fail(name, "does not hold", error);
    }
    for (const expected of this.#expected) {
      if (!this.#ask(expected.name, expected.check).holds) continue;
      this.#expected.delete(expected);
      this.#world.loop.clearTimer(expected.timer);
      // In a macrotask of the body's own: whoever awaits it goes on there.
      this.#world.loop.unowned(() => this.#world.loop.callSoon(expected.met));
    }
  }

  /** The body has ended: what has not come about by now does not. */
  end(): void {
    this.look();
    for (const { name } of this.#expected) this.#fail(name, "did not hold by the end of the body");
    this.#expected.clear();
  }

  /** What a check throws is an answer too. */
  #ask(name: string, check: Check): { holds: boolean; error?: unknown } {
    try {
      const answer = this.#world.asBody(check) as { then?: unknown } | boolean | null | undefined;
      if (typeof answer === "object" && typeof answer?.then === "function") {
        throw new TypeError(`The check of "${name}" has to answer at once: received a promise`);
      }
      return { holds: answer !== false };
    } catch (error) {
      return { holds: false, error };
    }
  }

  #fail(name: string, what: string, cause?: unknown): void {
    const { loop } = this.#world;
    const { now, steps, lastLabel } = loop;
    const owner = loop.owner?.name;
    this.#world.failed(
      new InvariantError(name, what, { time: now, step: steps, after: lastLabel, machine: owner, cause }),
    );
  }
}
