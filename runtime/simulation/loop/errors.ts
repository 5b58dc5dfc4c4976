/**
 * How a simulation fails without an assertion of the program.
 *
 * @module
 */

import { callerIn } from "../../basics/own_frames.ts";

/** What is known of a deadlock. */
export interface Deadlock {
  readonly tasks: readonly string[];
  readonly cycle: readonly string[];
  /** When it was found, in ms of the simulated clock. */
  readonly time: number;
  readonly lastEvent: string;
  readonly wakers: readonly string[];
}

/** The body has not ended, and nothing is left that could wake it. */
export class DeadlockError extends Error {
  /** The unfinished tasks, each with what it waits for; empty where the body uses none. */
  readonly tasks: readonly string[];
  /** Tasks of which each waits for the next, and the last for the first; empty where there is no such cycle. */
  readonly cycle: readonly string[];
  /** The event that came last, with its time and, where that is known, the place where it was asked for. */
  readonly lastEvent: string;
  /** What could have woken the body, and does not come: a server that nobody calls, a network that is parted, a timer that was taken back. */
  readonly wakers: readonly string[];

  /** Made by the simulation. */
  constructor({ tasks, cycle, time, lastEvent, wakers }: Deadlock) {
    const lines = tasks.map((task) => `  ${task}`);
    if (cycle.length > 0) lines.push(`  a cycle: ${[...cycle, cycle[0]].join(" waits for ")}`);
    lines.push(`  the last event: ${lastEvent}`, ...wakers.map((waker) => `  could have woken it: ${waker}`));
    super(
      `Deadlock at ${time} ms: the body has not ended, and no timer, completion or message is left that could wake it ` +
        `(timers and I/O of the real host do not count):\n${lines.join("\n")}`,
    );
    this.name = "DeadlockError";
    this.tasks = tasks;
    this.cycle = cycle;
    this.lastEvent = lastEvent;
    this.wakers = wakers;
  }
}

/** A machine of the simulation has failed by an error that nobody caught, and nobody starts it again. */
export class MachineCrashError extends Error {
  /** The name of the machine. */
  readonly machine: string;
  /** The how many-th start of its program it was, from 1. */
  readonly life: number;

  /** Made by the simulation; `cause` is the error. */
  constructor(machine: string, life: number, cause: unknown) {
    super(`The machine ${machine} has failed, in its life number ${life}: ${String(cause)}`, { cause });
    this.name = "MachineCrashError";
    this.machine = machine;
    this.life = life;
  }
}

/** Where in a run an invariant was broken. */
export interface InvariantDetails {
  /** When, in ms of the simulated clock from the beginning of the run. */
  readonly time: number;
  /** After how many macrotasks, and after which. */
  readonly step: number;
  readonly after: string;
  /** The machine whose macrotask that was; `undefined` for the body and the world around. */
  readonly machine: string | undefined;
  readonly cause: unknown;
}

/** An invariant does not hold, or what has to happen in time has not. */
export class InvariantError extends Error {
  /** The name of it. */
  readonly invariant: string;
  /** When it was found, in ms of the simulated clock from the beginning of the run. */
  readonly time: number;
  /** After how many macrotasks. */
  readonly step: number;
  /** The machine whose macrotask was the last; `undefined` for the body and the world around. */
  readonly machine: string | undefined;

  /** Made by the simulation. */
  constructor(invariant: string, what: string, { time, step, after, machine, cause }: InvariantDetails) {
    const where = machine === undefined ? "" : ` of ${machine}`;
    const why = cause === undefined ? "" : `: ${String(cause)}`;
    super(
      `"${invariant}" ${what}, at ${time} ms, in step ${step}, after ${after}${where}${why}`,
      cause === undefined ? {} : { cause },
    );
    this.name = "InvariantError";
    this.invariant = invariant;
    this.time = time;
    this.step = step;
    this.machine = machine;
  }
}

/** The body has ended, but something that it began has not. */
export class LeakError extends Error {
  /** What was left behind, each with the place where it was made, where that is known. */
  readonly leaks: readonly string[];

  /** Made by the simulation. */
  constructor(leaks: readonly string[]) {
    super(`The body has ended and left behind:\n${leaks.map((leak) => `  ${leak}`).join("\n")}`);
    this.name = "LeakError";
    this.leaks = leaks;
  }
}

/** The simulation has taken as many steps as it may, and the body has not ended. */
export class LivelockError extends Error {
  /** What the last steps were, as long as they repeat. */
  readonly cycle: readonly string[];

  /** Made by the simulation. */
  constructor(maxSteps: number, time: number, passed: number, last: readonly string[]) {
    const cycle = cycleOf(last);
    const clock = passed > 0 ? `the clock goes on (${time} ms)` : `the clock stands still at ${time} ms`;
    super(
      `The body has not ended after ${maxSteps} steps; ${clock}, and the last steps were ${
        cycle.join(", ")
      }, again and again. ` +
        "If it needs more, set maxSteps",
    );
    this.name = "LivelockError";
    this.cycle = cycle;
  }
}

/** A promise was rejected and nobody handled it before the next macrotask. */
export class UnhandledRejectionError extends Error {
  /** The macrotask in which it happened. */
  readonly turn: string;

  /** Made by the simulation; `cause` is the reason of the rejection. */
  constructor(reason: unknown, turn: string) {
    super(`Unhandled rejection in the turn of ${turn}: ${reason instanceof Error ? reason.message : String(reason)}`, {
      cause: reason,
    });
    this.name = "UnhandledRejectionError";
    this.turn = turn;
  }
}

/** The shortest repetition at the end of a list. */
function cycleOf(last: readonly string[]): readonly string[] {
  for (let length = 1; length <= last.length / 2; length++) {
    if (last.every((label, index) => index < length || label === last[index - length])) return last.slice(-length);
  }
  return last.slice(-8);
}

/** The innermost call of the program's own, as it is told. */
export function placeOf(error: Error | undefined): string {
  const place = callerIn(error?.stack);
  return place === undefined ? "" : ` (made at ${place})`;
}

/** What stands in such a door. */
export function refusal(call: string): () => never {
  return function refused(): never {
    throw new Error(
      `${call} is real I/O, which a simulation does not control: ` +
        "give the code something that waits for sim.io() in its place, or set allowRealIo",
    );
  };
}
