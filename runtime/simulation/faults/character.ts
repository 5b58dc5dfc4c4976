/**
 * What a seed makes of a run as a whole. Runs differ more from one another than if each had a little of everything: some faults keep others
 * from being seen, and compete with them for the length of a run.
 *
 * @module
 */

import { Random } from "../../basics/random.ts";
import { type FaultKind, usualKinds } from "./kinds.ts";

/** The character of a run. */
export interface Character {
  /** Which kinds of faults happen in it: about half of them; none at all in two of ten runs. */
  readonly kinds: ReadonlySet<FaultKind>;
  /** How many faults at most. */
  readonly faults: number;
  /** The chance of each fault at each place where it may happen. */
  readonly rate: number;
  /** What a passage takes as a rule, in ms, and how many of 256 take 40 times as long. */
  readonly latency: number;
  readonly tail: number;
  /** What an operation of a disk takes as a rule, in ms. */
  readonly disk: number;
}

const rates = [1 / 16, 1 / 32, 1 / 64, 1 / 128, 1 / 256];
const latencies = [0.2, 1, 1, 2, 5, 20];
const tails = [0, 0, 2, 8];
const disks = [0.1, 0.5, 1, 5];

/** The character of a seed. */
export function characterOf(seed: number): Character {
  const random = new Random(seed ^ 0x5bd1e995);
  const isCalm = random.below(10) < 2;
  const kinds = usualKinds.filter(() => random.below(2) === 0);
  // Where a body asks for it, all that are not calm have it.
  kinds.push("corrupt");
  return {
    kinds: new Set(isCalm ? [] : kinds),
    faults: isCalm ? 0 : 1 + random.below(6),
    rate: rates[random.below(rates.length)]!,
    latency: latencies[random.below(latencies.length)]!,
    tail: tails[random.below(tails.length)]!,
    disk: disks[random.below(disks.length)]!,
  };
}
