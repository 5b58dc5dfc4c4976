/**
 * Ways of deciding by lot. Each finds what the others rarely find, so that a portfolio of them is better than any.
 *
 * @module
 */

import { Random } from "../../../runtime/basics/random.ts";
import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import { Chooser } from "./choosers.ts";

/** A law by which lots are drawn. */
export type RandomLaw = "uniform" | "priority" | "few" | "pct" | "latency";

/** The portfolio, in the order in which its laws take their turns. */
const portfolio: readonly RandomLaw[] = ["uniform", "priority", "pct", "few", "latency"];

/** Which schedule is drawn. */
export interface Draw {
  /** One law, or the next one of the portfolio. */
  readonly law: RandomLaw | "random";
  readonly seed: number;
  /** The how many-th schedule it is of that seed. */
  readonly number: number;
  /** How many decisions are expected. */
  readonly decisions: number;
}

/** A schedule by lot. */
export function drawnSchedule({ law, seed, number, decisions }: Draw): Chooser {
  const own = seed * 0x10000 + number;
  switch (law === "random" ? portfolio[number % portfolio.length]! : law) {
    case "uniform":
      return new UniformChooser(own);
    case "priority":
      return new PriorityChooser(own, 1);
    case "few":
      return new PriorityChooser(own, 0.2);
    case "latency":
      return new LatencyChooser(own);
    case "pct":
      return new ChainChooser(own, decisions, number % 3);
  }
}

/** Decides by lot. */
abstract class DrawnChooser extends Chooser {
  protected readonly seed: number;

  constructor(seed: number) {
    super();
    this.seed = seed;
  }

  /** Every other thing goes another way than as a rule. */
  protected override decideOption(options: readonly LoopEvent[]): number {
    const random = new Random(this.seed ^ Math.imul(options[0]!.id, 0x27d4eb2f));
    return random.below(2) === 0 ? 0 : 1 + random.below(options.length - 1);
  }
}

/** Each decision anew, all events alike. */
class UniformChooser extends DrawnChooser {
  readonly #random: Random;

  constructor(seed: number) {
    super(seed);
    this.#random = new Random(seed);
  }

  protected override decide(events: readonly LoopEvent[]): number {
    return this.#random.below(events.length);
  }
}

/** A priority for each event; all but a `share` of the events have the same, the highest, and come in order. */
class PriorityChooser extends DrawnChooser {
  readonly #share: number;

  constructor(seed: number, share: number) {
    super(seed);
    this.#share = share;
  }

  protected override decide(events: readonly LoopEvent[]): number {
    return best(events, ({ id }) => {
      const lot = new Random(this.seed ^ Math.imul(id, 0x27d4eb2f)).number();
      return lot < this.#share ? lot : 1;
    });
  }
}

/** Every other event takes up to so many times as long as the rest. */
const longestLatency = 500;

/** Every other event gets a latency, and what is due first comes first: as if operations took their time. */
class LatencyChooser extends DrawnChooser {
  readonly #random: Random;
  readonly #dueAt: Map<number, number> = new Map();
  #now = 0;

  constructor(seed: number) {
    super(seed);
    this.#random = new Random(seed);
  }

  protected override decide(events: readonly LoopEvent[]): number {
    for (const { id } of events) {
      if (this.#dueAt.has(id)) continue;
      const latency = this.#random.below(2) === 0 ? 0 : this.#random.number() * longestLatency;
      this.#dueAt.set(id, this.#now + 1 + latency);
    }
    const index = best(events, ({ id }) => -this.#dueAt.get(id)!);
    this.#now = Math.max(this.#now, this.#dueAt.get(events[index]!.id)!);
    return index;
  }
}

/**
 * PCT: a priority for each line of causes, which falls below all others at `changes` decisions, drawn beforehand. A race that
 * needs `changes` + 1 orderings among n lines and k decisions is found with a chance of 1/(n k^changes) at least.
 */
class ChainChooser extends DrawnChooser {
  readonly #random: Random;
  readonly #priorities: Map<number, number> = new Map();
  readonly #changes: readonly number[];
  #lowest = 0;

  constructor(seed: number, decisions: number, changes: number) {
    super(seed);
    const random = this.#random = new Random(seed);
    this.#changes = Array.from({ length: changes }, () => random.below(Math.max(1, decisions)));
  }

  protected override decide(events: readonly LoopEvent[]): number {
    for (const { chain } of events) {
      if (!this.#priorities.has(chain)) this.#priorities.set(chain, this.#random.number());
    }
    const priority = ({ chain }: LoopEvent) => this.#priorities.get(chain)!;
    const index = best(events, priority);
    if (!this.#changes.includes(this.chosen.length)) return index;
    this.#priorities.set(events[index]!.chain, --this.#lowest);
    return best(events, priority);
  }
}

/** The index of the event with the highest priority; the first of several. */
function best(events: readonly LoopEvent[], priorityOf: (event: LoopEvent) => number): number {
  let found = 0;
  let highest = -Infinity;
  for (let index = 0; index < events.length; index++) {
    const priority = priorityOf(events[index]!);
    if (priority <= highest) continue;
    highest = priority;
    found = index;
  }
  return found;
}
