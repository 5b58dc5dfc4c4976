/**
 * The machinery of a broadcast, under `Broadcast` and its receivers.
 *
 * ```
 *                 oldest value kept                        next one sent
 *   values:  ───────────┬──────────────┬──────────────────────┬
 *                       │              │ the cursor of a receiver that has `unread` values before it
 *                       └ the cursor of one that has missed what is left of it, and is told how many those were
 * ```
 *
 * A value stands in the ring until the last receiver that is to have it has taken it, or `capacity` others have been sent.
 *
 * Always true between two calls: while somebody waits through a receiver, as many turns are on their way through it as it has
 * something to take.
 *
 * @module
 */

import { currentScope } from "../scopes/current_scope.ts";
import { reportUnhandled, watchHook } from "../scopes/unhandled.ts";
import { ChannelClosedError, ChannelEndError } from "./channel_errors.ts";
import { giveTurn, pull } from "./signal_wait.ts";
import { WaitLine } from "./wait_line.ts";
import { refusedWait } from "./wait_options.ts";

/** A receiver of a broadcast fell so far behind that values were dropped before it had taken them. */
export class BroadcastLagError extends Error {
  /** "BroadcastLagError". */
  override readonly name = "BroadcastLagError";
  /** How many values it has missed since it was last told. */
  readonly missed: number;

  /** Made by the library. */
  constructor(missed: number) {
    super(`The receiver was too slow and has missed ${missed} ${missed === 1 ? "value" : "values"} of the broadcast`);
    this.missed = missed;
  }
}

/** A value, and how many have not taken it. */
interface Slot<T> {
  value: T | undefined;
  left: number;
}

/** What a broadcast is, without its faces. */
export class BroadcastCore<T> {
  readonly capacity: number;
  /** Where each open receiver stands, in the order of subscription. */
  readonly cursors: Set<Cursor<T>> = new Set();
  /** How many values have been sent. */
  sent = 0;
  /** Was it closed, and with which error? */
  closed: { error: unknown; failed: boolean } | undefined = undefined;
  /** The last values, each at its number modulo the capacity. */
  readonly #ring: Slot<T>[] = [];

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  send(value: T): number {
    if (this.closed !== undefined) {
      throw new ChannelClosedError("The broadcast was closed", this.closed.failed ? { cause: this.closed.error } : {});
    }
    const { size } = this.cursors;
    // Numbers that no ring holds are those of values that were sent to nobody; the next receiver begins after them.
    if (size === 0) return 0;
    this.#ring[this.sent++ % this.capacity] = { value, left: size };
    for (const cursor of this.cursors) cursor.wake();
    return size;
  }

  /** The value of a number, to one who is to have it once. */
  take(number: number): T {
    const slot = this.#ring[number % this.capacity]!;
    const value = slot.value as T;
    this.pass(number);
    return value;
  }

  /** One who was to have a value has taken it, or never will. */
  pass(number: number): void {
    const slot = this.#ring[number % this.capacity]!;
    if (--slot.left === 0) slot.value = undefined;
  }

  close(error: unknown, failed: boolean): void {
    if (this.closed !== undefined) return;
    this.closed = { error, failed };
    for (const cursor of this.cursors) cursor.endIfEmpty();
  }

  /** What comes after the last value. */
  endError(): unknown {
    const { error, failed } = this.closed!;
    return failed ? error : new ChannelEndError("The broadcast was closed, and all its values have been received");
  }
}

/** Where a receiver stands. */
export class Cursor<T> {
  readonly line: WaitLine<T> = new WaitLine<T>("a value of a broadcast", {
    lost: () => this.wake(),
    landed: () => this.endIfEmpty(),
  });
  closed = false;
  readonly #core: BroadcastCore<T>;
  readonly #onLag: ((missed: number) => unknown) | undefined;
  /** The number of the value to be taken next, if it is still there. */
  #next: number;
  /** How many values were missed that it has not been told of. */
  #missed = 0;
  readonly #take = (): T => this.take();

  constructor(core: BroadcastCore<T>, onLag: ((missed: number) => unknown) | undefined) {
    this.#core = core;
    this.#onLag = onLag;
    this.#next = core.sent;
    core.cursors.add(this);
  }

  /** How many values are there to be taken. */
  get unread(): number {
    return this.closed ? 0 : Math.min(this.#core.sent - this.#next, this.#core.capacity);
  }

  /** Is there something to take for one more than are on their way to it: a value, or the news of a lag? */
  get isReady(): boolean {
    this.#skip();
    const news = this.#missed > 0 && this.#onLag === undefined ? 1 : 0;
    return this.unread + news > this.line.inFlight;
  }

  receive(signal: AbortSignal | undefined): Promise<T> {
    const scope = currentScope();
    const refused = refusedWait<T>(scope, signal);
    if (refused !== undefined) return refused;
    if (this.closed) return Promise.reject(closedError());
    const { isReady, line } = this;
    if (!isReady && this.#core.closed !== undefined && line.inFlight === 0) {
      return Promise.reject(this.#core.endError());
    }
    return pull(line, isReady, { scope, signal, take: this.#take });
  }

  /** Takes the next value; there is one, unless the receiver was closed on the way to it. */
  take(): T {
    if (this.closed) throw closedError();
    this.#skip();
    const missed = this.#missed;
    this.#missed = 0;
    if (missed > 0 && this.#onLag === undefined) throw new BroadcastLagError(missed);
    const value = this.#core.take(this.#next++);
    if (missed > 0) this.#tellLag(missed);
    return value;
  }

  /** Gives the first in line a turn if there is something for it. */
  wake(): void {
    if (this.line.size > 0 && this.isReady) giveTurn(this.line);
    this.endIfEmpty();
  }

  /** Nothing comes any more: those who wait are told, unless one who is on the way to the last values may yet leave them to others. */
  endIfEmpty(): void {
    if (this.#core.closed === undefined || this.line.size === 0 || this.line.inFlight > 0) return;
    if (!this.closed) this.line.failAll(this.#core.endError());
  }

  close(): void {
    if (this.closed) return;
    this.#skip();
    for (; this.#next < this.#core.sent; this.#next++) this.#core.pass(this.#next);
    this.closed = true;
    this.#core.cursors.delete(this);
    this.line.failAll(closedError());
  }

  /** Notes what has been dropped before it was taken. */
  #skip(): void {
    const oldest = this.#core.sent - this.#core.capacity;
    if (this.#next >= oldest) return;
    this.#missed += oldest - this.#next;
    this.#next = oldest;
  }

  #tellLag(missed: number): void {
    const onLag = this.#onLag!;
    try {
      watchHook(onLag(missed), currentScope());
    } catch (error) {
      reportUnhandled(error, currentScope());
    }
  }
}

function closedError(): ChannelClosedError {
  return new ChannelClosedError("The receiver of the broadcast was closed");
}
