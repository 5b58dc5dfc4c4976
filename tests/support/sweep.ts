/** What the bodies of the sweep over all that waits or runs something work with. */

import { assertEquals } from "@std/assert";
import { interruptible, shield, sleep } from "../../mod.ts";
import type { Simulation } from "../../testing.ts";

/** What a body works with; afterwards all of it has to be over. */
export class Sweep {
  readonly sim: Simulation;
  /** What its functions fail with: where one has failed, that goes before a cancellation. */
  readonly failure: Error = new Error("its own");
  readonly #checks: (() => void)[] = [];
  #open = 0;

  constructor(sim: Simulation) {
    this.sim = sim;
  }

  /** A function of several waits, with a cleanup that takes its time; resolves to `value`. */
  work<T>(value: T, ms = 2): () => Promise<T> {
    return async () => {
      this.#open++;
      try {
        await interruptible(this.sim.io(`work for ${value}`));
        await sleep(ms);
        return value;
      } finally {
        await shield(() => sleep(1), { timeout: 100 });
        this.#open--;
      }
    };
  }

  /** Something to be looked at when all is over. */
  afterwards(check: () => void): void {
    this.#checks.push(check);
  }

  end(): void {
    assertEquals(this.#open, 0, "work goes on");
    for (const check of this.#checks) check();
  }
}

/** What a body gives has to be all of what it gives when nobody cancels it. */
export type SweptBody = (sweep: Sweep) => Promise<unknown>;
