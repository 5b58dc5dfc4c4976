/** The programs with races under fast-check's scheduler, used as its documentation says. */

import type { Simulation } from "../testing.ts";

/** How a program ended: with how many runs, and how many lines the report of the scheduler has. */
export interface FastCheckResult {
  readonly runs: number;
  readonly lines: number;
}

type Program = (sim: Simulation) => Promise<void>;

/** Runs a program under the scheduler until it fails; `undefined` if it does not within so many runs. */
export async function runUnderFastCheck(
  program: Program,
  seed: number,
  most: number,
): Promise<FastCheckResult | undefined> {
  const { default: fc } = await import("fast-check");
  let lines = 0;
  const property = fc.asyncProperty(fc.scheduler(), async (scheduler) => {
    const world = new World((label) => scheduler.schedule(Promise.resolve(), label));
    const restore = world.replaceTimers();
    try {
      let settled = false;
      const end = program(world as unknown as Simulation).finally(() => settled = true);
      end.catch(() => {});
      do await scheduler.waitIdle(); while (world.wakeBlocked());
      if (!settled) throw new Error("The program has not ended");
      await end;
    } catch (error) {
      lines = scheduler.toString().split("\n").filter((line) => line.includes("task")).length;
      throw error;
    } finally {
      restore();
    }
  });
  const { failed, numRuns } = await fc.check(property, { seed, numRuns: most, endOnFailure: true });
  return failed ? { runs: numRuns, lines } : undefined;
}

/** What a program asks of the simulation, on the scheduler: each operation and each timer is a task of it. */
class World {
  readonly io: (label: string) => Promise<void>;
  #now = 0;
  #blocked: (() => void)[] = [];

  constructor(schedule: (label: string) => Promise<void>) {
    this.io = schedule;
  }

  now(): number {
    return this.#now;
  }

  allBlocked(): Promise<void> {
    return new Promise((resolve) => this.#blocked.push(resolve));
  }

  /** Lets those go on who wait until nothing is left; answers whether there were any. */
  wakeBlocked(): boolean {
    const woken = this.#blocked.splice(0);
    for (const wake of woken) wake();
    return woken.length > 0;
  }

  /** The recipe "Scheduling native timers"; returns what puts the timers of the host back. */
  replaceTimers(): () => void {
    const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis;
    const start = (fn: (...args: unknown[]) => void, ms: number, repeat: boolean, args: unknown[]) => {
      const timer = { isOver: false };
      const deadline = this.#now + ms;
      const wait = (): void =>
        void this.io(`timer of ${ms}`).then(() => {
          if (timer.isOver) return;
          this.#now = Math.max(this.#now, deadline);
          fn(...args);
          if (repeat) wait();
        });
      wait();
      return timer;
    };
    const clear = (timer?: { isOver: boolean }) => {
      if (timer !== undefined) timer.isOver = true;
    };
    Object.assign(globalThis, {
      setTimeout: (fn: () => void, ms = 0, ...args: unknown[]) => start(fn, ms, false, args),
      setInterval: (fn: () => void, ms = 0, ...args: unknown[]) => start(fn, ms, true, args),
      clearTimeout: clear,
      clearInterval: clear,
    });
    return () => void Object.assign(globalThis, { setTimeout, clearTimeout, setInterval, clearInterval });
  }
}
