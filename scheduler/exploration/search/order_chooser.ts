/**
 * Schedules told by which events come after which others: that means the same when the order around them changes, where numbers of
 * events, and of others that they let pass, do not.
 *
 * @module
 */

import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import { Chooser, isLateness, type Passes } from "./choosers.ts";

/** Names of events, each with those that it waits for, in the order in which they came. */
export type Order = ReadonlyMap<string, readonly string[]>;

/** Stands for an event that never comes: what waits for it comes when nothing else is ready. */
export const never = "";

/** Stands before the number of an option, in the place of an event that is waited for. */
const optionMark = "\0";

/** Which option is taken of those of a decision; 0 for what waits for events. */
export function optionOf([wait]: readonly string[]): number {
  return wait?.startsWith(optionMark) ? Number(wait.slice(1)) : 0;
}

/** An event as an order knows it. */
export interface NamedEvent {
  readonly name: string;
  readonly chain: number;
}

/** Decides, and knows events by names that do not change with the order. */
abstract class NamingChooser extends Chooser {
  readonly #repeated: ReadonlySet<string>;
  readonly #named = new Map<number, NamedEvent>();
  readonly #counts = new Map<string, number>();

  /** `repeated`: labels that more than one event has. */
  constructor(repeated: ReadonlySet<string>) {
    super();
    this.#repeated = repeated;
  }

  /** A macrotask runs. */
  override readonly came = (event: LoopEvent): void => this.onCame(this.nameOf(event));

  protected onCame(_name: string): void {}

  protected get named(): Iterable<NamedEvent> {
    return this.#named.values();
  }

  /** Its label; where others have that too, with the line of causes it stands in and the how many-th there it is. */
  protected nameOf({ id, label, chain }: LoopEvent): string {
    let name = this.#named.get(id)?.name;
    if (name !== undefined) return name;
    name = label;
    if (this.#repeated.has(label)) {
      const key = `${chain} ${label}`;
      const count = this.#counts.get(key) ?? 0;
      this.#counts.set(key, count + 1);
      name = `${count} ${key}`;
    }
    this.#named.set(id, { name, chain });
    return name;
  }
}

/** Lets events pass others, and keeps which came before which. */
export class OrderRecorder extends NamingChooser {
  readonly #passes: ReadonlyMap<number, number>;
  readonly #left = new Map<number, number>();
  readonly #order = new Map<string, string[]>();

  constructor(passes: Passes & ReadonlyMap<number, number>, repeated: ReadonlySet<string>) {
    super(repeated);
    this.#passes = passes;
    this.late = [...passes.keys()].some(isLateness);
  }

  get order(): Order {
    return this.#order;
  }

  /** All that came up, each once. */
  get events(): NamedEvent[] {
    return [...this.named];
  }

  protected override decideOption(options: readonly LoopEvent[]): number {
    const name = this.nameOf(options[0]!);
    const index = Math.min(this.#passes.get(options[0]!.id) ?? 0, options.length - 1);
    if (index > 0) this.#order.set(name, [`${optionMark}${index}`]);
    return index;
  }

  protected override decide(events: readonly LoopEvent[]): number {
    const leftOf = ({ id }: LoopEvent) => this.#left.get(id) ?? this.#passes.get(id) ?? 0;
    for (const event of events) this.nameOf(event);
    const index = Math.max(0, events.findIndex((event) => leftOf(event) === 0));
    const until = this.nameOf(events[index]!);
    for (let passed = 0; passed < index; passed++) {
      const event = events[passed]!;
      this.#left.set(event.id, leftOf(event) - 1);
      const name = this.nameOf(event);
      const waits = this.#order.get(name);
      if (waits === undefined) this.#order.set(name, [until]);
      else waits.push(until);
    }
    return index;
  }
}

/** Holds each event back until all those have come that it waits for; else what comes first comes first. */
export class OrderChooser extends NamingChooser {
  readonly #order: Order;
  readonly #came = new Set<string>();

  constructor(order: Order, repeated: ReadonlySet<string>, late: boolean) {
    super(repeated);
    this.late = late;
    this.#order = order;
  }

  protected override decideOption(options: readonly LoopEvent[]): number {
    return Math.min(optionOf(this.#order.get(this.nameOf(options[0]!)) ?? []), options.length - 1);
  }

  protected override onCame(name: string): void {
    this.#came.add(name);
  }

  protected override decide(events: readonly LoopEvent[]): number {
    let first = -1;
    for (let index = 0; index < events.length; index++) {
      const waits = this.#order.get(this.nameOf(events[index]!));
      if (first < 0 && (waits === undefined || waits.every((name) => this.#came.has(name)))) first = index;
    }
    return Math.max(0, first);
  }
}
