/**
 * Ways of deciding between events that are ready: each is one schedule.
 *
 * @module
 */

import type { LoopEvent, Option } from "../../../runtime/simulation/loop/loop_event.ts";

/** How many others an event that is held back lets pass at most: a body that polls must not wait for it for ever. */
export const mostPasses = 128;

/** The decisions of a run, as they were made. */
export interface Decisions {
  /** Between how many events it was decided, each time. */
  readonly sizes: readonly number[];
  /** Which of them was taken. */
  readonly chosen: readonly number[];
}

/** Is this the number of a decision on how late a timer is? */
export function isLateness(id: number): boolean {
  return id < 0;
}

/** Decides, and keeps what was decided. An event that has let enough others pass is taken without a decision. */
export abstract class Chooser implements Decisions {
  readonly sizes: number[] = [];
  readonly chosen: number[] = [];
  /** Does it decide whether timers are late? Otherwise all are on time. */
  late = false;
  /** Is told of each macrotask that runs, by choosers that need it. */
  readonly came: ((event: LoopEvent) => void) | undefined = undefined;
  #passed: Map<number, number> | undefined;

  /** How many others each event has let pass, by its number; there are only those that were held back. */
  get passed(): ReadonlyMap<number, number> {
    return this.#passed ?? new Map();
  }

  /** Decides which of the events comes next; there are two at least, the first is the one to come in order of arrival. */
  readonly choose = (events: readonly LoopEvent[]): number => {
    if (this.#passed !== undefined) {
      const due = events.findIndex(({ id }) => this.#passed!.get(id) === mostPasses);
      if (due >= 0) return due;
    }
    const index = events[0]!.kind === "option" ? this.decideOption(events) : this.decide(events);
    this.sizes.push(events.length);
    this.chosen.push(index);
    if (index > 0) {
      const passed = this.#passed ??= new Map();
      for (let before = 0; before < index; before++) {
        const { id } = events[before]!;
        passed.set(id, (passed.get(id) ?? 0) + 1);
      }
    }
    return index;
  };

  /** Decides between ways in which a thing may go: as a rule the first. All have the same number, and let as many pass as stand before. */
  protected decideOption(_options: readonly LoopEvent[]): number {
    return 0;
  }

  protected abstract decide(events: readonly LoopEvent[]): number;
}

/** Where a schedule leaves another one: at a decision it takes another event. */
export interface Branch {
  readonly from: Decisions;
  readonly at: number;
  readonly choice: number;
}

/** How it stands with an event: is it held back? `"perhaps"`: it may be, and that is counted already. */
export type Standing = "free" | "held" | "perhaps";

/**
 * Goes the way of another schedule up to a decision, takes another event there, and from then on takes what comes first, except
 * that what has been passed over stays held back until nothing else is ready.
 */
export class HoldBackChooser extends Chooser {
  /** The number of the first decision that is its own. */
  readonly free: number;
  /** For each decision of its own at which events were held back, or may be at no cost: how it stood with each. */
  readonly standingsAt: Map<number, readonly Standing[]> = new Map();
  /** The decisions that were between options. */
  options: Set<number> | undefined;
  /** Those of them that were on how late a timer is. */
  latenesses: Set<number> | undefined;
  readonly #branch: Branch | undefined;
  /** The numbers of the events that are held back. */
  #held: Set<number> | undefined;
  /**
   * Events before which one that was held back has come, that could have waited for these alone: either it was held back for less
   * long, or these are held back too. One of the two has been counted.
   */
  #perhaps: Set<number> | undefined;

  constructor(branch?: Branch) {
    super();
    this.#branch = branch;
    this.free = branch === undefined ? 0 : branch.at + 1;
  }

  protected override decideOption(options: readonly LoopEvent[]): number {
    (this.options ??= new Set()).add(this.chosen.length);
    if (isLateness(options[0]!.id)) (this.latenesses ??= new Set()).add(this.chosen.length);
    return this.#onBranch(options) ?? 0;
  }

  protected override decide(events: readonly LoopEvent[]): number {
    const index = this.#pick(events);
    if (index > 0 || this.#held !== undefined) this.#holdBack(events, index);
    return index;
  }

  /** What the branch decides; `undefined` behind it. */
  #onBranch(events: readonly LoopEvent[]): number | undefined {
    const number = this.chosen.length;
    const branch = this.#branch;
    if (branch === undefined || number > branch.at) return undefined;
    if (branch.from.sizes[number] !== events.length) {
      const [before, labels] = [
        branch.from.sizes[number]!,
        events.map(({ label }) => JSON.stringify(label)).join(", "),
      ];
      throw new NondeterminismError(
        `the same decisions led to ${before} events that are ready, then to ${events.length} (${labels})`,
      );
    }
    return number === branch.at ? branch.choice : branch.from.chosen[number]!;
  }

