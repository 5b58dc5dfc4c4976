/**
 * What goes wrong in the run of a seed.
 *
 * Each fault has an identity that survives when others are taken out: what it is, where, and which time it is there. Whether it
 * comes is drawn from the seed and that identity alone, so that a run without some of its faults draws all others as before.
 *
 * A seed has a character: which kinds of faults it has at all, and how often each. Faults compete with one another, so that a
 * mixture of everything finds less than many runs with few kinds each.
 *
 * @module
 */

import type { Choose, LoopEvent, Option } from "../../../runtime/simulation/loop/loop_event.ts";
import { mostPasses } from "../search/choosers.ts";
import { hashText, mix } from "../../../runtime/basics/hash.ts";

/** The faults that may come, by the hash of their identity; the number says how much simpler each is than it was drawn. */
export type KeptFaults = ReadonlyMap<number, number>;

/** A fault that came. */
export interface FiredFault {
  /** The hash of its identity. */
  readonly key: number;
  readonly kind: string;
  /** What is said of it in a schedule. */
  readonly told: string;
  /** In how many simpler forms it can come. */
  readonly simpler: number;
  /** The hash of the place where it came, where that is known apart from it. */
  readonly place?: number | undefined;
}

/** How often a kind of fault came, and how often that had an effect. */
export interface FaultCount {
  readonly injected: number;
  readonly effective: number;
}

/** The kind of all events that are held back from the order of their arrival. */
const order = "order";

/** The rarest faults come once in 2 to the power of this. */
const rarest = 8;

/** A few faults only, drawn anew: another draw of the same run, to see whether fewer do. */
export class FewFaults {
  /** How many may still come. */
  left: number;
  /** Stands in for the seed where faults are drawn. */
  readonly seed: number;
  /** One in so many comes. */
  readonly rarity: number;

  /** The how many-th draw for a seed, of so many faults at most: they are rare in some draws, where late ones come too, and not in others. */
  constructor(seed: number, draw: number, most: number) {
    this.left = most;
    this.seed = mix(seed, hashText(`draw ${draw}`));
    this.rarity = 4 + draw % 7;
  }

  /** Does one come? */
  comes(key: number): boolean {
    if (this.left === 0 || mix(this.seed, key) > 0xffffffff >>> this.rarity) return false;
    this.left--;
    return true;
  }
}

/** An event that is ready, and may be held back. */
interface Held {
  readonly key: number;
  readonly label: string;
  /** Which of the events of its label it is. */
  readonly number: number;
  readonly simpler: number;
  /** How many it has yet to let pass. */
  left: number;
  until: string | undefined;
}

/** Draws the faults of one run. */
export class FaultDraws {
  readonly #seed: number;
  readonly #kept: KeptFaults | undefined;
  readonly #isCalm: boolean;
  /** Is told of each fault as it comes. */
  readonly #came: ((told: string) => void) | undefined;
  /** How rare the faults of each kind are; `undefined` for those that the seed does not have. */
  readonly #rarities: Map<string, number | undefined> = new Map();
  readonly #fired: FiredFault[] = [];
  readonly #counts: Map<string, { injected: number; effective: number }> = new Map();
  /** How often something of a name came up. */
  readonly #numbers: Map<string, number> = new Map();
  readonly #ready: Map<number, Held | undefined> = new Map();
  readonly #held: Held[] = [];
  readonly #reorders: boolean;
  readonly #few: FewFaults | undefined;

  /** With `kept` only these faults come; else all that are drawn, and none where the seed is calm: what fails there is a plain bug. */
  constructor(
    seed: number,
    isCalm: boolean,
    kept?: KeptFaults,
    came?: (told: string) => void,
    few?: FewFaults,
  ) {
    this.#few = few;
    this.#seed = seed;
    this.#kept = kept;
    this.#came = came;
    this.#isCalm = isCalm;
    if (few !== undefined) this.#reorders = false;
    else this.#reorders = kept === undefined ? this.#rarity(order) !== undefined : kept.size > 0;
  }

  /** Decides what comes next, and how things go. */
  readonly choose: Choose = (events) => {
    if (events[0]!.kind === "option") return this.#way(events as readonly Option[]);
    return this.#reorders ? this.#next(events) : 0;
  };

