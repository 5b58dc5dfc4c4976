/**
 * The run queue: what is ready to run, by priority, a turn of the host for each entry.
 *
 * ```
 *   enqueue ──> lane ──(a turn picks the best entry at that moment)──> entry.run() ──> the host drains microtasks
 *                 ▲                                                                            │
 *                 └──────────── the slice is over: wait for a turn after the host's poll ◄─────┘
 * ```
 *
 * Three rules of the house are kept here. A turn runs one entry, so that between two entries the host drains its ticks
 * and microtasks. Turns are requested in batches, because one at a time costs six times as much. All entries together
 * use at most one slice, then timers and I/O get the loop.
 *
 * @module
 */

import type { TurnObserver, TurnRunner } from "../../runtime/monitor/monitor.ts";
import type { Host, Turns } from "../../runtime/port/host.ts";
import { type Entry, EntryList } from "./entry.ts";
import { laneCount } from "./priority.ts";

/** How many turns are asked for ahead of time. One for each entry would be quadratic when slices end early. */
const turnsAhead = 512;

/** After how many ms of continuations an entry of the same priority that is none goes first, once. */
const continuationBound = 1000;

/** Answers given without a turn, before one is taken. */
const answersPerTurn = 64;

/** Is `arrival` before `other`? Right as long as both are within 2^31 entries of each other. */
function isBefore(arrival: number, other: number): boolean {
  return ((arrival - other) | 0) < 0;
}

/** The run queue of one host. */
export class RunQueue {
  /** How long all entries together may run before timers and I/O get the loop, in ms. */
  slice = 5;
  /** How many entries are waiting. */
  size = 0;
  /** How many entries have run. */
  entriesRun = 0;
  /** How many slices have begun. */
  slices = 0;

  /**
   * Is told of each turn, while somebody watches. A turn that runs nothing then follows each one that does, because only the next turn
   * shows how long the microtasks of the last one took.
   */
  observer: TurnObserver | undefined = undefined;

  readonly #host: Host;
  readonly #turns: Turns;
  readonly #lanes: readonly EntryList[] = Array.from({ length: laneCount }, () => new EntryList());
  /** Turns asked for that have not come yet. */
  #requested = 0;
  /** Has this slice been used up? Then a turn after the poll is on its way and all turns before it do nothing. */
  #waitingForPoll = false;
  /** When the slice began, and when the turn that runs now did. */
  #sliceStart = 0;
  #now: number;
  /** The first entry after a rest: a look at the clock is saved if no other one comes before the next turn. */
  #unstamped: Entry | undefined = undefined;
  #ageing = 5000;
  /** When the lanes are next looked through for entries that have waited too long. */
  #nextAgeCheck = 0;
  /** Since when continuations of each priority have gone before other entries of it; -1 when they have not. */
  readonly #continuing: number[] = [-1, -1, -1];
  /** How many answers were given without a turn since the entry of that number began to run. */
  #answers = 0;
  #answersOf = 0;
  /** The arrival of the entry that came last. */
  #arrivals = 0;
  readonly #origin: number;

  constructor(host: Host) {
    this.#host = host;
    this.#origin = this.#now = host.now();
    this.#turns = host.openTurns((fresh) => this.#turn(fresh));
  }

  /** When the slice that runs now has to end: what is interruptible stops there. */
  get sliceEnd(): number {
    return this.#sliceStart + this.slice;
  }

  /** An entry that has waited longer than this, in ms, goes before those of higher priority; `Infinity` for never. */
  get ageing(): number {
    return this.#ageing;
  }

  set ageing(bound: number) {
    this.#ageing = bound;
    this.#nextAgeCheck = -Infinity;
  }

