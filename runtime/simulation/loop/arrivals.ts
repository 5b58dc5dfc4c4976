/**
 * What comes to a simulated loop from outside, completions and messages, and in which order it may.
 *
 * ```
 *   asked for ──for a time to come──> later ──the clock is there──> ready ──take──> run
 *       └────────for now, or for any time───────────────────────────> │
 *                                       └──────────withdraw───────────┴──> gone
 *
 *   other macrotasks ──an arrival runs, beginPhase──> phase of I/O ──endPhase, before a timer or an immediate──> other macrotasks
 * ```
 *
 * What has a port in common never changes places. What is asked for in a phase of I/O comes in the next one, where immediates wait or
 * a timer is certain to be due.
 *
 * @module
 */

import { anyTime, type Arrival, type LoopEvent } from "./loop_event.ts";
import type { Owner } from "./owner.ts";

/** The arrivals of one loop. */
export class Arrivals {
  /** Was the last macrotask an arrival? */
  isPolling = false;
  /** Arrivals from this number on were asked for in the phase of I/O that is on. */
  #limit = Infinity;
  /** What has arrived or may at any time, in order. */
  #ready: Arrival[] = [];
  /** What arrives at a given time, by that, then in order. */
  #later: Arrival[] = [];

  add(arrival: Arrival, now: number): Arrival {
    if (arrival.at <= now) {
      this.#ready.push(arrival);
      return arrival;
    }
    let index = this.#later.length;
    while (index > 0 && this.#later[index - 1]!.at > arrival.at) index--;
    this.#later.splice(index, 0, arrival);
    return arrival;
  }

  /** Takes one back that has not run. */
  withdraw(arrival: Arrival): void {
    this.#ready = this.#ready.filter((other) => other !== arrival);
    this.#later = this.#later.filter((other) => other !== arrival);
  }

  /** Takes out all that comes to somebody. */
  takeOut(owner: Owner): Arrival[] {
    const taken = this.all.filter((arrival) => arrival.owner === owner);
    this.#ready = this.#ready.filter((arrival) => arrival.owner !== owner);
    this.#later = this.#later.filter((arrival) => arrival.owner !== owner);
    return taken;
  }

  /** Moves what has arrived by now. */
  mature(now: number): void {
    while (this.#later.length > 0 && this.#later[0]!.at <= now) this.#ready.push(this.#later.shift()!);
  }

  /** Takes one out that is ready, to run it. */
  take(arrival: Arrival): void {
    this.#ready.splice(this.#ready.indexOf(arrival), 1);
  }

  /** An arrival runs; `lastId` is the last number that was given. */
  beginPhase(lastId: number): void {
    if (!this.isPolling) this.#limit = lastId + 1;
    this.isPolling = true;
  }

  /** Something else runs. */
  endPhase(): void {
    this.isPolling = false;
    this.#limit = Infinity;
  }

  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  get hasLater(): boolean {
    return this.#later.length > 0;
  }

  /** When the next one comes of those that come at a given time; `Infinity` where there is none. */
  get nextAt(): number {
    return this.#later[0]?.at ?? Infinity;
  }

  /**
   * Adds to `events` what may run now, without what was asked for in this phase if that `waits` for the next. Is one of them there
   * whose time had come? Then the clock must not move on.
   */
  offerReady(events: LoopEvent[], waits: boolean): boolean {
    let hasTimed = false;
    for (const arrival of this.#ready) {
      if (arrival.at !== anyTime) hasTimed = true;
      if (waits && arrival.id >= this.#limit) continue;
      if (this.#hasEarlier(arrival)) continue;
      events.push(arrival);
    }
    return hasTimed;
  }

  /** Adds to `events` what comes at `time`, which is that of the next one or before. */
  offerLater(events: LoopEvent[], time: number): void {
    for (const later of this.#later) {
      if (later.at !== time) break;
      const { port } = later;
      if (port === undefined || this.#later.find((other) => other.port === port) === later) events.push(later);
    }
  }

  /** The next one of a batch that may run now. */
  nextOf(batch: string): Arrival | undefined {
    return this.#ready.find((other) => other.batch === batch && !this.#hasEarlier(other));
  }

  /** The first message that is ready. */
  get firstMessage(): Arrival | undefined {
    return this.#ready.find(({ kind }) => kind === "message");
  }

  /** What has not run. */
  get all(): readonly Arrival[] {
    return [...this.#ready, ...this.#later];
  }

  /** How many operations have not completed. */
  get unfinishedCount(): number {
    let count = this.#later.length;
    for (const { kind } of this.#ready) if (kind === "io") count++;
    return count;
  }

  /** The operations that have not completed. */
  get unfinished(): readonly Arrival[] {
    return this.all.filter(({ kind }) => kind === "io").sort((a, b) => a.id - b.id);
  }

  #hasEarlier(arrival: Arrival): boolean {
    if (arrival.port === undefined) return false;
    for (const other of this.#ready) {
      if (other === arrival) return false;
      if (other.port === arrival.port) return true;
    }
    return false;
  }
}
