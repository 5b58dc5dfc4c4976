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

import { Arrivals } from "./arrivals.ts";
import { Immediates } from "./immediates.ts";
import {
  anyTime,
  type Arrival,
  type Choose,
  type CompletionSettings,
  type DeliverySettings,
  type Immediate,
  type LoopEvent,
  type LoopOptions,
} from "./loop_event.ts";
import { type FindOwner, nobody, type Owner } from "./owner.ts";
import { Quiet } from "./quiet.ts";
import { TimerPhase } from "./timer_phase.ts";
import { type VirtualTimer, VirtualTimers } from "./virtual_timers.ts";
import { Ways } from "./ways.ts";

/** How a timer fires. */
const once: Pick<VirtualTimer, "repeat"> = { repeat: false };

/** The flow of control does not tell. */
const unknown: FindOwner = () => undefined;

/** How many places are kept: it takes a microsecond each. */
const mostPlaces = 250;

/** The loop of one simulation. */
export class SimulatedLoop {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** How many macrotasks have run. */
  steps = 0;
  /** How deep in timers set by timers the callback is that runs. */
  nesting = 0;
  /** The last macrotask, and when it ran; none before the first. */
  last: LoopEvent | undefined = undefined;
  lastAt = 0;
  /** The timer that was taken back last while it was set. */
  takenBack: VirtualTimer | undefined = undefined;
  /** Whose macrotask runs; who comes next is told where somebody wants to know. */
  owner: Owner | undefined = undefined;
  /** Whose flow of control it is, where there are machines. */
  findOwner: FindOwner | undefined = undefined;
  /** Is told of the number of all that is asked for, where somebody wants to know. */
  asked: ((id: number) => void) | undefined = undefined;
  readonly ways: Ways;
  readonly timers: VirtualTimers = new VirtualTimers();
  readonly immediates: Immediates = new Immediates();
  readonly arrivals: Arrivals = new Arrivals();
  readonly quiet: Quiet = new Quiet();
  /** Is the place kept where timers and operations were asked for? */
  readonly keepPlaces: boolean;
  /** The shortest delay of a timer, in ms. */
  readonly shortestDelay: number;
  readonly #choose: Choose;
  readonly #observe: LoopOptions["observe"];
  #lastId = 0;
  #lastChain = 0;
  /** The line of causes of the macrotask that runs; has something gone on with it? */
  #chain = 0;
  #goesOn = false;
  readonly #phase = new TimerPhase();
  /** The timer that fires now. */
  #parent: VirtualTimer | undefined;
  readonly #events: LoopEvent[] = [];