  /**
   * The queue's own time, in whole ms: that of the turn that runs, because a look at the clock costs as much as an
   * entry; but of now where no turn is on its way, because the last one may have been long ago.
   */
  stampNow(): number {
    if (this.#requested === 0 || this.#unstamped !== undefined) {
      this.#now = this.#host.now();
      this.#stampFirst();
    }
    return (this.#now - this.#origin) | 0;
  }

  #stampFirst(): void {
    if (this.#unstamped === undefined) return;
    this.#unstamped.stamp = (this.#now - this.#origin) | 0;
    this.#unstamped = undefined;
  }

  /** Puts an entry behind those of its lane. */
  enqueue(entry: Entry, lane: number): void {
    if (this.#requested === 0 && this.#unstamped === undefined) this.#unstamped = entry;
    else entry.stamp = this.stampNow();
    entry.arrival = this.#arrivals = (this.#arrivals + 1) | 0;
    this.#lanes[lane]!.push(entry);
    this.size++;
    if (this.#requested < turnsAhead && !this.#waitingForPoll) this.#request();
    if (this.observer !== undefined && this.#requested === 1) this.#request();
  }

  /** Takes an entry out before its turn; does nothing for one that is not in the queue. */
  remove(entry: Entry): void {
    if (entry.list === undefined) return;
    entry.list.remove(entry);
    this.size--;
    if (entry === this.#unstamped) this.#unstamped = undefined;
  }

  /**
   * Moves entries, given in the order in which they came, into another lane, among those there by that order; does nothing for
   * those that are not in the queue. One walk along the lane, however many there are.
   */
  move(entries: Iterable<Entry>, lane: number): void {
    const target = this.#lanes[lane]!;
    let next = target.first;
    for (const entry of entries) {
      if (entry.list === undefined || entry.list === target || !this.#lanes.includes(entry.list)) continue;
      entry.list.remove(entry);
      if (target.last === undefined || isBefore(target.last.arrival, entry.arrival)) next = undefined;
      while (next !== undefined && isBefore(next.arrival, entry.arrival)) next = next.next;
      target.insert(entry, next);
      // An old entry may have come before younger ones.
      this.#nextAgeCheck = -Infinity;
    }
  }

  /**
   * May an answer that is there be given at once? After so many in one turn it may not: a loop that is always answered at once,
   * such as a receiver of a full channel, would otherwise keep the host in its microtasks for as long as it runs.
   */
  mayAnswer(): boolean {
    if (this.entriesRun !== this.#answersOf) {
      this.#answersOf = this.entriesRun;
      this.#answers = 0;
    }
    return ++this.#answers <= answersPerTurn;
  }

  /** Work of ours begins in a callback of the host's: who watches the loop is told of it as of a turn. */
  beginOutside(runner: TurnRunner): void {
    const { observer } = this;
    if (observer === undefined) return;
    const now = this.#host.now();
    observer.ended(now, true);
    observer.began(runner, now);
    if (this.#requested === 0) this.#request();
  }

  #request(): void {
    this.#requested++;
    this.#turns.request();
  }

  #turn(fresh: boolean): void {
    this.#requested--;
    if (fresh) {
      this.#waitingForPoll = false;
      this.slices++;
    } else if (this.#waitingForPoll) {
      return;
    }
    const { observer } = this;
    if (this.size === 0 && observer === undefined) return;
    const now = this.#now = this.#host.now();
    this.#stampFirst();
    observer?.ended(now, fresh);
    if (this.size === 0) return;
    if (fresh) {
      this.#sliceStart = now;
    } else if (now - this.#sliceStart >= this.slice) {
      this.#waitingForPoll = true;
      this.#requested++;
      this.#turns.requestAfterPoll();
      return;
    }
    this.size--;
    this.entriesRun++;
    const entry = this.#take(now);
    const wanted = observer === undefined ? this.size : this.size + 1;
    while (this.#requested < wanted && this.#requested < turnsAhead) this.#request();
    observer?.began(entry, now);
    entry.run();
  }

  /** For how long an entry has waited, in whole ms; right also when the stamps have wrapped round. */
  #ageOf(entry: Entry, now: number): number {
    return ((now - this.#origin) | 0) - entry.stamp | 0;
  }

  /** The entry to run now; there is one. */
  #take(now: number): Entry {
    const lanes = this.#lanes;
    let lane = laneCount - 1;
    while (lanes[lane]!.first === undefined) lane--;
    if ((lane & 1) === 1) lane = this.#boundedContinuation(now, lane);
    if (now >= this.#nextAgeCheck) lane = this.#agedLane(now, lane);
    return lanes[lane]!.shift();
  }

  /**
   * The lane of continuations, or the one below it when its entries have been passed over for too long: the first of
   * them itself, because continuations may have gone before others that ran or were cancelled long ago.
   */
  #boundedContinuation(now: number, lane: number): number {
    const priority = lane >> 1;
    const since = this.#continuing[priority]!;
    const passed = this.#lanes[lane - 1]!.first;
    if (passed === undefined) {
      this.#continuing[priority] = -1;
    } else if (since < 0) {
      this.#continuing[priority] = now;
    } else if (now - since >= continuationBound && this.#ageOf(passed, now) >= continuationBound) {
      this.#continuing[priority] = -1;
      return lane - 1;
    }
    return lane;
  }

  /**
   * The lane below `best` whose first entry has waited longest and too long, else `best`. Looking is cheap but would be done for every
   * entry; unless something has aged, the next look is when the oldest entry of all will have.
   */
  #agedLane(now: number, best: number): number {
    let found = best;
    let longest = this.#ageing;
    let oldest = 0;
    for (let lane = 0; lane < laneCount; lane++) {
      const { first } = this.#lanes[lane]!;
      if (first === undefined) continue;
      const age = this.#ageOf(first, now);
      if (age > oldest) oldest = age;
      if (lane >= best || age < longest) continue;
      longest = age;
      found = lane;
    }
    if (found === best) this.#nextAgeCheck = now + this.#ageing - oldest;
    return found;
  }
}