  #pick(events: readonly LoopEvent[]): number {
    const number = this.chosen.length;
    const chosen = this.#onBranch(events);
    if (chosen !== undefined) return chosen;
    const held = this.#held;
    if (held === undefined) return 0;
    const standings = events.map(({ id }): Standing =>
      held.has(id) ? "held" : this.#perhaps?.has(id) ? "perhaps" : "free"
    );
    if (standings.some((standing) => standing !== "free")) this.standingsAt.set(number, standings);
    return Math.max(0, standings.findIndex((standing) => standing !== "held"));
  }

  #holdBack(events: readonly LoopEvent[], index: number): void {
    const held = this.#held ??= new Set();
    if (held.has(events[index]!.id)) {
      const free = events.filter(({ id }) => !held.has(id));
      if (free.length === 1) (this.#perhaps ??= new Set()).add(free[0]!.id);
    }
    for (let passed = 0; passed < index; passed++) held.add(events[passed]!.id);
    held.delete(events[index]!.id);
  }
}

/** An event that is held back from the order of arrival. */
export interface Deviation {
  readonly id: number;
  readonly label: string;
  /** The label of the last one that it lets pass, and its number. */
  readonly until: string;
  readonly untilId: number;
  /** What is said of it where it is no event that waits. */
  readonly told?: string;
}

/** How many others each event lets pass: by its number, or by the order in which events come up for a decision. */
export type Passes = ReadonlyMap<number, number> | readonly number[];

/** Lets events pass others, so many each; else what comes first comes first. Every schedule can be told in this way. */
export class PassChooser extends Chooser {
  /** What was held back, really. */
  readonly deviations: Map<number, Deviation> = new Map();
  /** The labels of the events it was decided on, by their number. */
  readonly labels: Map<number, string> = new Map();
  readonly #passes: Passes;
  /** How many each of these events has yet to let pass. */
  readonly #left: Map<number, number> = new Map();

  constructor(passes: Passes) {
    super();
    this.#passes = passes;
    this.late = "get" in passes && [...passes.keys()].some(isLateness);
  }

  protected override decideOption(options: readonly LoopEvent[]): number {
    const { id, label } = options[0]!;
    const index = Math.min(this.#passesOf(id), options.length - 1);
    this.labels.set(id, label);
    const { told } = options[index] as Option;
    if (index > 0) this.deviations.set(id, { id, label, until: told, untilId: id, told });
    return index;
  }

  protected override decide(events: readonly LoopEvent[]): number {
    for (const { id, label } of events) {
      if (this.labels.has(id)) continue;
      this.#left.set(id, this.#passesOf(id));
      this.labels.set(id, label);
    }
    const index = Math.max(0, events.findIndex(({ id }) => this.#left.get(id) === 0));
    const { label: until, id: untilId } = events[index]!;
    for (let passed = 0; passed < index; passed++) {
      const { id, label } = events[passed]!;
      this.#left.set(id, this.#left.get(id)! - 1);
      this.deviations.set(id, { id, label, until, untilId });
    }
    return index;
  }

  /** What an event lets pass that comes up for the first time. */
  #passesOf(id: number): number {
    const passes = this.#passes;
    return ("get" in passes ? passes.get(id) : passes[this.labels.size]) ?? 0;
  }
}

/** Decides as another run has, as far as that is possible. */
export class SameChooser extends Chooser {
  readonly #from: Decisions;

  constructor(from: Decisions & { readonly late?: boolean }) {
    super();
    this.#from = from;
    this.late = from.late === true;
  }

  protected override decideOption(options: readonly LoopEvent[]): number {
    return this.decide(options);
  }

  protected override decide(events: readonly LoopEvent[]): number {
    return Math.min(this.#from.chosen[this.chosen.length] ?? 0, events.length - 1);
  }
}

/** The same decisions, or the same seed, have led to something else. */
export class NondeterminismError extends Error {
  /** Made by `explore` and `soak`. */
  constructor(difference: string) {
    super(
      `The body is not deterministic: ${difference}. ` +
        "Something in it depends on what an earlier run has left behind, or on what a simulation does not control",
    );
    this.name = "NondeterminismError";
  }
}
