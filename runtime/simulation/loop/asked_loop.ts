/**
 * What is asked of a simulated loop, and by whom.
 *
 * ```
 *   asked for ──by one who is over──> nothing
 *      └──for one who is paused──> held ──putBack──> timers, immediates, arrivals ──takeOut──> held, or forgotten
 * ```
 *
 * @module
 */

import { Arrivals } from "./arrivals.ts";
import { Immediates } from "./immediates.ts";
import {
  anyTime,
  type Arrival,
  type CompletionSettings,
  type DeliverySettings,
  type Immediate,
  type LoopEvent,
} from "./loop_event.ts";
import { type FindOwner, nobody, type Owner } from "./owner.ts";
import { type VirtualTimer, VirtualTimers } from "./virtual_timers.ts";

/** How a timer fires. */
const once: Pick<VirtualTimer, "repeat"> = { repeat: false };

/** The flow of control does not tell. */
const unknown: FindOwner = () => undefined;

/** How many places are kept: it takes a microsecond each. */
const mostPlaces = 250;

/** What is still to come on a loop; what runs next is decided above. */
export abstract class AskedLoop {
  /** Milliseconds since the simulation began. */
  now = 0;
  /** How many macrotasks have run. */
  steps = 0;
  /** The timer that was taken back last while it was set. */
  takenBack: VirtualTimer | undefined = undefined;
  /** Whose macrotask runs. */
  owner: Owner | undefined = undefined;
  /** Whose flow of control it is, where there are machines. */
  findOwner: FindOwner | undefined = undefined;
  /** Is told of the number of all that is asked for, where somebody wants to know. */
  asked: ((id: number) => void) | undefined = undefined;
  readonly timers: VirtualTimers = new VirtualTimers();
  readonly immediates: Immediates = new Immediates();
  readonly arrivals: Arrivals = new Arrivals();
  /** Is the place kept where timers and operations were asked for? */
  readonly keepPlaces: boolean;
  /** The number of what was asked for last. */
  protected lastId = 0;
  /** The line of causes of the macrotask that runs; has something gone on with it? */
  protected chain = 0;
  protected goesOn = false;
  /** The timer that fires now. */
  protected parent: VirtualTimer | undefined;
  #lastChain = 0;

  constructor(keepPlaces: boolean) {
    this.keepPlaces = keepPlaces;
  }

  /** Sets a timer, which fires once if nothing else is said; `delay` in ms of any length. */
  setTimer(
    fn: () => void,
    delay: number,
    label: string,
    { repeat }: Pick<VirtualTimer, "repeat"> = once,
  ): VirtualTimer {
    const { place, steps: setIn, asker: owner } = this;
    const [id, chain, deadline] = [++this.lastId, this.#nextChain(), this.#after(delay, owner)];
    const timer = this.timers.add({ owner, id, label, chain, delay, deadline, fn, repeat, setIn, place }, this.parent);
    if (owner?.isOver) this.clearTimer(timer);
    return timer;
  }

  /** Sets a timer of the world around the programs, for which the clock goes on, and which nobody has to take back. */
  setWorldTimer(fn: () => void, delay: number, label: string): VirtualTimer {
    const timer = this.unowned(() => this.setTimer(fn, delay, label));
    this.timers.reference(timer, { referenced: false, wakes: true });
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
    this.setAnew(timer, this.now);
  }

  protected setAnew(timer: VirtualTimer, now: number): void {
    timer.id = ++this.lastId;
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
    const [id, chain, owner] = [++this.lastId, this.#nextChain(), this.asker];
    const immediate: Immediate = { owner, id, label: "immediate", kind: "immediate", chain, fn, own };
    if (owner === undefined || this.#reaches(owner, immediate)) this.immediates.add(immediate);
    return immediate;
  }

  /** Calls back when an operation completes. */
  complete(fn: () => void, label: string, { latency, port, batch, scope }: CompletionSettings): Arrival {
    const at = latency === undefined ? anyTime : this.now + latency;
    const [id, chain, { place, asker: owner }] = [++this.lastId, this.#nextChain(), this];
    return this.#arrives({ owner, id, label, kind: "io", chain, fn, at, port, batch, scope, place });
  }

  /** Delivers a message. */
  deliver(fn: () => void, label: string, { port, at = this.now, batch }: DeliverySettings): void {
    const [id, chain, scope, place] = [++this.lastId, this.#nextChain(), undefined, undefined];
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

  #nextChain(): number {
    this.asked?.(this.lastId);
    if (this.goesOn) return ++this.#lastChain;
    this.goesOn = true;
    return this.chain;
  }

  /** Where the caller is, if somebody may want to know. */
  get place(): Error | undefined {
    return this.keepPlaces && this.lastId < mostPlaces ? new Error() : undefined;
  }
}
