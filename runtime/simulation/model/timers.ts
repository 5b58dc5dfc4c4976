/**
 * The timers of a model: by lists, as Node has them, or by deadline.
 *
 * @module
 */

import type { Profile } from "./profile.ts";
import { type Bound, type Moment, now, type Zone } from "./zone.ts";

/** A timer of a model. */
export interface Timer {
  readonly kind: "timeout";
  readonly fn: () => void;
  readonly delay: number;
  /** When it was set last. */
  start: Moment;
  /** The list it stands in. */
  list: TimerList | undefined;
  cleared: boolean;
}

/** The timers of one duration, in the order in which they were set; for a loop that goes by deadlines each timer alone. */
export interface TimerList {
  readonly delay: number;
  readonly timers: Timer[];
  /** The list is looked at `delay` steps of the clock after this. */
  start: Moment;
  /** Decides between lists that are to be looked at at the same time. */
  order: number;
}

/** What can come next: a list that is due before all others, or that none is due. */
export interface Candidate {
  readonly list: TimerList | undefined;
  readonly bounds: readonly Bound[];
}

/** The timers that are set. */
export class ModelTimers {
  readonly #profile: Profile;
  readonly #zone: Zone;
  #lists: TimerList[] = [];
  /** The timer whose callback is under way. */
  running: Timer | undefined = undefined;
  #order = 0;

  constructor(profile: Profile, zone: Zone) {
    this.#profile = profile;
    this.#zone = zone;
  }

  get size(): number {
    return this.#lists.length;
  }

  /** The lists as they stand to each other, and the moments that decide when they are due. */
  state(): { lists: string; moments: Moment[] } {
    const lists = [...this.#lists].sort((a, b) => a.order - b.order);
    return {
      lists: lists.map(({ delay, timers }) => `${delay}x${timers.length}`).join(","),
      moments: lists.flatMap(({ start, timers }) => [start, ...timers.map((timer) => timer.start)]),
    };
  }

  /** Sets a timer now. */
  set(fn: () => void, delay: number): Timer {
    const timer: Timer = { kind: "timeout", fn, delay, start: now, list: undefined, cleared: false };
    this.#insert(timer);
    return timer;
  }

  /** Starts a timer anew. */
  refresh(timer: Timer): void {
    if (timer.cleared) return;
    this.#take(timer);
    this.#insert(timer);
  }

  /** Takes a timer back for good, as far as the host does that with one that has fired. */
  clear(timer: Timer): void {
    const { list } = timer;
    if (list !== undefined || this.running === timer || this.#profile.clearsFired) timer.cleared = true;
    if (list === undefined) return;
    this.#take(timer);
    if (list.timers.length === 0) this.drop(list);
  }

  /** Takes the first timer out of a list; its place in the zone is the caller's to forget. */
  shift(list: TimerList): Timer {
    const timer = list.timers.shift()!;
    timer.list = undefined;
    return timer;
  }

  /** Takes a list out; does nothing for one that is out. */
  drop(list: TimerList): void {
    const index = this.#lists.indexOf(list);
    if (index >= 0) this.#lists.splice(index, 1);
  }

  /** A list has to wait for its first timer. */
  postpone(list: TimerList): void {
    list.start = list.timers[0]!.start;
    list.order = ++this.#order;
  }

  /** Everything that can come next at the moment `at`, by what is known. */
  candidates(at: Moment): Candidate[] {
    const found: Candidate[] = [];
    const none = this.#lists.map((list) => ({ a: at, b: list.start, difference: list.delay - 1 }));
    for (const list of this.#lists) {
      const bounds: Bound[] = [{ a: list.start, b: at, difference: -list.delay }];
      for (const other of this.#lists) {
        if (other === list) continue;
        const difference = other.delay - list.delay - (other.order < list.order ? 1 : 0);
        bounds.push({ a: list.start, b: other.start, difference });
      }
      if (this.#zone.allows(bounds)) found.push({ list, bounds });
    }
    if (this.#zone.allows(none)) found.push({ list: undefined, bounds: none });
    return found;
  }

  /** That a timer is due at the moment `at`. */
  due(timer: Timer, at: Moment): Bound {
    return { a: timer.start, b: at, difference: -timer.delay };
  }

  /** That a timer is not due at the moment `at`. */
  early(timer: Timer, at: Moment): Bound {
    return { a: at, b: timer.start, difference: timer.delay - 1 };
  }

  #insert(timer: Timer): void {
    timer.start = this.#zone.mark();
    let list = this.#profile.timers === "lists" ? this.#lists.find(({ delay }) => delay === timer.delay) : undefined;
    if (list === undefined) {
      list = { delay: timer.delay, timers: [], start: timer.start, order: ++this.#order };
      this.#lists.push(list);
    }
    list.timers.push(timer);
    timer.list = list;
  }

  #take(timer: Timer): void {
    const { list } = timer;
    if (list === undefined) return;
    list.timers.splice(list.timers.indexOf(timer), 1);
    timer.list = undefined;
    if (this.#profile.timers === "deadline") this.drop(list);
  }
}
