/**
 * The timers of Millrace: one structure over one timer of the host, so that 100,000 sleeping tasks cost no 100,000
 * host timers.
 *
 * The rule about fake timers, which a test may put in the place of the host's:
 *
 * - What a program asks to last so long (a sleep, a timeout, a deadline, a pause between attempts) goes by the clock and the timers
 *   that are in place at the moment it begins: by `TimerQueue.now`, `set` and `setTimer`. A timer of the fakes is set for each, so
 *   that they alone say when it comes; those that are pending when the fakes are removed never come, as with `setTimeout`, and
 *   hold up nothing that is set later.
 * - What the library does of itself (slices, ageing, figures), and what bounds the end of threads, servers and programs, which fakes
 *   do not reach, goes by the host's own: by `Host.now`, and `setTimer` with `real`.
 *
 * @module
 */

import { Heap } from "../../runtime/basics/heap.ts";
import type { Host, HostTimer, TimeSource } from "../../runtime/port/host.ts";

/** Something that happens at a time. It is set at most once: a heap of 100,000 has no object more for each. */
export interface Timed {
  /** When, in ms of `TimerQueue.now` as the timer is set. */
  readonly deadline: number;
  /** Does it keep the process alive while it is set? */
  readonly hold: boolean;
  /** Where it stands among those of the same deadline; 0 when it is not set, below for one of the fakes'. Owned by the queue. */
  order: number;
  /** Is called once the deadline has passed, never early. It does not throw. */
  expire(): void;
}

/** Timers by deadline, and among equal deadlines by the order in which they were set. */
export class TimerQueue {
  readonly #host: Host;
  /** How long one callback of the host may go on expiring timers, in ms. */
  slice: number;
  /**
   * A binary heap. A timer that is cancelled stays until it comes to the top or until half of the heap is such
   * timers, then all of them are dropped: constant time for each on average, and memory within twice what is set.
   */
  readonly #heap: Heap<Timed> = new Heap(isBefore);
  #cancelled = 0;
  /** How many are at work who cancel many. */
  #bulks = 0;
  #order = 0;
  /** How many of the timers that are set hold the process. */
  #holding = 0;
  #hostTimer: HostTimer | undefined;
  #hostDeadline = Infinity;
  /** Whether the host's timer holds the process at the moment. */
  #hostHolds = true;
  /** Timers of fakes. Those of fakes that have been removed stay until they are cancelled, or nobody knows them. */
  #faked: WeakMap<Timed, { readonly clock: TimeSource; readonly hostTimer: HostTimer }> | undefined = undefined;

  constructor(host: Host, slice: number) {
    this.#host = host;
    this.slice = slice;
  }

  /** What tells the time to a program at the moment: the fakes in place, else the host. */
  get clock(): TimeSource {
    return this.#host.fakes?.() ?? this.#host;
  }

  /** The time by that. */
  now(): number {
    return this.clock.now();
  }

  /** How many timers of the host's own time are set. */
  get size(): number {
    return this.#heap.size - this.#cancelled;
  }

