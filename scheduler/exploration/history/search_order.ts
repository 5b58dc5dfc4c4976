/**
 * The search for one order in which a thing could have done what its clients saw, as Wing and Gong describe it, with the memory of
 * Lowe: "Testing for linearizability", 2017.
 *
 * @module
 */

import type { Model } from "./model.ts";
import type { Placed } from "./operation.ts";
import { DoneSet, Seen, States } from "./seen.ts";

/** What a search has found. */
export interface Found {
  /** Is there such an order? `undefined` if the search ended before it knew. */
  readonly isLegal: boolean | undefined;
  readonly steps: number;
  /** The order, or of those that came furthest the longest. */
  readonly order: readonly Placed[];
  /** The state after it. */
  readonly state: unknown;
  /**
   * What had to come next in that order, and could not. All that returned before it has an order, and with it there is none: any other
   * order would have come further.
   */
  readonly stuck: Placed | undefined;
}

/**
 * Calls and returns in their order, as two doubly linked lists in one array: one of the operations that returned, one of the calls of
 * those whose outcome is unknown. Entries are numbered: the calls, then the returns, then the heads of the two lists.
 */
class Entries {
  readonly next: Int32Array;
  readonly previous: Int32Array;
  readonly #count: number;
  readonly certain: number;
  readonly optional: number;

  constructor(operations: readonly Placed[]) {
    const count = operations.length;
    this.#count = count;
    this.certain = 2 * count;
    this.optional = 2 * count + 1;
    this.next = new Int32Array(2 * count + 2);
    this.previous = new Int32Array(2 * count + 2);
    const events: [place: number, entry: number][] = [];
    const optional: number[] = [];
    for (const [index, operation] of operations.entries()) {
      if (operation.return === Infinity) optional.push(index);
      else events.push([operation.call, index], [operation.return, count + index]);
    }
    this.#link(this.certain, events.sort(([a], [b]) => a - b).map(([, entry]) => entry));
    this.#link(this.optional, optional);
  }

  #link(head: number, entries: readonly number[]): void {
    let last = head;
    for (const entry of entries) {
      this.next[last] = entry;
      this.previous[entry] = last;
      last = entry;
    }
    this.next[last] = head;
    this.previous[head] = last;
  }

  /** Takes an operation out. */
  lift(index: number, isOptional: boolean): void {
    this.#lift(index);
    if (!isOptional) this.#lift(this.#count + index);
  }

  /** Puts back the operation that was taken out last. */
  unlift(index: number, isOptional: boolean): void {
    if (!isOptional) this.#unlift(this.#count + index);
    this.#unlift(index);
  }

  #lift(entry: number): void {
    this.next[this.previous[entry]!] = this.next[entry]!;
    this.previous[this.next[entry]!] = this.previous[entry]!;
  }

  #unlift(entry: number): void {
    this.next[this.previous[entry]!] = entry;
    this.previous[this.next[entry]!] = entry;
  }
}

/** One search. */
class OrderSearch {
  readonly #operations: readonly Placed[];
  readonly #model: Model;
  readonly #budget: number;
  readonly #entries: Entries;
  readonly #states: States;
  readonly #seen: Seen;
  /** Those that returned and those with unknown outcome are numbered apart: the latter would leave gaps for good. */
  readonly #done: DoneSet;
  readonly #doneOptional: DoneSet;
  readonly #numbers: Int32Array;
  readonly #path: number[] = [];
  /** Before each step of the path: the state, its number, and the place up to which operations might be called. */
  readonly #before: { state: unknown; number: number; limit: number }[] = [];
  #state: unknown;
  #number: number;
  #left: number;
  #steps = 0;
  /** The best order is so much of the path, and what is behind it, the last one first: to copy it each time would be quadratic. */
  #shared = 0;
  #behind: number[] = [];
  #bestState: unknown;
  /** What could not be placed in it, and when that returned. */
  #stuck: number | undefined;
  #furthest = -1;

  constructor(operations: readonly Placed[], model: Model, part: string | undefined, budget: number) {
    this.#operations = operations;
    this.#model = model;
    this.#budget = budget;
    this.#entries = new Entries(operations);
    this.#numbers = new Int32Array(operations.length);
    let certain = 0;
    let optional = 0;
    for (const [index, { return: returned }] of operations.entries()) {
      this.#numbers[index] = returned === Infinity ? optional++ : certain++;
    }
    this.#done = new DoneSet(certain);
    this.#doneOptional = new DoneSet(optional);
    this.#seen = new Seen(this.#done, this.#doneOptional);
    this.#left = certain;
    const { identity } = model;
    this.#states = new States(identity === undefined ? undefined : (state) => model.identity!(state));
    this.#state = model.init(part);
    this.#number = this.#states.numberOf(this.#state);
    this.#bestState = this.#state;
  }

