/**
 * The few operations of a history that show why it has no order.
 *
 * To leave out an operation makes a history say something else: without the write of it each read of a value is wrong. So a set of
 * operations has to break the model by itself, and still do so if each of the others may have taken effect, at any time after its call.
 *
 * @module
 */

import type { Model } from "./model.ts";
import type { Placed } from "./operation.ts";
import { type Found, searchOrder } from "./search_order.ts";
import { States } from "./seen.ts";

/** So many steps a look for help from the operations that are left out may take. */
const stepsOfHelp = 10_000;
/** So many operations are seen at a glance. */
const fewOperations = 4;

/** Makes one history smaller. */
class Shrinking {
  readonly #model: Model;
  readonly #part: string | undefined;
  readonly #observers = new Set<Placed>();
  #budget: number;
  steps = 0;

  constructor(model: Model, part: string | undefined, budget: number) {
    this.#model = model;
    this.#part = part;
    this.#budget = budget;
  }

  search(operations: readonly Placed[], most = Infinity): Found {
    const found = searchOrder(operations, this.#model, this.#part, Math.min(most, this.#budget));
    this.#budget -= found.steps;
    this.steps += found.steps;
    return found;
  }

  get isOver(): boolean {
    return this.#budget <= 0;
  }

  /**
   * Do these break the model because of the last one, whatever the others of `known` may have done? Where what those did cannot be told,
   * they are a violation by themselves all the same, which counts unless it has to be sure.
   */
  breaks(chosen: readonly Placed[], known: readonly Placed[], last: Placed, isSure: boolean): boolean {
    if (this.search(chosen).isLegal !== false) return false;
    if (this.search(chosen.filter((each) => each !== last)).isLegal !== true) return false;
    const isHelped = this.#isHelped(chosen, known);
    return isHelped === false || (isHelped === undefined && !isSure);
  }

  /** Is there an order with some of the other operations? `undefined` if that would take too long to tell. */
  #isHelped(chosen: readonly Placed[], known: readonly Placed[]): boolean | undefined {
    const isChosen = new Set(chosen);
    const all = known.filter((each) => isChosen.has(each) || !this.#observers.has(each))
      .map((each) => isChosen.has(each) ? each : { ...each, return: Infinity });
    return this.search(all, stepsOfHelp).isLegal;
  }

  /** Finds out which operations only look: they help no other, and there are many. */
  findObservers(known: readonly Placed[], last: Placed): void {
    const model = this.#model;
    const begin = model.init(this.#part);
    const states = new States(model.identity === undefined ? undefined : (state) => model.identity!(state));
    const changes = (before: unknown, after: unknown) =>
      after !== undefined && states.numberOf(before) !== states.numberOf(after);
    let state = begin;
    for (const each of [...this.search(known.filter((each) => each !== last)).order, last]) {
      const after = model.step(state, each.operation);
      if (!changes(state, after) && !changes(begin, model.step(begin, each.operation))) this.#observers.add(each);
      state = after ?? state;
    }
  }

  /** Looks for two to four operations: the last one, those that lead to what it saw, one more, and those that lead to what that saw. */
  guess(known: readonly Placed[], last: Placed): Placed[] | undefined {
    const model = this.#model;
    const begin = model.init(this.#part);
    const sourcesOf = ({ operation }: Placed, most: number): Placed[] => {
      if (operation.outcome !== "ok" || model.step(begin, operation) !== undefined) return [];
      const sources: Placed[] = [];
      for (const each of known) {
        this.#budget--;
        const state = model.step(begin, each.operation);
        if (state === undefined || model.step(state, operation) === undefined) continue;
        if (sources.push(each) === most) break;
      }
      return sources;
    };
    const own = sourcesOf(last, 2);
    const later = known.toReversed();
    const few = (chosen: Placed[]): Placed[] | undefined => {
      const unique = [...new Set(chosen)].sort((a, b) => a.call - b.call);
      return this.breaks(unique, known, last, false) ? unique : undefined;
    };
    const alone = few([last, ...own]);
    if (alone !== undefined) return alone;
    for (const one of later) {
      const found = this.isOver ? undefined : few([last, ...own, one]);
      if (found !== undefined) return found;
    }
    for (const one of later) {
      const found = this.isOver ? undefined : few([last, ...own, one, ...sourcesOf(one, 1)]);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Leaves out what can be, first in large pieces, from the end. */
  reduce(known: readonly Placed[], last: Placed, isSure: boolean): Placed[] {
    let chosen = [...known];
    for (let size = chosen.length >> 1; size >= 1;) {
      let isSmaller = false;
      for (let end = chosen.length; end > 0 && !this.isOver; end -= size) {
        const piece = new Set(chosen.slice(Math.max(0, end - size), end));
        piece.delete(last);
        const rest = chosen.filter((each) => !piece.has(each));
        if (rest.length === chosen.length || !this.breaks(rest, known, last, isSure)) continue;
        chosen = rest;
        isSmaller = true;
      }
      if (this.isOver) break;
      if (!isSmaller) size = size === 1 ? 0 : size >> 1;
      else size = Math.min(size, Math.max(1, chosen.length >> 1));
    }
    return chosen;
  }
}

/** What there is up to a place: what is called later is left out, and what returns later has not returned. */
function upTo(operations: readonly Placed[], place: number): Placed[] {
  return operations.filter(({ call }) => call < place).map((each) =>
    each.return <= place || each.return === Infinity
      ? each
      : { ...each, return: Infinity, operation: { ...each.operation, outcome: "unknown" as const } }
  );
}

/**
 * The few operations that show why there is no order, and how many steps it took to find them. `last` is the first to return of those
 * with which there is none.
 */
export function minimalOf(
  operations: readonly Placed[],
  last: Placed,
  model: Model,
  part: string | undefined,
  budget: number,
): { operations: readonly Placed[]; steps: number } {
  const shrinking = new Shrinking(model, part, budget);
  const known = upTo(operations, last.return);
  shrinking.findObservers(known, last);
  let chosen = shrinking.guess(known, last) ?? shrinking.reduce(known, last, false);
  if (chosen.length === 1) {
    // It says something that nothing leads to; a few operations that forbid it say more than it does alone.
    const more = shrinking.reduce(known, last, true);
    if (more.length <= fewOperations) chosen = more;
  }
  const calls = new Set(chosen.map(({ call }) => call));
  // As they are in the whole history: what had not returned by then has, for who looks at it.
  return { operations: operations.filter(({ call }) => calls.has(call)), steps: shrinking.steps };
}
