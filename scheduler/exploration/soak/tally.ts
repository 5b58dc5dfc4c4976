/**
 * What the runs of many seeds come to: plain values, which cross from thread to thread. To merge two is a sum, in any order.
 *
 * @module
 */

import type { SeedRun } from "./seed_run.ts";
import { mix } from "../../../runtime/basics/hash.ts";

/** How often faults of a kind came, had an effect, and in how many seeds. */
export interface FaultTally {
  injected: number;
  effective: number;
  seeds: number;
}

/** A seed that took long. */
export interface SlowSeed {
  /** The seed. */
  readonly seed: number;
  /** In ms of real time. */
  readonly time: number;
  /** How many macrotasks it had. */
  readonly events: number;
}

/** A seed that fails. */
export interface FailingSeed {
  readonly seed: number;
  readonly kind: string;
  /** Where two runs of it were not the same: how. */
  readonly difference?: string;
}

/** What the runs of some seeds come to. */
export interface Tally {
  seeds: number;
  /** How many seeds were run twice, to see whether both are the same. */
  checked: number;
  events: number;
  /** In ms of simulated time. */
  virtual: number;
  /** Stands for all events of all seeds. */
  hash: number;
  readonly faults: Map<string, FaultTally>;
  /** In how many seeds each mark was reached; 0 for those that were only come by. */
  readonly marks: Map<string, number>;
  /** How many seeds had so many events: by powers of two. */
  readonly sizes: number[];
  slowest: readonly SlowSeed[];
  failing: number;
  /** The lowest failing seed of each kind. */
  failures: readonly FailingSeed[];
}

/** How many slow seeds, and how many kinds of failures are kept. */
const mostSlow = 5;
export const mostFailures = 10;

/** Nothing has run. */
export function emptyTally(): Tally {
  return {
    seeds: 0,
    checked: 0,
    events: 0,
    virtual: 0,
    hash: 0,
    faults: new Map(),
    marks: new Map(),
    sizes: [],
    slowest: [],
    failing: 0,
    failures: [],
  };
}

/** Adds the run of a seed, which took `time` ms of real time. */
export function addRun(tally: Tally, seed: number, run: SeedRun, time: number): void {
  const { events, virtual, hash, faults, marks } = run;
  tally.seeds++;
  tally.events += events;
  tally.virtual += virtual;
  tally.hash = (tally.hash + mix(seed, hash)) >>> 0;
  for (const [kind, { injected, effective }] of faults) {
    addFaults(tally, kind, { injected, effective, seeds: injected > 0 ? 1 : 0 });
  }
  for (const [mark, isReached] of marks) addMark(tally, mark, isReached ? 1 : 0);
  addSize(tally, 32 - Math.clz32(events), 1);
  tally.slowest = slowestOf([...tally.slowest, { seed, time, events }]);
}

/** Adds a seed that fails. */
export function addFailure(tally: Tally, failure: FailingSeed): void {
  tally.failing++;
  tally.failures = lowestOf([...tally.failures, failure]);
}

/** Adds a tally to another. */
export function addTally(tally: Tally, other: Tally): void {
  tally.seeds += other.seeds;
  tally.checked += other.checked;
  tally.events += other.events;
  tally.virtual += other.virtual;
  tally.hash = (tally.hash + other.hash) >>> 0;
  tally.failing += other.failing;
  for (const [kind, count] of other.faults) addFaults(tally, kind, count);
  for (const [mark, count] of other.marks) addMark(tally, mark, count);
  other.sizes.forEach((count, size) => addSize(tally, size, count));
  tally.slowest = slowestOf([...tally.slowest, ...other.slowest]);
  tally.failures = lowestOf([...tally.failures, ...other.failures]);
}

function addFaults(tally: Tally, kind: string, { injected, effective, seeds }: Readonly<FaultTally>): void {
  let count = tally.faults.get(kind);
  if (count === undefined) tally.faults.set(kind, count = { injected: 0, effective: 0, seeds: 0 });
  count.injected += injected;
  count.effective += effective;
  count.seeds += seeds;
}

function addMark(tally: Tally, mark: string, count: number): void {
  tally.marks.set(mark, (tally.marks.get(mark) ?? 0) + count);
}

function addSize(tally: Tally, size: number, count: number): void {
  while (tally.sizes.length <= size) tally.sizes.push(0);
  tally.sizes[size]! += count;
}

function slowestOf(seeds: readonly SlowSeed[]): readonly SlowSeed[] {
  return [...seeds].sort((a, b) => b.time - a.time || a.seed - b.seed).slice(0, mostSlow);
}

/** Of each kind the lowest seed; the lowest come first. */
function lowestOf(failures: readonly FailingSeed[]): readonly FailingSeed[] {
  const lowest = new Map<string, FailingSeed>();
  for (const failure of [...failures].sort((a, b) => a.seed - b.seed)) {
    if (!lowest.has(failure.kind)) lowest.set(failure.kind, failure);
  }
  return [...lowest.values()].slice(0, mostFailures);
}
