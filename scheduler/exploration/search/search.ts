/**
 * The order in which schedules are tried: arrival first, then those with one event held back, then two, and so on; where that
 * gets too many, random ones.
 *
 * ```
 *   schedule ──its decisions──> branches: at each decision, each event that was not taken
 *      ▲                              │ by how many more events they hold back
 *      └── the cheapest branch ◄──────┘
 * ```
 *
 * A schedule is reached by one branch only, so that none runs twice, and when no branch is left all schedules have run.
 *
 * @module
 */

import { type Branch, type Chooser, HoldBackChooser } from "./choosers.ts";
import { drawnSchedule } from "./random_choosers.ts";

/**
 * How schedules are searched.
 *
 * - `"auto"`: with few events held back from the order of arrival first; all schedules where they are few enough, else half of them
 *   drawn by lot.
 * - `"exhaustive"`: all, as far as `maxSchedules` goes.
 * - `"held-back"`: all with at most two events held back.
 * - `"random"`: by lot, by all of the following laws in turn.
 * - `"uniform"`: each decision anew, all events alike.
 * - `"priority"`: by a priority of each event.
 * - `"few"`: in the order of arrival, but for a fifth of the events, which stay out the longer the lower their priority is.
 * - `"pct"`: PCT: by a priority of each line of causes, which changes at two decisions at most.
 * - `"latency"`: every other event takes up to 500 times as long as the rest.
 */
export type SearchStrategy =
  | "auto"
  | "exhaustive"
  | "held-back"
  | "random"
  | "uniform"
  | "priority"
  | "few"
  | "pct"
  | "latency";

/** All of them. */
export const strategies: readonly SearchStrategy[] = [
  "auto",
  "exhaustive",
  "held-back",
  "random",
  "uniform",
  "priority",
  "few",
  "pct",
  "latency",
];

/** After so many schedules, lots take turns with the rest, where there are far more schedules than can be run. */
const systematicFirst = 50;

/** How many times as many as can be run is far more: the estimate is too high for small numbers. */
const farMore = 20;

/** How many events are held back at most, where not all schedules are run. */
const mostHeldBack = 2;

/** Says what to run next. */
export class Search {
  /** How many schedules have been given out. */
  schedules = 0;
  /** How many of them were drawn by lot. */
  random = 0;
  readonly #late: boolean;
  readonly #strategy: SearchStrategy;
  #budget: number;
  readonly #seed: number;
  /** Branches by how many events they hold back; what has run is `undefined`. */
  readonly #branches: Branch[][] = [];
  readonly #taken: number[] = [];
  #waiting = 0;
  /** The least number of held-back events whose branches were too many to keep. */
  #dropped = Infinity;
  #cost = 0;
  #current: HoldBackChooser | undefined;
  /** How many schedules there seem to be, from the first. */
  #estimate = 1;
  /** How many decisions the longest schedule had so far. */
  #decisions = 0;

  /** `late`: only schedules in which some timer is late, besides the first. */
  constructor(strategy: SearchStrategy, budget: number, seed: number, late = false) {
    this.#strategy = strategy;
    this.#budget = budget;
    this.#seed = seed;
    this.#late = late;
  }