  run(): Found {
    const { next, certain, optional } = this.#entries;
    const count = this.#operations.length;
    let entry = next[certain]!;
    // Where the first return is, as soon as it is known: what is called after it cannot be next.
    let limit = Infinity;
    while (this.#left > 0) {
      if (this.#steps++ >= this.#budget) return this.#found(undefined);
      if (entry < count) {
        const isTaken = this.#take(entry, limit);
        if (isTaken === undefined) return this.#found(undefined);
        entry = isTaken ? next[certain]! : next[entry]!;
      } else if (entry !== optional) {
        // All that could be next and returned have been tried; now those of which nobody knows.
        limit = this.#operations[entry - count]!.return;
        this.#keepBest(entry - count, limit);
        entry = next[optional]!;
      } else {
        const undone = this.#goBack();
        if (undone === undefined) return this.#found(false);
        limit = this.#before[this.#path.length]!.limit;
        entry = next[undone]!;
      }
      if (entry < count && this.#isOptional(entry) && this.#operations[entry]!.call > limit) entry = optional;
    }
    return this.#found(true);
  }

  #isOptional(index: number): boolean {
    return this.#operations[index]!.return === Infinity;
  }

  /** Does an operation next, if it can be and has not been tried from here; `undefined` if there is no more memory. */
  #take(index: number, limit: number): boolean | undefined {
    const state = this.#model.step(this.#state, this.#operations[index]!.operation);
    if (state === undefined) return false;
    const number = this.#states.numberOf(state);
    const isOptional = this.#isOptional(index);
    // That it was never done comes to the same.
    if (isOptional && number === this.#number) return false;
    const done = isOptional ? this.#doneOptional : this.#done;
    done.add(this.#numbers[index]!);
    const isNew = this.#states.isFull ? undefined : this.#seen.add(number);
    if (isNew !== true) {
      done.delete(this.#numbers[index]!);
      return isNew;
    }
    this.#before[this.#path.length] = { state: this.#state, number: this.#number, limit };
    this.#path.push(index);
    this.#entries.lift(index, isOptional);
    if (!isOptional) this.#left--;
    this.#state = state;
    this.#number = number;
    return true;
  }

  /** Undoes the last operation, and returns which one that was. */
  #goBack(): number | undefined {
    const index = this.#path.pop();
    if (index === undefined) return undefined;
    if (this.#path.length < this.#shared) {
      this.#shared--;
      this.#behind.push(index);
    }
    const isOptional = this.#isOptional(index);
    this.#entries.unlift(index, isOptional);
    (isOptional ? this.#doneOptional : this.#done).delete(this.#numbers[index]!);
    if (!isOptional) this.#left++;
    ({ state: this.#state, number: this.#number } = this.#before[this.#path.length]!);
    return index;
  }

  /** Keeps the path, if it is the best one so far; `stuck` has to come next, or one of those whose outcome is unknown. */
  #keepBest(stuck: number, returns: number): void {
    const length = this.#shared + this.#behind.length;
    if (returns < this.#furthest || (returns === this.#furthest && this.#path.length <= length)) return;
    this.#shared = this.#path.length;
    this.#behind = [];
    this.#bestState = this.#state;
    this.#stuck = stuck;
    this.#furthest = returns;
  }

  #found(isLegal: boolean | undefined): Found {
    const best = isLegal ? this.#path : [...this.#path.slice(0, this.#shared), ...this.#behind.toReversed()];
    return {
      isLegal,
      steps: this.#steps,
      order: best.map((index) => this.#operations[index]!),
      state: isLegal ? this.#state : this.#bestState,
      stuck: isLegal || this.#stuck === undefined ? undefined : this.#operations[this.#stuck],
    };
  }
}

/** Searches an order of operations, which are in the order of their calls, within so many steps. */
export function searchOrder(
  operations: readonly Placed[],
  model: Model,
  part: string | undefined,
  budget: number,
): Found {
  return new OrderSearch(operations, model, part, budget).run();
}
