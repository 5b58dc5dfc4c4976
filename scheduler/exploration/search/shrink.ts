/**
 * Making a failing schedule small, and telling it.
 *
 * ```
 *   failing run ──parts are left out──> none can be left out ─────────────────────────────────┐
 *        │                                                                        the smallest of all
 *        └──its order──> of few lines of causes ──> of few events ──┬──────────────────────────┤
 *                                   few events alone, in pairs ─────┘     held for less long <─┘
 * ```
 *
 * How many others an event lets pass says little once the order around it is another one: what is left after the first step may be
 * far more than it takes. So the order of the failing run is tried for fewer and fewer events, which keep it among themselves.
 *
 * @module
 */

import { type Chooser, type Deviation, PassChooser } from "./choosers.ts";
import { type FailsUnder, mergeHolds } from "./merge_holds.ts";
import { type NamedEvent, never, optionOf, type Order, OrderChooser, OrderRecorder } from "./order_chooser.ts";

/** Runs the body under a schedule; answers with what it failed with, `undefined` if it passed. */
export type Attempt = (chooser: Chooser) => Promise<{ readonly error: unknown } | undefined>;

type Passes = ReadonlyMap<number, number>;

/** How many runs may be spent on making a schedule smaller. */
const mostRuns = 2000;

/** How many of the events that the failing run holds back longest are tried alone, and how many in pairs. */
const mostAlone = 24;
const mostInPairs = 10;

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
    const first = this.#best;
    await this.#leaveOutPasses();
    if (this.#best.size > 1) await this.#tryOrder(first);
    await this.#shorten();
    await this.#leaveOutPasses();
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

  /** Leaves out as much as can be: first in large parts, then one by one until none can be left out. */
  async #leaveOut<T>(
    all: readonly T[],
    fails: (rest: readonly T[]) => Promise<boolean | readonly T[]>,
  ): Promise<readonly T[]> {
    let left = all;
    for (let part = left.length; part >= 1; part = Math.floor(part / 2)) {
      for (let start = 0; start < left.length;) {
        const rest = [...left.slice(0, start), ...left.slice(start + part)];
        const less = await fails(rest);
        if (less === false) start += part;
        else {
          left = less === true ? rest : less;
          if (part === 1) start = 0;
        }
      }
    }
    return left;
  }

  async #leaveOutPasses(): Promise<void> {
    await this.#leaveOut([...this.#best], async (rest) => {
      const chooser = new PassChooser(new Map(rest));
      return await this.#fails(chooser) && [...chooser.passed];
    });
  }

  /** Tries the order of a failing run for fewer and fewer events. */
  async #tryOrder(passes: Passes): Promise<void> {
    const plain = new PassChooser(passes);
    if (!await this.#fails(plain)) return;
    const labels = [...plain.labels.values()];
    const repeated = new Set(labels.filter((label, index) => labels.indexOf(label) !== index));
    const recorder = new OrderRecorder(passes, repeated);
    if (!await this.#fails(recorder)) return;
    const { order, events } = recorder;
    const fails: FailsUnder = (some) => this.#fails(new OrderChooser(some, repeated, recorder.late));
    const failsAmong = (some: readonly NamedEvent[]) => fails(among(order, some));
    const chains = [...new Set(events.map(({ chain }) => chain))];
    const ofChains = (some: readonly number[]) => events.filter(({ chain }) => some.includes(chain));
    const few = await this.#leaveOut(chains, (some) => failsAmong(ofChains(some)));
    const some = await this.#leaveOut(ofChains(few), failsAmong);
    await this.#leaveOut([...among(order, some)], (held) => fails(new Map(held)));
    await this.#tryFew(order, fails);
    // Only events that wait for what they have to wait for say what others could wait for.
    await this.#shorten();
    const small = new OrderRecorder(this.#best, repeated);
    if (this.#best.size > 1 && await this.#fails(small)) await mergeHolds(small.order, fails);
  }

  /** Tries single events that the failing run holds back, and pairs, each for as long as it can be or until what it waited for. */
  async #tryFew(order: Order, fails: FailsUnder): Promise<void> {
    const held = [...order].sort(([, a], [, b]) => b.length - a.length);
    const untilThen = held.map(([name, waits]): [string, readonly string[]] => [name, waits.slice(-1)]);
    const forLong = held.map((
      [name, waits],
    ): [string, readonly string[]] => [name, optionOf(waits) > 0 ? waits : [never]]);
    const lists = [forLong, untilThen];
    for (let first = 0; first < Math.min(mostAlone, held.length) && this.#best.size > 1; first++) {
      for (const all of lists) await fails(new Map([all[first]!]));
    }
    for (let second = 1; second < Math.min(mostInPairs, held.length); second++) {
      for (let first = 0; first < second && this.#best.size > 2; first++) {
        for (const all of lists) await fails(new Map([all[first]!, all[second]!]));
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

/** The part of an order that is between these events. */
function among(order: Order, events: readonly NamedEvent[]): Order {
  const names = new Set(events.map(({ name }) => name));
  const part = new Map<string, readonly string[]>();
  for (const [name, waits] of order) {
    if (!names.has(name)) continue;
    const left = waits.filter((other) => names.has(other) || optionOf([other]) > 0);
    if (left.length > 0) part.set(name, left);
  }
  return part;
}

/** What events are called in words; `labels` are those of all events that are known, by their number. */
export function namesOf(labels: ReadonlyMap<number, string>): (id: number, label: string) => string {
  const numbers = new Map<string, number[]>();
  for (const [id, label] of labels) {
    const same = numbers.get(label);
    if (same === undefined) numbers.set(label, [id]);
    else same.push(id);
  }
  for (const same of numbers.values()) same.sort((a, b) => a - b);
  return (id, label) => {
    const same = numbers.get(label) ?? [];
    const number = same.indexOf(id) + 1;
    // What has never come has no number.
    return JSON.stringify(label) + (same.length < 2 || number === 0 ? "" : ` (number ${number})`);
  };
}

/** A schedule in words; `labels` are those of all events that are known, by their number. */
export function describeSchedule(deviations: Iterable<Deviation>, labels: ReadonlyMap<number, string>): string[] {
  const told = namesOf(labels);
  const lines = [...deviations].map(({ id, label, until, untilId, told: words }) =>
    words ?? `${told(id, label)} is held back until ${told(untilId, until)} has come`
  );
  return lines.length > 0 ? lines : ["everything comes in the order of its arrival"];
}
