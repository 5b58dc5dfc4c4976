/**
 * A loop that is ours: its clock is a number, and which of the macrotasks that are ready runs next is a decision.
 *
 * ```
 *   due timers ──> completions and messages ──> immediates ──> (nothing is left) the clock jumps to what comes first
 *       ▲                                                                               │
 *       └───────────────────────────────────────────────────────────────────────────────┘
 * ```
 *
 * What is listed here in order is what the loop prefers. Where a host could do otherwise, all it could do is offered to
 * `choose`; where it could not, nobody is asked. One call of `step` runs one macrotask, and the caller lets the real host drain
 * its microtasks before the next.
 *
 * Rules of what may be chosen:
 * - a timer never comes before one of an earlier deadline, nor before one of its own list that was set first;
 * - from I/O on, and for timers that timers set, immediates come first;
 * - the clock passes over nothing that completes at a given time, and over immediates only for a timer of at most 1 ms, and not
 *   right after I/O;
 * - a completion without a latency may come at any time after it was asked for;
 * - turns of Millrace's own run queue are promptly given.
 *
 * @module
 */

import { AskedLoop } from "./asked_loop.ts";
import type { Arrival, Choose, LoopEvent, LoopOptions } from "./loop_event.ts";
import { Quiet } from "./quiet.ts";
import { TimerPhase } from "./timer_phase.ts";
import type { VirtualTimer } from "./virtual_timers.ts";
import { Ways } from "./ways.ts";

/** The loop of one simulation. */
export class SimulatedLoop extends AskedLoop {
  /** How deep in timers set by timers the callback is that runs. */
  nesting = 0;
  /** The last macrotask, and when it ran; none before the first. */
  last: LoopEvent | undefined = undefined;
  lastAt = 0;
  readonly ways: Ways;
  readonly quiet: Quiet = new Quiet();
  /** Is called before a timer fires, and answers whether it still does. */
  beforeTimer: ((timer: LoopEvent) => boolean) | undefined = undefined;
  /** The shortest delay of a timer, in ms. */
  readonly shortestDelay: number;
  readonly #choose: Choose;
  readonly #observe: LoopOptions["observe"];
  readonly #phase = new TimerPhase();
  readonly #events: LoopEvent[] = [];

  constructor(choose: Choose, options: LoopOptions) {
    super(options.keepPlaces);
    this.#choose = choose;
    this.shortestDelay = options.shortestDelay;
    this.#observe = options.observe;
    this.ways = new Ways(choose, options.late, () => ++this.lastId);
  }

  /** What the last macrotask is called. */
  get lastLabel(): string {
    return this.last?.label ?? "the body";
  }

  /** When the clock is going to stop next, if nothing else is asked for. */
  get nextAt(): number {
    return Math.min(this.timers.first()?.deadline ?? Infinity, this.arrivals.nextAt);
  }

  /** Lets time pass in which nothing runs, as if a callback took that long. */
  spin(ms: number): void {
    this.now += ms;
    this.#phase.spunTo = this.now;
    this.arrivals.mature(this.now);
  }

