/**
 * What the models of all loops have in common: the log, ticks and microtasks, and time that is known in part.
 *
 * @module
 */

import { checkFiniteDuration } from "../../basics/check.ts";
import type { Decisions } from "./decisions.ts";
import type { LoopApi, LoopHandle } from "./loop_program.ts";
import type { Profile } from "./profile.ts";
import { ModelTimers, type Timer } from "./timers.ts";
import type { Visited } from "./visited.ts";
import { type Moment, Zone } from "./zone.ts";

/** How many callbacks a program may run: more than that is a program without an end. */
const longestRun = 10_000;

/** Is thrown through the model, never through a callback, when a run can no longer lead to the order that is looked for. */
export const abandoned: unique symbol = Symbol("abandoned");

/** An immediate that waits. */
export interface Immediate {
  readonly kind: "immediate";
  /** Is gone when the immediate has run or was cleared. */
  fn: (() => void) | undefined;
}

/** One run of a program on the model of a loop. */
export abstract class LoopModel implements LoopApi {
  readonly entries: string[] = [];
  protected readonly profile: Profile;
  protected readonly decisions: Decisions;
  protected readonly zone: Zone = new Zone();
  protected readonly timers: ModelTimers;
  /** Operations that have been started and have not completed. */
  protected readonly operations: (() => void)[] = [];
  readonly #wanted: readonly string[] | undefined;
  readonly #visited: Visited;
  #lastId = 0;
  /** Stands for which callbacks have run, in which order: what is still to come follows from it. */
  #history = 0;
  #ticks: (() => void)[] = [];
  #microtasks: (() => void)[] = [];
  /** How long the loop has been kept busy since the clock was read, in ms. */
  #busy = 0;
  #callbacks = 0;

  /** With `wanted`, the run is given up as soon as its log is no beginning of that. */
  constructor(profile: Profile, decisions: Decisions, visited: Visited, wanted: readonly string[] | undefined) {
    this.profile = profile;
    this.decisions = decisions;
    this.timers = new ModelTimers(profile, this.zone);
    this.#visited = visited;
    this.#wanted = wanted;
  }

  /** Runs the loop until nothing is left to wait for. */
  abstract runLoop(): void;

  log(entry: string): void {
    if (typeof entry !== "string") {
      throw new TypeError(`An entry of the log has to be a string: received ${String(entry)}`);
    }
    this.entries.push(entry);
  }

  queueMicrotask(fn: () => void): void {
    this.#microtasks.push(this.callback(fn, "queueMicrotask"));
  }

  promise(fn: () => void): void {
    this.#microtasks.push(this.callback(fn, "promise"));
  }

  nextTick(fn: () => void): void {
    this.#ticks.push(this.callback(fn, "nextTick"));
  }

  io(fn: () => void): void {
    this.operations.push(this.callback(fn, "io"));
  }

  spin(ms: number): void {
    checkFiniteDuration(ms, "The time to spin");
    this.#busy += ms;
  }

  setTimeout(fn: () => void, ms: number): LoopHandle {
    const callback = this.callback(fn, "setTimeout");
    this.readClock();
    const run = (): void => {
      this.timers.running = timer;
      callback();
      this.timers.running = undefined;
    };
    const timer = this.timers.set(run, this.delayOf(ms) * this.profile.clockSteps);
    return timer;
  }

  refresh(handle: LoopHandle): void {
    if (handle?.kind !== "timeout") throw new TypeError("Only a timer can be refreshed");
    this.readClock();
    this.timers.refresh(handle as Timer);
  }

  clear(handle: LoopHandle): void {
    if (handle?.kind === "timeout") this.timers.clear(handle as Timer);
    else if (handle?.kind === "immediate") (handle as Immediate).fn = undefined;
    else throw new TypeError(`clear takes what setTimeout or setImmediate returned: received ${String(handle)}`);
  }

  abstract setImmediate(fn: () => void): LoopHandle;
  abstract close(fn: () => void): void;
  abstract message(fn: () => void): void;
  abstract animationFrame(fn: () => void): void;

  /** The delay a timer really has. */
  protected delayOf(ms: number): number {
    return ms >= 1 && ms <= 2 ** 31 - 1 ? Math.trunc(ms) : 1;
  }

  /** Time has passed since the clock was last read: as long as the loop was busy, or longer. */
  protected readClock(): void {
    this.zone.elapse(Math.floor(this.#busy * this.profile.clockSteps));
    this.#busy = 0;
  }

  /** What a program asked to be called, with a number. */
  protected callback(fn: () => void, member: string): () => void {
    checkCallback(fn, member);
    const id = ++this.#lastId;
    return () => {
      this.#history = this.#visited.follow(this.#history, id);
      fn();
    };
  }

  /** Queues a microtask that is none of the program's. */
  protected queueInternal(fn: () => void): void {
    this.#microtasks.push(fn);
  }

  /** Gives the run up if another one has been here; `flags` is what the loop itself remembers. */
  protected visit(flags: string, moments: readonly Moment[]): void {
    if (!this.decisions.isNew) return;
    const { lists, moments: set } = this.timers.state();
    if (!this.#visited.enter(`${this.#history}|${lists}|${flags}`, this.zone.between([...set, ...moments]))) {
      throw abandoned;
    }
  }

  /** Calls a callback. */
  protected call(fn: () => void): void {
    if (++this.#callbacks > longestRun) {
      throw new RangeError(`The program has run ${longestRun} callbacks and does not come to an end`);
    }
    const { length } = this.entries;
    fn();
    if (this.#wanted === undefined) return;
    for (let index = length; index < this.entries.length; index++) {
      if (this.entries[index] !== this.#wanted[index]) throw abandoned;
    }
  }

  /** Runs ticks and microtasks until there are none: all ticks, all microtasks, and again. */
  drain(): void {
    do {
      while (this.#ticks.length > 0) this.call(this.#ticks.shift()!);
      this.drainMicrotasks();
    } while (this.#ticks.length > 0);
  }

  /** How many ticks and microtasks wait for the next drain. */
  protected get waiting(): number {
    return this.#ticks.length + this.#microtasks.length;
  }

  /** Runs microtasks until there are none. */
  protected drainMicrotasks(): void {
    while (this.#microtasks.length > 0) this.call(this.#microtasks.shift()!);
  }

  /** Runs the main script. */
  runMain(program: (loop: LoopApi) => void): void {
    this.call(() => void program(this));
    this.drain();
  }
}

/** A member that the simulated host does not have. */
export function lacks(profile: Profile, member: string): never {
  throw new TypeError(`The profile "${profile.name}" has no ${member}`);
}

export function checkCallback(fn: unknown, member: string): void {
  if (typeof fn !== "function") throw new TypeError(`${member} takes a function: received ${String(fn)}`);
}
