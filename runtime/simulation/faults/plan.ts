/**
 * Which faults happen in a run: as a schedule decides, or as a seed does.
 *
 * A fault is named by what it hits and where: its kind, the machine, and the how many-th it is of the things of one name in a life of a
 * machine, before which it comes. That stays the same when another fault is taken out, so that a failing run can be made smaller.
 *
 * @module
 */

import { hashes, hashOf } from "../../basics/hash.ts";
import type { Ways } from "../loop/ways.ts";
import { type Character, characterOf } from "./character.ts";
import type { FaultKind } from "./kinds.ts";

/** A fault that may happen at a place. */
export interface PossibleFault {
  readonly kind: FaultKind;
  /** Its name, which it has in other runs too. */
  readonly identity: string;
  /** What happens, in words. */
  readonly told: string;
  /** Lets it happen. */
  strike(): void;
}

/** The name of a fault; `hit` is the machine, where it hits one. */
export function identityOf(kind: FaultKind, hit: string, place: string): string {
  return `${kind}${hit === "" ? "" : ` ${hit}`} @ ${place}`;
}

/** Decides which faults happen. */
export interface FaultPlan {
  /** Do faults happen although the body has not asked for any? */
  readonly isOn: boolean;
  /** How many in a run, if the body has not said. */
  readonly atMost: number;
  /** May a machine end before each of its timers too? Else where something reaches it, and at its disk. */
  readonly isEverywhere: boolean;
  /** May a fault happen at a place of this name? Most often none does, which is to cost little. */
  mayHit(place: string): boolean;
  /** Which of several faults happens in the place of `label`, which goes well as a rule; `undefined` for none. */
  pick(label: string, place: string, possible: readonly PossibleFault[]): PossibleFault | undefined;
  /** Does a place that the program has named go its unusual way this time? */
  buggifies(label: string, place: string): boolean;
  /** A whole number from `least` to `most` for a detail of a fault; one from 10 to 20 is as likely as one from 20 to 40. */
  amount(identity: string, least: number, most: number): number;
  /** What a passage between two machines takes, in ms, where nothing else is said; `undefined` for any time. */
  latency(path: string, number: number): number | undefined;
  /** What an operation of a disk takes, in ms; `undefined` for what it takes as a rule. */
  diskLatency(machine: string, number: number): number | undefined;
  /** Which of `count` ways a thing goes, the plainest of which is the first. */
  outcome(identity: string, count: number): number;
}

/** Faults are decisions of the schedule like any other: `explore` searches them, and makes what it finds small. */
export class ScheduledPlan implements FaultPlan {
  readonly isOn = false;
  readonly atMost = 2;
  readonly isEverywhere = true;
  readonly #ways: Ways;

  constructor(ways: Ways) {
    this.#ways = ways;
  }

  mayHit(): boolean {
    return true;
  }

  pick(label: string, _place: string, possible: readonly PossibleFault[]): PossibleFault | undefined {
    return possible[this.#ways.among(`${label} without a fault`, possible.map(({ told }) => told)) - 1];
  }

  buggifies(_label: string, place: string): boolean {
    return this.#ways.among(`${place} as usual`, [`${place} goes its unusual way`]) === 1;
  }

  amount(_identity: string, least: number): number {
    return least;
  }

  latency(): undefined {}

  diskLatency(): undefined {}

  outcome(): number {
    return 0;
  }
}

/** Faults are drawn from a seed, each by its own name: to leave one out changes no other. */
export class SeedPlan implements FaultPlan {
  readonly isOn = true;
  // Most timers change nothing that others see: they would take the chances of what does.
  readonly isEverywhere = false;
  readonly character: Character;
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
    this.character = characterOf(seed);
  }

  get atMost(): number {
    return this.character.faults;
  }

  mayHit(place: string): boolean {
    return hashOf(this.#seed, place) < this.character.rate * hashes;
  }

  pick(_label: string, place: string, possible: readonly PossibleFault[]): PossibleFault | undefined {
    const wanted = possible.filter(({ kind }) => this.character.kinds.has(kind));
    return wanted[hashOf(this.#seed, `kind ${place}`) % wanted.length];
  }

  buggifies(label: string, place: string): boolean {
    // Who names a place wants it to be come by: a quarter of the runs have it, where it happens every fourth time.
    return hashOf(this.#seed, `buggify ${label}`) < hashes / 4 && hashOf(this.#seed, place) < hashes / 4;
  }

  amount(identity: string, least: number, most: number): number {
    const bits = hashOf(this.#seed, `amount of ${identity}`);
    let doublings = 0;
    for (let length = Math.max(least, 1); length * 2 <= most; length *= 2) doublings++;
    let from = least;
    for (let time = bits % (doublings + 1); time > 0; time--) from *= 2;
    const width = Math.min(from, most - from);
    return from + Math.floor((hashOf(this.#seed, `rest of ${identity}`) / hashes) * width);
  }

  latency(path: string, number: number): number {
    const { latency, tail } = this.character;
    const bits = hashOf(this.#seed, `latency ${path} ${number}`);
    const slow = (bits & 0xff) < tail ? 40 : 1;
    // In whole microseconds, by the basic operations alone: a logarithm differs in its last bit from engine to engine.
    return Math.floor(((bits >>> 8) / 0x1000000 + 0.5) * latency * slow * 1000) / 1000;
  }

  diskLatency(machine: string, number: number): number {
    const bits = hashOf(this.#seed, `disk ${machine} ${number}`);
    return Math.floor(((bits >>> 8) / 0x1000000 + 0.1) * this.character.disk * 1000) / 1000;
  }

  outcome(identity: string, count: number): number {
    return hashOf(this.#seed, `outcome of ${identity}`) % count;
  }
}