  /** Sets a timer that has not been set before. */
  set(timer: Timed): void {
    const { clock } = this;
    if (clock === this.#host) this.#add(timer);
    else this.#setIn(clock, timer);
  }

  #setIn(clock: TimeSource, timer: Timed): void {
    timer.order = -1;
    const fire = (): void => {
      if (this.#faked!.get(timer) !== set) return;
      timer.order = 0;
      timer.expire();
    };
    // A clock with fractions is not to make a whole number of ms one more.
    const hostTimer = clock.setTimer(fire, Math.max(0, Math.ceil(timer.deadline - clock.now() - 1e-6)));
    const set = { clock, hostTimer };
    (this.#faked ??= new WeakMap()).set(timer, set);
  }

  /** Is a timer set whose time has come, by the clock it was set on? That of fakes that have been removed tells nothing. */
  isOverdue(timer: Timed): boolean {
    if (timer.order === 0) return false;
    const clock = timer.order < 0 ? this.#faked!.get(timer)!.clock : this.#host;
    return (clock === this.#host || clock === this.clock) && timer.deadline <= clock.now();
  }

  #add(timer: Timed): void {
    timer.order = ++this.#order;
    this.#heap.push(timer);
    if (timer.hold) this.#holding++;
    this.#arm();
  }

  /** Takes a timer back; does nothing for one that is not set. */
  cancel(timer: Timed): void {
    if (timer.order === 0) return;
    const isFaked = timer.order < 0;
    timer.order = 0;
    if (isFaked) {
      this.#faked!.get(timer)!.hostTimer.cancel();
      this.#faked!.delete(timer);
      return;
    }
    this.#cancelled++;
    if (timer.hold) this.#holding--;
    if (this.#bulks === 0) this.#sweepIfDue();
    // None comes earlier than before. A look at the first timer for each of 100,000 that are cancelled is one at memory far away.
    if (this.size === 0 || (this.#holding > 0) !== this.#hostHolds) this.#arm();
  }

  /** Calls back after `delay` ms; `real` ones of the host's own, whatever is in place. For the few places that need no object of their own. */
  setTimer(callback: () => void, delay: number, options: { hold?: boolean; real?: boolean } = {}): { cancel(): void } {
    const { hold = true, real = false } = options;
    const clock = real ? this.#host : this.clock;
    const timer: Timed = { deadline: clock.now() + delay, hold, order: 0, expire: callback };
    if (clock === this.#host) this.#add(timer);
    else this.#setIn(clock, timer);
    return { cancel: () => this.cancel(timer) };
  }

  /** Makes the host's timer fit the earliest timer here, and hold the process exactly if one of those here does. */
  #arm(): void {
    if (this.size === 0) {
      this.#hostTimer?.cancel();
      this.#hostTimer = undefined;
      this.#hostDeadline = Infinity;
      return;
    }
    const deadline = this.#heap.first!.deadline;
    if (deadline < this.#hostDeadline) {
      this.#hostTimer?.cancel();
      this.#hostDeadline = deadline;
      // Hosts cut a delay down to whole milliseconds, so that it is rounded up lest the timer fire for nothing.
      this.#hostTimer = this.#host.setTimer(() => this.#fire(), Math.max(0, Math.ceil(deadline - this.#host.now())));
      this.#hostHolds = true;
    }
    const holds = this.#holding > 0;
    if (holds !== this.#hostHolds) {
      this.#hostHolds = holds;
      if (holds) this.#hostTimer!.ref();
      else this.#hostTimer!.unref();
    }
  }

  #fire(): void {
    this.#hostTimer = undefined;
    this.#hostDeadline = Infinity;
    let now = this.#host.now();
    const end = now + this.slice;
    let count = 0;
    while (this.#heap.size > 0 && this.#heap.first!.deadline <= now) {
      const timer = this.#heap.pop();
      if (timer.order === 0) {
        this.#cancelled--;
      } else {
        timer.order = 0;
        if (timer.hold) this.#holding--;
        timer.expire();
      }
      // A thundering herd of timers must not block the loop either.
      if ((++count & 63) === 0 && (now = this.#host.now()) > end) break;
    }
    this.#arm();
  }

  /**
   * Somebody is going to cancel many: what is cancelled stays until `endBulk`. Of 100,000 timers that are all cancelled half would be put in
   * order anew, for 5 to 10 ms in one turn, only to be cancelled next.
   */
  beginBulk(): void {
    this.#bulks++;
  }

  endBulk(): void {
    this.#bulks--;
    if (this.#bulks === 0) this.#sweepIfDue();
  }

  #sweepIfDue(): void {
    if (this.#cancelled <= 32 || this.#cancelled * 2 <= this.#heap.size) return;
    this.#cancelled = 0;
    this.#heap.keep(({ order }) => order !== 0);
  }
}

/** One that was cancelled has lost its order; where it then comes among those of its deadline does not matter. */
function isBefore(a: Timed, b: Timed): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.order < b.order);
}
