/**
 * The faults of machines, of their network and their disks in the run of a seed, and how they are left out.
 *
 * @module
 */

import { identityOf, type PossibleFault, SeedPlan } from "../../../runtime/simulation/run/run.ts";
import type { Session } from "../../../runtime/simulation/run/session.ts";
import type { FaultCount, FewFaults, FiredFault, KeptFaults } from "./fault_draws.ts";
import { hashText } from "../../../runtime/basics/hash.ts";
import { world } from "./timeline.ts";

/** A fault that has happened. */
type Fault = Session["parts"]["happened"][number];

/** Passages that take far longer than others are left out like a fault, all of them together. */
const tail: FiredFault = {
  key: hashText("latency tail"),
  kind: "latency tail",
  told: "some passages of the network take 40 times as long as others",
  simpler: 0,
  place: undefined,
};

/** What is drawn in more than one size. */
const inSizes: ReadonlySet<string> = new Set(["isolate", "pause", "cut", "clock", "power"]);

/** Draws the faults of a seed; with `kept` only these happen. */
export class SoakPlan extends SeedPlan {
  declare readonly character: SeedPlan["character"];
  readonly #kept: KeptFaults | undefined;
  /** The places where faults that are kept may happen; `undefined` where they are not known. */
  readonly #places: ReadonlySet<number> | undefined;
  readonly #few: FewFaults | undefined;
  #hasTail = false;
  /** Goes all that comes of the fault that was picked last its plainest way? A loss of power is one fault with an outcome for each file. */
  #isPlain = false;

  constructor(
    seed: number,
    kept: KeptFaults | undefined,
    places: ReadonlySet<number> | undefined,
    few: FewFaults | undefined,
  ) {
    super(seed);
    this.#few = few;
    this.#kept = kept;
    this.#places = places;
    if (kept?.has(tail.key) === false) this.character = { ...this.character, tail: 0 };
  }

  /** Does nothing go wrong with this seed? */
  get isCalm(): boolean {
    return this.character.faults === 0;
  }

  override get atMost(): number {
    return this.#kept === undefined && this.#few === undefined ? super.atMost : Infinity;
  }

  override mayHit(place: string): boolean {
    if (this.#few !== undefined) return this.#few.comes(hashText(place));
    if (this.#kept === undefined) return super.mayHit(place);
    return this.#places === undefined || this.#places.has(hashText(place));
  }

  override pick(label: string, place: string, possible: readonly PossibleFault[]): PossibleFault | undefined {
    if (this.#few !== undefined) return possible[hashText(place) % possible.length];
    if (this.#kept === undefined) return super.pick(label, place, possible);
    const picked = possible.find(({ identity }) => this.#kept!.has(hashText(identity)));
    this.#isPlain = picked !== undefined && this.#isSimple(picked.identity);
    return picked;
  }

  override buggifies(label: string, place: string): boolean {
    if (this.#few !== undefined) return this.#few.comes(hashText(place));
    if (this.#kept === undefined) return super.buggifies(label, place);
    return this.#kept.has(hashText(identityOf("buggify", "", place)));
  }

  override amount(identity: string, least: number, most: number): number {
    return this.#isSimple(identity) ? least : super.amount(identity, least, most);
  }

  override outcome(identity: string, count: number): number {
    return this.#isPlain ? 0 : super.outcome(identity, count);
  }

  override latency(path: string, number: number): number {
    const takes = super.latency(path, number);
    // As a rule it is at most one and a half times of that.
    this.#hasTail ||= takes > 2 * this.character.latency;
    return takes;
  }

  /** The faults that came, from those that have happened. */
  fired(happened: readonly Fault[]): readonly FiredFault[] {
    const faults = happened.map(({ kind, identity, told }): FiredFault => ({
      key: hashText(identity),
      kind,
      told,
      simpler: inSizes.has(kind) ? 1 : 0,
      place: hashText(placeOf(identity)),
    }));
    return this.#hasTail ? [tail, ...faults] : faults;
  }

  #isSimple(identity: string): boolean {
    return this.#kept !== undefined && (this.#kept.get(hashText(identity)) ?? 0) > 0;
  }
}

/** Adds how often each kind has happened; those that might have are there with 0. */
export function countFaults(
  counts: ReadonlyMap<string, FaultCount>,
  happened: readonly Fault[],
  kinds: readonly string[],
): Map<string, FaultCount> {
  const all = new Map([...kinds.map((kind): [string, FaultCount] => [kind, { injected: 0, effective: 0 }]), ...counts]);
  for (const { kind, effective } of happened) {
    const { injected, effective: before } = all.get(kind) ?? { injected: 0, effective: 0 };
    all.set(kind, { injected: injected + 1, effective: before + (effective ? 1 : 0) });
  }
  return all;
}

/** The machine that a fault hits, or at which it happens: "power db-2 @ db-1.1 : write # 3", "loss @ db-1.1 : GET / # 1". */
export function machineOf(identity: string): string {
  const [, hit, place] = /^\S+(?: (\S+))? @ (?:(\S+)\.\d+ : )?/.exec(identity) ?? [];
  return hit ?? place ?? world;
}

function placeOf(identity: string): string {
  return identity.slice(identity.indexOf(" @ ") + 3);
}
