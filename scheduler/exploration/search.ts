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

import { type Branch, type Chooser, HoldChooser, RandomChooser } from "./choosers.ts";

/** How schedules are searched. */
export type SearchStrategy = "auto" | "exhaustive" | "held-back" | "random";

/** How many events are held back at most, where not all schedules are run. */
const mostHeldBack = 2;

/** Says what to run next. */
export class Search {
  /** How many schedules have been given out. */
  schedules = 0;
  /** How many of them were drawn by lot. */
  random = 0;
  readonly #strategy: SearchStrategy;
  readonly #budget: number;
  readonly #seed: number;
  /** Branches by how many events they hold back; what has run is `undefined`. */
  readonly #branches: Branch[][] = [];
  readonly #taken: number[] = [];
  #waiting = 0;
  /** The least number of held-back events whose branches were too many to keep. */
  #dropped = Infinity;
  #cost = 0;
  #current: HoldChooser | undefined;

  constructor(strategy: SearchStrategy, budget: number, seed: number) {
    this.#strategy = strategy;
    this.#budget = budget;
    this.#seed = seed;
  }

  /** The next schedule to run; `undefined` when the search is over. */
  next(): Chooser | undefined {
    if (this.schedules >= this.#budget) return undefined;
    const chooser = this.#nextSystematic() ?? this.#nextRandom();
    if (chooser !== undefined) this.schedules++;
    return chooser;
  }

  /** The schedule that was given out last has run. */
  ran(): void {
    const chooser = this.#current;
    if (chooser === undefined) return;
    this.#current = undefined;
    const { sizes, chosen } = chooser;
    const from = { sizes, chosen };
    for (let at = chooser.free; at < chosen.length; at++) {
      const held = chooser.heldAt.get(at);
      let more = 0;
      for (let choice = 0; choice < sizes[at]!; choice++) {
        const isHeld = held?.[choice] ?? false;
        if (choice !== chosen[at]) this.#keep({ from, at, choice }, this.#cost + Math.max(1, more + (isHeld ? 1 : 0)));
        if (!isHeld) more++;
      }
    }
  }

  /** Have all schedules been run? */
  get exhaustive(): boolean {
    return this.schedules > 0 && this.random === 0 && this.#waiting === 0 && this.#dropped === Infinity;
  }

  /** The number of held-back events up to which all schedules have been run; -1 where not even that. */
  get heldBack(): number {
    if (this.#strategy === "random") return -1;
    const open = this.#branches.findIndex((branches, cost) => (this.#taken[cost] ?? 0) < branches.length);
    return Math.min(open < 0 ? Infinity : open, this.#dropped) - 1;
  }

  #nextSystematic(): Chooser | undefined {
    if (this.#strategy === "random") return undefined;
    if (this.schedules === 0) return this.#current = new HoldChooser();
    const cost = this.#branches.findIndex((branches, cost) => (this.#taken[cost] ?? 0) < branches.length);
    if (cost < 0 || (this.#strategy === "held-back" && cost > mostHeldBack)) return undefined;
    const left = this.#budget - this.schedules;
    // Half of the schedules are drawn by lot where the rest cannot all be run.
    const isHopeless = this.#waiting > left || this.#dropped < Infinity;
    if (this.#strategy === "auto" && cost > 1 && isHopeless && left <= this.#budget / 2) return undefined;
    const index = this.#taken[cost] ?? 0;
    const branches = this.#branches[cost]!;
    const branch = branches[index]!;
    // What has run is not needed any more, and the list is long.
    branches[index] = undefined as unknown as Branch;
    this.#taken[cost] = index + 1;
    this.#waiting--;
    this.#cost = cost;
    return this.#current = new HoldChooser(branch);
  }

  #nextRandom(): Chooser | undefined {
    if (this.#strategy === "exhaustive" || this.#strategy === "held-back" || this.#isDone) return undefined;
    this.random++;
    return new RandomChooser(this.#seed * 0x10000 + this.random);
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
