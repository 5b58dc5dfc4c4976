/**
 * Schedules told by what is held back for how long, in terms that mean the same when the order around them changes.
 *
 * @module
 */

import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import { Chooser, type PassChooser } from "./choosers.ts";

/** For how long an event is held back: until so many others have come, or until one event has; else until nothing else is ready. */
export interface Hold {
  readonly passes?: number;
  readonly until?: string;
}

/** What is held back, by name. */
export type Holds = ReadonlyMap<string, Hold>;

/** Names events by their label and how many of that label came up before: their numbers change with the order. */
class EventNames {
  readonly #names = new Map<number, string>();
  readonly #counts = new Map<string, number>();

  nameOf(id: number, label: string): string {
    let name = this.#names.get(id);
    if (name === undefined) {
      const count = this.#counts.get(label) ?? 0;
      this.#counts.set(label, count + 1);
      this.#names.set(id, name = `${count} ${label}`);
    }
    return name;
  }
}

/** Holds events back by name. */
export class HoldChooser extends Chooser {
  readonly #holds: Holds;
  readonly #names = new EventNames();
  /** Those that came up: how many each has yet to let pass, 0 once it is free. */
  readonly #left = new Map<number, number>();
  readonly #untils = new Map<string, number[]>();
  readonly #nameOf = new Map<number, string>();

  constructor(holds: Holds) {
    super();
    this.#holds = holds;
  }

  /** What was really held back, and how many others it has let pass. */
  get held(): Map<string, Hold> {
    return new Map([...this.passed].map(([id, passes]) => [this.#nameOf.get(id)!, { passes }]));
  }

  protected override decide(events: readonly LoopEvent[]): number {
    for (const { id, label } of events) if (!this.#left.has(id)) this.#meet(id, label);
    const index = Math.max(0, events.findIndex(({ id }) => this.#left.get(id) === 0));
    for (let passed = 0; passed < index; passed++) {
      const { id } = events[passed]!;
      this.#left.set(id, this.#left.get(id)! - 1);
    }
    for (const id of this.#untils.get(this.#nameOf.get(events[index]!.id)!) ?? []) this.#left.set(id, 0);
    return index;
  }

  #meet(id: number, label: string): void {
    const name = this.#names.nameOf(id, label);
    this.#nameOf.set(id, name);
    const hold = this.#holds.get(name);
    this.#left.set(id, hold === undefined ? 0 : hold.passes ?? Infinity);
    if (hold?.until === undefined) return;
    this.#untils.set(hold.until, [...this.#untils.get(hold.until) ?? [], id]);
  }
}

/** What a run has held back, by name: each until that event has come which it was the last to let pass. */
export function holdsOf({ deviations, labels, passed }: PassChooser): Map<string, Hold> {
  const names = new EventNames();
  for (const [id, label] of labels) names.nameOf(id, label);
  const longestFirst = [...deviations.values()].sort((a, b) => passed.get(b.id)! - passed.get(a.id)!);
  return new Map(
    longestFirst.map(({ id, label, untilId, until }) => [names.nameOf(id, label), { until: names.nameOf(untilId, until) }]),
  );
}