  /** Runs the next macrotask; answers false when there is none. */
  step(): boolean {
    if (this.quiet.isAwaited) { for (const fn of this.quiet.due(this)) this.unowned(() => this.callSoon(fn)); }
    if (this.immediates.hasNext) return this.#runImmediate();
    if (this.#turnsAreDue()) return this.#startBatch();
    const events = this.#offers();
    if (events.length === 0) return false;
    const event = events.length === 1 ? events[0]! : events[this.#choose(events)]!;
    if (event.kind === "immediate") return this.#startBatch();
    // Something may happen to whose it is just before, and then it does not come.
    if (event.kind === "timer" && this.beforeTimer?.(event) === false) return true;
    this.steps++;
    if (event.kind === "timer") this.#fire(event as VirtualTimer);
    else this.#run(event as Arrival);
    return true;
  }

  /** Runs an immediate, whatever else is there; answers false for none. */
  stepImmediate(): boolean {
    if (this.immediates.hasNext) return this.#runImmediate();
    return this.immediates.waiting > 0 && this.#startBatch();
  }

  /** Runs a macrotask that comes at a fixed place: real work that the loop has waited for. */
  runFixed(label: string, fn: () => void): void {
    this.steps++;
    this.#phase.interrupt(this.timers.first());
    this.arrivals.beginPhase(this.lastId);
    this.immediates.interrupt();
    this.#begin({ owner: undefined, id: ++this.lastId, label, kind: "io", chain: 0, fn });
    fn();
  }

  /** Runs what is left of immediates and messages when the program has ended; answers false when there is nothing. */
  stepLeftOver(): boolean {
    if (this.stepImmediate()) return true;
    const message = this.arrivals.firstMessage;
    if (message === undefined) return false;
    this.steps++;
    this.#run(message);
    return true;
  }

  /** Do turns of a run queue come next, without a choice? */
  #turnsAreDue(): boolean {
    if (!this.immediates.areTurns) return false;
    const hasDueTimer = (this.timers.first()?.deadline ?? Infinity) <= this.now;
    return this.immediates.maySkipAhead || (!this.arrivals.hasReady && !hasDueTimer);
  }

  /** Everything that could run next, the preferred first. */
  #offers(): readonly LoopEvent[] {
    const events = this.#events;
    events.length = 0;
    const hasImmediates = this.immediates.waiting > 0;
    const { isPolling } = this.arrivals;
    const limit = this.#phase.limitNow(hasImmediates, isPolling);
    const timer = this.timers.firstBefore(limit);
    const isDue = timer !== undefined && timer.deadline <= this.now;
    if (isDue) this.timers.firstOfLists(events as VirtualTimer[], limit);
    if (isDue && this.#phase.isNext(timer, isPolling)) return events;
    const isCertain = isDue && timer.deadline <= this.#phase.spunTo;
    // What was asked for in this phase of I/O comes in the next, with immediates and such a timer between.
    let mayPass = !this.arrivals.offerReady(events, hasImmediates || isCertain) && !isDue;
    if (hasImmediates) {
      events.push(this.immediates.first);
      mayPass &&= timer !== undefined && timer.delay <= 1 && timer.deadline <= this.now + 1;
    }
    // Timers that only watch are no reason for the clock to go on.
    if (mayPass && (this.timers.waking > 0 || this.arrivals.hasLater)) this.#offerLater(events, timer, limit);
    return events;
  }

  /** What comes first of all that comes at a given time. */
  #offerLater(events: LoopEvent[], timer: VirtualTimer | undefined, limit: number): void {
    const at = Math.min(timer?.deadline ?? Infinity, this.arrivals.nextAt);
    if (timer?.deadline === at) this.timers.firstOfLists(events as VirtualTimer[], limit);
    this.arrivals.offerLater(events, at);
  }

  /** Moves the clock on to a time, unless that is over or any. */
  #jumpTo(time: number): void {
    if (time <= this.now) return;
    this.now = time;
    this.arrivals.mature(time);
  }

  #fire(timer: VirtualTimer): void {
    this.#phase.fire(timer, this.immediates.waiting === 0 && timer.deadline > this.now, this.lastId);
    this.#jumpTo(timer.deadline);
    if (this.timers.size > 1 || this.arrivals.hasLater) this.#beLate(timer);
    this.arrivals.endPhase();
    this.immediates.interrupt();
    this.timers.clear(timer);
    this.#begin(timer);
    this.parent = timer;
    // The next round of an interval counts from before the callback.
    const { now } = this;
    timer.fn();
    if (timer.repeat && !timer.set && !timer.cleared && !timer.owner?.isOver) this.setAnew(timer, now);
  }

  /** A timer that is late makes all late that comes after it, as on a host that was busy. */
  #beLate(timer: VirtualTimer): void {
    const late = this.ways.lateness(timer, this.now, () => [...this.timers.deadlines(), this.arrivals.nextAt]);
    if (late > 0) this.spin(late);
  }

  #run(arrival: Arrival): void {
    this.#phase.interrupt(this.timers.first());
    this.#jumpTo(arrival.at);
    this.arrivals.take(arrival);
    this.arrivals.beginPhase(this.lastId);
    this.immediates.interrupt();
    this.#begin(arrival);
    arrival.fn();
    if (arrival.batch !== undefined) this.#joinBatch(arrival.batch);
  }

  /** Lets others of a batch come in the same macrotask, as far as that is chosen. */
  #joinBatch(batch: string): void {
    for (;;) {
      const next = this.arrivals.nextOf(batch);
      if (next === undefined) return;
      const label = `the end of a batch of ${batch}`;
      const end: LoopEvent = { owner: undefined, id: ++this.lastId, label, kind: "io", chain: 0, fn() {} };
      if (this.#choose([end, next]) === 0) return;
      this.arrivals.take(next);
      this.#begin(next);
      next.fn();
    }
  }

  #startBatch(): boolean {
    this.#phase.interrupt(this.timers.first());
    this.immediates.startBatch();
    return this.#runImmediate();
  }

  #runImmediate(): boolean {
    this.arrivals.endPhase();
    this.#phase.limit = Infinity;
    this.steps++;
    const immediate = this.immediates.next();
    this.#begin(immediate);
    immediate.fn();
    return true;
  }

  /** A macrotask begins. */
  #begin(event: LoopEvent): void {
    this.parent = undefined;
    this.owner = event.owner;
    this.#phase.begin(this.lastId);
    this.last = event;
    this.lastAt = this.now;
    this.chain = event.chain;
    this.goesOn = false;
    this.#observe?.(event);
  }
}