  constructor(choose: Choose, options: LoopOptions) {
    this.#choose = choose;
    this.keepPlaces = options.keepPlaces;
    this.shortestDelay = options.shortestDelay;
    this.#observe = options.observe;
    this.ways = new Ways(choose, options.late, () => ++this.#lastId);
  }

  /** Sets a timer, which fires once if nothing else is said; `delay` in ms of any length. */
  setTimer(
    fn: () => void,
    delay: number,
    label: string,
    { repeat }: Pick<VirtualTimer, "repeat"> = once,
  ): VirtualTimer {
    const { place, steps: setIn, asker: owner } = this;
    const [id, chain, deadline] = [++this.#lastId, this.#nextChain(), this.#after(delay, owner)];
    const timer = this.timers.add({ owner, id, label, chain, delay, deadline, fn, repeat, setIn, place }, this.#parent);
    if (owner?.isOver) this.clearTimer(timer);
    return timer;
  }

  /** Takes a timer back for good. */
  clearTimer(timer: VirtualTimer): void {
    timer.cleared = true;
    if (timer.set) this.takenBack = timer;
    this.timers.clear(timer);
  }

  /** Starts a timer anew from now, one that has fired too; does nothing for one that was taken back. */
  refresh(timer: VirtualTimer): void {
    if (timer.cleared || timer.owner?.isOver) return;
    this.timers.clear(timer);
    this.#setAnew(timer, this.now);
  }

  #setAnew(timer: VirtualTimer, now: number): void {
    timer.id = ++this.#lastId;
    timer.deadline = this.#after(timer.delay, timer.owner, now);
    this.timers.set(timer);
  }

  /** When so many ms have passed by somebody's clock. */
  #after(delay: number, owner: Owner | undefined, now: number = this.now): number {
    return owner === undefined ? now + delay : now + delay / owner.rate;
  }

  /** Calls back after what is ready, as `setImmediate` does for a program. */
  setImmediate(fn: () => void): LoopEvent {
    return this.#addImmediate(fn, true);
  }

  /** Calls back after what is ready, for what a program has not asked for: a turn of a run queue, an event of a socket. */
  callSoon(fn: () => void): void {
    this.#addImmediate(fn, false);
  }

  #addImmediate(fn: () => void, own: boolean): Immediate {
    const [id, chain, owner] = [++this.#lastId, this.#nextChain(), this.asker];
    const immediate: Immediate = { owner, id, label: "immediate", kind: "immediate", chain, fn, own };
    if (owner === undefined || this.#reaches(owner, immediate)) this.immediates.add(immediate);
    return immediate;
  }

  /** Calls back when an operation completes. */
  complete(fn: () => void, label: string, { latency, port, batch, scope }: CompletionSettings): Arrival {
    const at = latency === undefined ? anyTime : this.now + latency;
    const [id, chain, { place, asker: owner }] = [++this.#lastId, this.#nextChain(), this];
    return this.#arrives({ owner, id, label, kind: "io", chain, fn, at, port, batch, scope, place });
  }

  /** Delivers a message. */
  deliver(fn: () => void, label: string, { port, at = this.now, batch }: DeliverySettings): void {
    const [id, chain, scope, place] = [++this.#lastId, this.#nextChain(), undefined, undefined];
    this.#arrives({ owner: this.asker, id, label, kind: "message", chain, fn, at, port, batch, scope, place });
  }

  #arrives(arrival: Arrival): Arrival {
    const { owner } = arrival;
    return owner === undefined || this.#reaches(owner, arrival) ? this.arrivals.add(arrival, this.now) : arrival;
  }

  /** Does what somebody asks for come about? Nothing does of one who is over, and what comes to one who is paused waits. */
  #reaches({ isOver, held }: Owner, event: LoopEvent): boolean {
    if (!isOver) held?.push(event);
    return !isOver && held === undefined;
  }

  /** Who asks for something now: whose flow of control it is, or whose macrotask, where that is not known. */
  get asker(): Owner | undefined {
    if (this.findOwner === undefined) return undefined;
    const found = this.findOwner();
    return found === nobody ? undefined : found ?? this.owner;
  }

  /** What `fn` asks of the loop is nobody's: what the network carries does not end with who has sent it. */
  unowned<R>(fn: () => R): R {
    return this.as(undefined, fn);
  }

  /** What `fn` asks of the loop is somebody's, whoever calls. */
  as<R>(whose: Owner | undefined, fn: () => R): R {
    const { owner, findOwner } = this;
    this.owner = whose;
    if (findOwner !== undefined) this.findOwner = unknown;
    try {
      return fn();
    } finally {
      this.owner = owner;
      this.findOwner = findOwner;
    }
  }

  /** Takes out all that is still to come to somebody. */
  takeOut(owner: Owner): LoopEvent[] {
    return [...this.timers.takeOut(owner), ...this.arrivals.takeOut(owner), ...this.immediates.takeOut(owner)];
  }

  /** Is anything still to come to somebody that holds a process? */
  awaits(owner: Owner): boolean {
    return this.timers.all().some((timer) => timer.owner === owner && timer.referenced) ||
      this.arrivals.all.some((arrival) => arrival.owner === owner) || this.immediates.has(owner);
  }

  /** Lets what was taken out come; timers that are overdue fire by when they were due. */
  putBack(events: readonly LoopEvent[]): void {
    for (const event of events) {
      if (event.kind === "immediate") this.immediates.add(event as Immediate);
      else if (event.kind !== "timer") this.arrivals.add(event as Arrival, this.now);
      else if (!(event as VirtualTimer).cleared) this.timers.set(event as VirtualTimer);
    }
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
    if (this.quiet.isAwaited) { for (const fn of this.quiet.due(this)) this.callSoon(fn); }
    if (this.immediates.hasNext) return this.#runImmediate();
    if (this.#turnsAreDue()) return this.#startBatch();
    const events = this.#offers();
    if (events.length === 0) return false;
    const event = events.length === 1 ? events[0]! : events[this.#choose(events)]!;
    if (event.kind === "immediate") return this.#startBatch();
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
    this.arrivals.beginPhase(this.#lastId);
    this.immediates.interrupt();
    this.#begin({ owner: undefined, id: ++this.#lastId, label, kind: "io", chain: 0, fn });
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
    this.#phase.fire(timer, this.immediates.waiting === 0 && timer.deadline > this.now, this.#lastId);
    this.#jumpTo(timer.deadline);
    if (this.timers.size > 1 || this.arrivals.hasLater) this.#beLate(timer);
    this.arrivals.endPhase();
    this.immediates.interrupt();
    this.timers.clear(timer);
    this.#begin(timer);
    this.#parent = timer;
    // The next round of an interval counts from before the callback.
    const { now } = this;
    timer.fn();
    if (timer.repeat && !timer.set && !timer.cleared && !timer.owner?.isOver) this.#setAnew(timer, now);
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
    this.arrivals.beginPhase(this.#lastId);
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
      const end: LoopEvent = { owner: undefined, id: ++this.#lastId, label, kind: "io", chain: 0, fn() {} };
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
    this.#parent = undefined;
    this.owner = event.owner;
    this.#phase.begin(this.#lastId);
    this.last = event;
    this.lastAt = this.now;
    this.#chain = event.chain;
    this.#goesOn = false;
    this.#observe?.(event);
  }

  #nextChain(): number {
    this.asked?.(this.#lastId);
    if (this.#goesOn) return ++this.#lastChain;
    this.#goesOn = true;
    return this.#chain;
  }

  /** Where the caller is, if somebody may want to know. */
  get place(): Error | undefined {
    return this.keepPlaces && this.#lastId < mostPlaces ? new Error() : undefined;
  }
}
