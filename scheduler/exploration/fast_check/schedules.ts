/**
 * Schedules as values of fast-check, beside the other inputs of a property.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions } from "../../../runtime/basics/check.ts";
import { Random } from "../../../runtime/basics/random.ts";
import type { Simulation } from "../../../runtime/simulation/mod.ts";
import { mostPasses, PassChooser } from "../search/choosers.ts";
import { describeSchedule } from "../search/shrink.ts";
import { checkSettings, onStage, type SimulateOptions, simulateOptions, valueOf } from "../stage/stage.ts";
import { cloneMethod, DuckArbitrary, Shrinkable, type Source, Values } from "./arbitrary.ts";
import type { Arbitrary } from "fast-check";

/**
 * The type of fast-check's arbitraries.
 *
 * @internal
 */
export type FastCheckArbitrary<T> = Arbitrary<T>;

/** What schedules are made with. */
export interface SchedulesOptions extends Omit<SimulateOptions, "allowRealIo"> {
  /** How many events of a run may be held back; those that come later come in order. Default: 100. */
  events?: number;
}

/** A schedule that a property runs its code under. */
export interface Schedule {
  /**
   * Simulates a body as `simulate` does, with this schedule deciding what is held back from the order of arrival. It may be run
   * again, with the same body or another one.
   */
  run<T>(body: (sim: Simulation) => T | PromiseLike<T>): Promise<T>;
  /** What the last run held back, in words. */
  toString(): string;
}

/**
 * A fast-check arbitrary of schedules: it is used beside other arbitraries, and shrinks together with them, towards the order of
 * arrival.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
 *
 * @example
 * ```ts no-run
 * import fc from "fast-check";
 * import { schedules } from "@millrace/millrace/testing";
 *
 * await fc.assert(
 *   fc.asyncProperty(schedules(), fc.array(fc.string()), (schedule, texts) =>
 *     schedule.run(async (sim) => {
 *       const shown: string[] = [];
 *       await Promise.all(texts.map((text) => sim.io(text).then(() => shown.push(text))));
 *       if (shown.length !== texts.length) throw new Error("one is lost");
 *     })),
 * );
 * ```
 */
export function schedules(options: SchedulesOptions = {}): FastCheckArbitrary<Schedule> {
  checkOptions(options, "schedules", [...simulateOptions, "events"]);
  const { events = 100 } = options;
  checkCount(events, "events", 0);
  checkSettings(options);
  const made = (passes: readonly number[]) =>
    new Shrinkable<Schedule>(new PlannedSchedule(passes, options), { passes });
  const arbitrary = new DuckArbitrary<Schedule>(
    (source) => made(draw(source, events)),
    (_, context) => new Values(smaller((context as { passes: number[] }).passes)).map(made),
  );
  return arbitrary as unknown as Arbitrary<Schedule>;
}

/** Draws what each event lets pass: some schedules hold back many events, some few. */
function draw(source: Source, events: number): number[] {
  const random = new Random(source.nextInt(0, 0x7fffffff));
  const share = [0.5, 0.2, 0.05][random.below(3)]!;
  return Array.from({ length: events }, () => {
    if (random.number() >= share) return 0;
    return random.below(2) === 0 ? mostPasses : 1 + random.below(4);
  });
}

/**
 * Large parts left out, then single events; earlier events held back in the place of later ones, so that inputs can get smaller
 * too; and events held back for less long.
 */
function* smaller(passes: readonly number[]): Generator<number[]> {
  const held = passes.flatMap((count, index) => count > 0 ? [index] : []);
  for (let part = held.length; part >= 1; part = Math.floor(part / 2)) {
    for (let start = 0; start < held.length; start += part) {
      const without = new Set(held.slice(start, start + part));
      yield passes.map((count, index) => without.has(index) ? 0 : count);
    }
  }
  for (const index of held) {
    for (const earlier of new Set([0, index >> 1, index - 1])) {
      if (earlier < 0 || earlier === index || passes[earlier]! > 0) continue;
      const moved = [...passes];
      moved[earlier] = moved[index]!;
      moved[index] = 0;
      yield moved;
    }
    const count = passes[index]!;
    if (count > 1) yield passes.map((other, at) => at !== index ? other : count === mostPasses ? 4 : count - 1);
  }
}

/** A schedule that says of each event that could be held back, by the order in which they come up, how many it lets pass. */
class PlannedSchedule implements Schedule {
  readonly passes: readonly number[];
  readonly #options: SchedulesOptions;
  #told: string | undefined;

  constructor(passes: readonly number[], options: SchedulesOptions) {
    this.passes = passes;
    this.#options = options;
  }

  run<T>(body: (sim: Simulation) => T | PromiseLike<T>): Promise<T> {
    checkFunction(body, "The body of a simulation");
    const { seed = 0, maxSteps = 100_000 } = this.#options;
    return onStage(checkSettings(this.#options), async (stage) => {
      const chooser = new PassChooser(this.passes);
      const run = await stage.run(body, { choose: chooser.choose, seed, keepPlaces: true, maxSteps });
      this.#told = describeSchedule(chooser.deviations.values(), chooser.labels).join("; ");
      return valueOf(run);
    });
  }

  toString(): string {
    return `Schedule(${this.#told ?? `${this.passes.filter((count) => count > 0).length} events held back`})`;
  }

  /** The same schedule, that has told nothing yet. */
  [cloneMethod](): PlannedSchedule {
    return new PlannedSchedule(this.passes, this.#options);
  }

  /** How fast-check prints a value. */
  [Symbol.for("fast-check/toStringMethod")](): string {
    return this.toString();
  }
}
