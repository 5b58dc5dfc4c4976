/**
 * What calls cost, by function: which of them had better be run where they were made.
 *
 * ```
 *   unknown ──so many runs, each below half the limit──> cheap ──one above the limit──> unknown
 *      └──one that gives a promise──> never
 * ```
 *
 * @module
 */

/** How often a function has to have run before it is known. */
const runsToKnow = 20;

/** Functions beyond these are not remembered: names are the caller's to choose. */
const mostFunctions = 1000;

interface Cost {
  runs: number;
  /** The longest run lately, in ms: an average would hide the one that blocks the loop. */
  longest: number;
  asynchronous: boolean;
  cheap: boolean;
}

/** The costs of the functions of a module. */
export class InlineCosts {
  readonly #below: number | undefined;
  readonly #costs: Map<string, Cost> = new Map();
  /** The least that lately went between a call and its result, the run itself not counted, in ms. */
  #roundTrip = Infinity;

  /** `below` is the limit in ms; by default it is what the way to a worker and back is found to take. */
  constructor(below: number | undefined) {
    this.#below = below;
  }

  /** Is a function known to be cheaper than the way to a worker? */
  isCheap(name: string): boolean {
    return this.#costs.get(name)?.cheap === true;
  }

  /** A function has run for so many ms; a promise is not waited for here, however short. */
  ran(name: string, ms: number, asynchronous: boolean): void {
    let cost = this.#costs.get(name);
    if (cost === undefined) {
      if (this.#costs.size >= mostFunctions) return;
      this.#costs.set(name, cost = { runs: 0, longest: 0, asynchronous: false, cheap: false });
    }
    cost.asynchronous ||= asynchronous;
    cost.longest = Math.max(ms, cost.longest * 0.95);
    const limit = this.#limit;
    if (cost.asynchronous || cost.longest > limit) {
      cost.runs = 0;
      cost.cheap = false;
    } else if (++cost.runs >= runsToKnow && cost.longest <= limit / 2) {
      cost.cheap = true;
    }
  }

  /** A call has spent so many ms on its way to a worker and back. */
  travelled(ms: number): void {
    if (ms > 0) this.#roundTrip = Math.min(ms, this.#roundTrip * 1.01);
  }

  get #limit(): number {
    return this.#below ?? (this.#roundTrip === Infinity ? 0 : this.#roundTrip);
  }
}
