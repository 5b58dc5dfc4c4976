/**
 * Making a failing schedule small, and telling it.
 *
 * ```
 *   failing run ──parts are left out──> none can be left out
 *        │                                     │ the smallest of all
 *        ├──each held until its event came──┐  ▼
 *        └──few of them alone, in pairs─────┴──> held for less long ──> told
 * ```
 *
 * How many others an event lets pass says little once the order around it is another one. So what is left after the first step may be
 * far more than it takes, and events are then held back until a certain other one has come.
 *
 * @module
 */

import { type Chooser, type Deviation, PassChooser } from "./choosers.ts";
import { type Hold, HoldChooser, type Holds, holdsOf } from "./hold_chooser.ts";

/** Runs the body under a schedule; answers with what it failed with, `undefined` if it passed. */
export type Attempt = (chooser: Chooser) => Promise<{ readonly error: unknown } | undefined>;

type Passes = ReadonlyMap<number, number>;

/** How many runs may be spent on making a schedule smaller. */
const mostRuns = 1500;

/** How many of the events that the failing run holds back longest are tried alone, and how many in pairs. */
const mostAlone = 40;
const mostInPairs = 16;

/** A failing schedule from which no deviation can be left out, and the smallest that was found. */
export function shrink(passes: Passes, attempt: Attempt): Promise<Passes> {
  return new Shrinking(passes, attempt).run();
}

/** The way of one schedule to a small one. */
class Shrinking {
  #best: Passes;
  readonly #attempt: Attempt;
  #runs = 0;

  constructor(passes: Passes, attempt: Attempt) {
    this.#best = passes;
    this.#attempt = attempt;
  }

  async run(): Promise<Passes> {
    const first = new PassChooser(this.#best);
    const isTold = this.#best.size > 1 && await this.#fails(first);
    await this.#leaveOut([...this.#best], (rest) => this.#tryPasses(rest));
    if (isTold && this.#best.size > 1) await this.#tryFew(holdsOf(first));
    await this.#shorten();
    await this.#leaveOut([...this.#best], (rest) => this.#tryPasses(rest));
    return this.#best;
  }

  /** Runs a schedule; takes it if it fails and is no larger than the best. */
  async #fails(chooser: Chooser): Promise<boolean> {
    if (++this.#runs > mostRuns) return false;
    if (await this.#attempt(chooser) === undefined) return false;
    // Only what was really held back counts.
    if (chooser.passed.size <= this.#best.size) this.#best = chooser.passed;
    return true;
  }

  async #tryPasses(rest: readonly (readonly [number, number])[]): Promise<(readonly [number, number])[] | undefined> {
    const chooser = new PassChooser(new Map(rest));
    return await this.#fails(chooser) ? [...chooser.passed] : undefined;
  }

  async #tryHolds(holds: readonly (readonly [string, Hold])[]): Promise<(readonly [string, Hold])[] | undefined> {
    const chooser = new HoldChooser(new Map(holds));
    if (!await this.#fails(chooser)) return undefined;
    const { held } = chooser;
    return holds.filter(([name]) => held.has(name));
  }

  /** Leaves out as much as can be: first in large parts, then one by one until none can be left out. */
  async #leaveOut<T>(all: readonly T[], attempt: (rest: readonly T[]) => Promise<T[] | undefined>): Promise<void> {
    let left = all;
    for (let part = left.length; part >= 1; part = Math.floor(part / 2)) {
      for (let start = 0; start < left.length;) {
        const less = await attempt([...left.slice(0, start), ...left.slice(start + part)]);
        if (less === undefined) start += part;
        else {
          left = less;
          if (part === 1) start = 0;
        }
      }
    }
  }

  /** Tries the events that the failing run holds back, each until its event has come, or for as long as it can be. */
  async #tryFew(suggested: Holds): Promise<void> {
    const untilThen = [...suggested];
    const forLong = untilThen.map(([name]): [string, Hold] => [name, {}]);
    for (let first = 0; first < Math.min(mostAlone, untilThen.length) && this.#best.size > 1; first++) {
      for (const all of [forLong, untilThen]) await this.#tryHolds([all[first]!]);
    }
    for (const all of [untilThen, forLong]) {
      if (this.#best.size < 2) return;
      const start = await this.#tryHolds(all);
      if (start !== undefined) await this.#leaveOut(start, (rest) => this.#tryHolds(rest));
    }
    const inPairs = Math.min(mostInPairs, untilThen.length);
    for (let second = 1; second < inPairs; second++) {
      for (let first = 0; first < second && this.#best.size > 2; first++) {
        for (const all of [forLong, untilThen]) await this.#tryHolds([all[first]!, all[second]!]);
      }
    }
  }

  /** Holds each event for less long, as far as the body still fails: it then waits for what it has to wait for. */
  async #shorten(): Promise<void> {
    for (const id of [...this.#best.keys()]) {
      let enough = 0;
      while (this.#best.has(id) && this.#best.get(id)! - enough > 1 && this.#runs < mostRuns) {
        const less = enough + Math.floor((this.#best.get(id)! - enough) / 2);
        const chooser = new PassChooser(new Map(this.#best).set(id, less));
        if (!await this.#fails(chooser) || this.#best !== chooser.passed) enough = less;
      }
    }
  }
}

/** A schedule in words; `labels` are those of all events that are known, by their number. */
export function describeSchedule(deviations: Iterable<Deviation>, labels: ReadonlyMap<number, string>): string[] {
  const numbers = new Map<string, number[]>();
  for (const [id, label] of labels) {
    const same = numbers.get(label);
    if (same === undefined) numbers.set(label, [id]);
    else same.push(id);
  }
  for (const same of numbers.values()) same.sort((a, b) => a - b);
  const told = (id: number, label: string): string => {
    const same = numbers.get(label) ?? [];
    return JSON.stringify(label) + (same.length < 2 ? "" : ` (number ${same.indexOf(id) + 1})`);
  };
  const lines = [...deviations].map(({ id, label, until, untilId }) =>
    `${told(id, label)} is held back until ${told(untilId, until)} has come`
  );
  return lines.length > 0 ? lines : ["everything comes in the order of its arrival"];
}