  /** The next schedule to run; `undefined` when the search is over. */
  next(): Chooser | undefined {
    if (this.schedules >= this.#budget) return undefined;
    const chooser = this.#isTurnOfLots ? this.#nextRandom() : this.#nextSystematic() ?? this.#nextRandom();
    if (chooser === undefined) return undefined;
    this.schedules++;
    chooser.late = this.#late;
    return chooser;
  }

  /** Leaves so many schedules for others to run. */
  leave(schedules: number): void {
    this.#budget -= schedules;
  }

  /** The schedule that was given out last has run. */
  ran({ sizes, chosen }: Chooser): void {
    this.#decisions = Math.max(this.#decisions, chosen.length);
    const chooser = this.#current;
    if (chooser === undefined) return;
    this.#current = undefined;
    if (this.schedules === 1) this.#estimate = sizes.reduce((product, size) => product * size, 1);
    const from = { sizes, chosen };
    for (let at = chooser.free; at < chosen.length; at++) {
      const standings = chooser.standingsAt.get(at);
      // All that is not on this branch has a late timer in it.
      if (this.#late && this.schedules === 1 && chooser.latenesses?.has(at) !== true) continue;
      const size = sizes[at]!;
      const isOption = chooser.options?.has(at) === true;
      const free = standings === undefined ? size : standings.filter((standing) => standing === "free").length;
      let before = 0;
      for (let choice = 0; choice < size; choice++) {
        const standing = standings?.[choice] ?? "free";
        // What is held back comes when nothing else is ready: else it is let go early, or what is ready is held back as well.
        const more = isOption ? Math.min(1, choice) : standing === "held" ? Math.min(free, before + 1) : before;
        if (choice !== chosen[at]) this.#keep({ from, at, choice }, this.#cost + more);
        if (standing === "free") before++;
      }
    }
  }

  /** Have all schedules been run? */
  get exhaustive(): boolean {
    return !this.isByLot && this.schedules > 0 && this.#waiting === 0 && this.#dropped === Infinity;
  }

  /** The number of held-back events up to which all schedules have been run; -1 where not even that. */
  get heldBack(): number {
    if (this.isByLot) return -1;
    const open = this.#branches.findIndex((branches, cost) => (this.#taken[cost] ?? 0) < branches.length);
    return Math.min(open < 0 ? Infinity : open, this.#dropped) - 1;
  }

  get #systematic(): number {
    return this.schedules - this.random;
  }

  /** Are all schedules drawn by lot? */
  get isByLot(): boolean {
    return this.#strategy !== "auto" && this.#strategy !== "exhaustive" && this.#strategy !== "held-back";
  }

  /** What is drawn by lot anyway need not come last: where many events might be the one to hold back, lots find it sooner. */
  get #isTurnOfLots(): boolean {
    return this.#strategy === "auto" && this.schedules >= systematicFirst && this.random * 2 < this.#budget &&
      this.schedules % 2 === 1 && this.#estimate > this.#budget * farMore;
  }

  #nextSystematic(): Chooser | undefined {
    if (this.isByLot) return undefined;
    if (this.schedules === 0) return this.#current = new HoldBackChooser();
    const cost = this.#branches.findIndex((branches, cost) => (this.#taken[cost] ?? 0) < branches.length);
    if (cost < 0 || (this.#strategy === "held-back" && cost > mostHeldBack)) return undefined;
    const left = this.#budget - this.schedules;
    // Half of the schedules are drawn by lot where the rest cannot all be run.
    const isHopeless = this.#waiting > left || this.#dropped < Infinity;
    if (this.#strategy === "auto" && cost > 1 && isHopeless && this.#systematic >= this.#budget / 2) return undefined;
    const index = this.#taken[cost] ?? 0;
    const branches = this.#branches[cost]!;
    const branch = branches[index]!;
    // What has run is not needed any more, and the list is long.
    branches[index] = undefined as unknown as Branch;
    this.#taken[cost] = index + 1;
    this.#waiting--;
    this.#cost = cost;
    return this.#current = new HoldBackChooser(branch);
  }

  #nextRandom(): Chooser | undefined {
    const strategy = this.#strategy === "auto" ? "random" : this.#strategy;
    if (strategy === "exhaustive" || strategy === "held-back" || this.#isDone) return undefined;
    this.random++;
    return drawnSchedule({
      law: strategy,
      seed: this.#seed,
      number: this.random,
      decisions: this.#decisions,
    });
  }

  get #isDone(): boolean {
    return this.#strategy === "auto" && this.exhaustive;
  }

  /** Keeps a branch, unless cheaper ones will use up all that may be run. */
  #keep(branch: Branch, cost: number): void {
    let before = 0;
    for (let cheaper = 0; cheaper <= cost; cheaper++) {
      before += (this.#branches[cheaper]?.length ?? 0) - (this.#taken[cheaper] ?? 0);
    }
    if (before > this.#budget - this.schedules || (this.#strategy === "held-back" && cost > mostHeldBack)) {
      this.#dropped = Math.min(this.#dropped, cost);
      return;
    }
    while (this.#branches.length <= cost) this.#branches.push([]);
    this.#branches[cost]!.push(branch);
    this.#waiting++;
  }
}