  /** The faults that came and made a difference, in their order. */
  get fired(): readonly FiredFault[] {
    const held = this.#held.map(({ key, label, number, until, simpler }) => ({
      key,
      kind: order,
      told: `${named(label, number)} is held back until ${JSON.stringify(until)} has come`,
      simpler,
    }));
    return [...this.#fired, ...held];
  }

  /** How often each kind came. */
  get counts(): ReadonlyMap<string, FaultCount> {
    return this.#counts;
  }

  /** How rare are faults of a kind: one in 2 to the power of it comes. */
  #rarity(kind: string): number | undefined {
    if (this.#isCalm) return undefined;
    if (!this.#rarities.has(kind)) {
      const draw = mix(this.#seed, hashText(kind));
      this.#rarities.set(kind, draw % 2 === 0 ? undefined : 1 + (draw >>> 1) % rarest);
    }
    return this.#rarities.get(kind);
  }

  /** How much simpler a fault comes than it is drawn, 0 for as it is; `undefined` where it does not come. */
  #comes(kind: string, key: number): number | undefined {
    if (this.#kept !== undefined) return this.#kept.get(key);
    if (this.#few !== undefined) return this.#few.comes(key) ? 0 : undefined;
    const rarity = this.#rarity(kind);
    return rarity !== undefined && mix(this.#seed, key) <= 0xffffffff >>> rarity ? 0 : undefined;
  }

  #count(kind: string, what: "injected" | "effective"): void {
    let count = this.#counts.get(kind);
    if (count === undefined) this.#counts.set(kind, count = { injected: 0, effective: 0 });
    count[what]++;
  }

  /** Which time is it that something of this name comes up? */
  #number(name: string): number {
    const number = (this.#numbers.get(name) ?? 0) + 1;
    this.#numbers.set(name, number);
    return number;
  }

  /** One of the ways in which a thing may go. */
  #way(options: readonly Option[]): number {
    const [{ label }, { told }] = options as readonly [Option, Option];
    const kind = kindOf(label, told);
    // What is told of one way has its number in it; what is told of several has not.
    const key = hashText(options.length === 2 ? told : named(`${kind} ${label}`, this.#number(label)));
    const simpler = this.#comes(kind, key);
    if (simpler === undefined) return 0;
    const index = simpler > 0 ? 1 : 1 + mix(~this.#seed, key) % (options.length - 1);
    this.#count(kind, "injected");
    this.#count(kind, "effective");
    this.#fired.push({ key, kind, told: options[index]!.told, simpler: index > 1 ? 1 : 0 });
    this.#came?.(options[index]!.told);
    return index;
  }

  /** What comes first of all that is not held back. */
  #next(events: readonly LoopEvent[]): number {
    const index = Math.max(0, events.findIndex((event) => (this.#heldOf(event)?.left ?? 0) === 0));
    const { id, label } = events[index]!;
    this.#ready.delete(id);
    for (let passed = 0; passed < index; passed++) {
      const held = this.#ready.get(events[passed]!.id)!;
      if (held.until === undefined) {
        this.#held.push(held);
        this.#count(order, "effective");
        this.#came?.(`${named(held.label, held.number)} is held back`);
      }
      held.left--;
      held.until = label;
    }
    return index;
  }

  #heldOf({ id, label }: LoopEvent): Held | undefined {
    if (this.#ready.has(id)) return this.#ready.get(id);
    const number = this.#number(label);
    const key = hashText(`${order} ${named(label, number)}`);
    const simpler = this.#comes(order, key);
    let held: Held | undefined;
    if (simpler !== undefined) {
      // By powers of two, so that each simpler form lets half as many pass.
      const steps = mix(~this.#seed, key) % 8;
      const left = Math.min(mostPasses, 1 << Math.max(0, steps - simpler));
      held = { key, label, number, simpler: steps, left, until: undefined };
      this.#count(order, "injected");
    }
    this.#ready.set(id, held);
    return held;
  }
}

function named(label: string, number: number): string {
  return JSON.stringify(label) + (number > 1 ? ` (number ${number})` : "");
}

/** What kind of fault it is, from how a decision between ways is told. */
function kindOf(label: string, told: string): string {
  if (label.endsWith(" going well")) return label.slice(0, -" going well".length);
  if (told.startsWith('"the death of ')) return "worker death";
  if (told.startsWith("it takes ")) return "slow network";
  if (told.startsWith("the network is parted ")) return "partition";
  if (told.startsWith("the first ")) return "cut";
  return "loss";
}
