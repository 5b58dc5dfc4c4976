/**
 * The machinery of a channel, under `Channel` and its ends.
 *
 * ```
 *            ┌──close, fail, the last sender closed──> closed ──all received──> ended
 *   open ────┤
 *            └──the last receiver closed──> broken (what is left goes to onUndelivered)
 *
 *   an item:  send ──> waiting with its sender ──> buffer ──> handed to a receiver ──> received
 *                          │ cancelled, closed        │ dropped       │ cancelled: the next receiver, else
 *                          └────> onUndelivered <─────┘               └─> the front of the buffer
 * ```
 *
 * Always true between two calls: nobody waits to receive while the buffer holds anything; nobody waits to send while it
 * has room.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { currentScope, isCancelled } from "../scopes/current_scope.ts";
import type { Scope } from "../scopes/scope.ts";
import { reportUnhandled, watchHook } from "../scopes/unhandled.ts";
import { Wait } from "../waits/wait.ts";
import { ChannelBrokenError, ChannelClosedError, ChannelEndError } from "./channel_errors.ts";
import { Deque } from "./deque.ts";
import { LineWait, WaitLine } from "./wait_line.ts";

/** What a full channel does with one more value. */
export type Overflow = "wait" | "sliding" | "dropping";

/** One of the ends that the waits of a channel belong to: a sender, a receiver, or the channel itself. */
export interface End {
  closed: boolean;
  /** How many wait in line through this end. */
  waiting: number;
}

/** A wait in a line of the channel. */
class EndWait<T> extends LineWait<T> {
  declare readonly end: End;

  constructor(line: WaitLine<T>, scope: Scope | undefined, end: End) {
    super(line, scope);
    this.end = end;
    if (!this.interrupted) end.waiting++;
    this.enterLine();
  }

  override leaveLine(): void {
    this.end.waiting--;
    super.leaveLine();
  }
}

/** A sender in line, with what it sends. */
class SendWait<T> extends EndWait<void> {
  declare readonly item: T;
  readonly #core: ChannelCore<T>;
  #accepted = false;

  constructor(core: ChannelCore<T>, scope: Scope | undefined, end: End, item: T) {
    super(core.senders, scope, end);
    this.item = item;
    this.#core = core;
  }

  /** The item has been taken: from now on no cancellation turns that into an error. */
  accept(): T {
    this.#accepted = true;
    this.leave();
    // As `WaitLine.answer` does: nothing can be taken back from a sender, so that it needs no turn to be asked in.
    if (this.line.inFlight > 0 || !loop().queue.mayAnswer()) {
      this.hand();
    } else {
      this.leaveLine();
      this.resolve();
    }
    return this.item;
  }

  /** A listener of the same cancellation may have received the item before this wait is told. */
  override interrupt(): void {
    if (!this.#accepted) super.interrupt();
  }

  override fail(error: unknown): void {
    if (!this.inLine) return;
    super.fail(error);
    this.#core.undelivered(this.item);
  }

  protected override takeBack(): void {
    const wasInLine = this.inLine;
    super.takeBack();
    if (wasInLine) this.#core.undelivered(this.item);
  }
}

/** What a send comes to whose value was taken at once. */
const taken: Promise<void> = Promise.resolve();

/** What a channel is, without its faces. */
export class ChannelCore<T> {
  readonly capacity: number;
  readonly senders: WaitLine<void> = new WaitLine<void>("room in a channel");
  readonly receivers: WaitLine<T> = new WaitLine<T>("a value of a channel", {
    lost: (item) => this.#putBack(item),
    landed: () => this.#endIfEmpty(),
  });
  readonly buffer: Deque<T> = new Deque<T>();
  /** Was the channel closed for sending, and with which error? */
  closed: { error: unknown; failed: boolean } | undefined = undefined;
  /** Has the last receiver been closed? */
  broken = false;
  readonly #overflow: Overflow;
  readonly #onUndelivered: ((item: T) => void) | undefined;

  constructor(capacity: number, overflow: Overflow, onUndelivered: ((item: T) => void) | undefined) {
    this.capacity = capacity;
    this.#overflow = overflow;
    this.#onUndelivered = onUndelivered;
  }

  send(item: T, end: End): Promise<void> {
    const scope = currentScope();
    if (isCancelled(scope)) {
      this.undelivered(item);
      return new Wait(scope).promise;
    }
    if (end.closed || this.closed !== undefined || this.broken) {
      this.undelivered(item);
      return Promise.reject(end.closed ? new ChannelClosedError("The sending end was closed") : this.#sendError());
    }
    if (!this.#accept(item)) {
      if (this.#overflow === "wait") return new SendWait(this, scope, end, item).promise;
      if (this.#overflow === "sliding") this.#slide(item);
      else this.undelivered(item);
    }
    if (loop().queue.mayAnswer()) return taken;
    const wait = new LineWait(this.senders, scope);
    // What was accepted stays so: no cancellation reaches the wait for the turn.
    wait.leave();
    wait.hand(undefined);
    return wait.promise;
  }

  trySend(item: T, end: End): boolean {
    if (end.closed || this.closed !== undefined || this.broken) return false;
    if (this.#accept(item)) return true;
    if (this.#overflow !== "sliding") return false;
    this.#slide(item);
    return true;
  }

  receive(end: End): Promise<T> {
    const scope = currentScope();
    if (isCancelled(scope)) return new Wait<T>(scope).promise;
    if (end.closed || this.broken) return Promise.reject(new ChannelClosedError("The receiving end was closed"));
    if (this.#hasItem()) return this.receivers.answer(scope, this.#take());
    if (this.closed !== undefined && !this.receivers.isUndecided) return Promise.reject(this.#endError());
    return new EndWait(this.receivers, scope, end).promise;
  }

  tryReceive(end: End): { value: T } | undefined {
    return end.closed || this.broken || !this.#hasItem() ? undefined : { value: this.#take() };
  }

  /** Closes the channel for sending; the first call counts. */
  close(error: unknown, failed: boolean): void {
    if (this.closed !== undefined) return;
    this.closed = { error, failed };
    for (let wait = this.senders.first; wait !== undefined; wait = this.senders.first) wait.fail(this.#sendError());
    this.#endIfEmpty();
  }

  /** Nobody will receive any more: what is left is undelivered. */
  break(): void {
    if (this.broken) return;
    this.broken = true;
    for (let wait = this.senders.first; wait !== undefined; wait = this.senders.first) wait.fail(this.#sendError());
    this.receivers.failAll(new ChannelClosedError("The receiving end was closed"));
    while (this.buffer.size > 0) this.undelivered(this.buffer.shift());
  }

  /** Rejects those who wait in `line` through an end that was closed. */
  failEnd<V>(line: WaitLine<V>, end: End, message: string): void {
    if (end.waiting === 0) return;
    const own: EndWait<V>[] = [];
    for (let wait = line.first as EndWait<V> | undefined; wait !== undefined; wait = wait.next as typeof wait) {
      if (wait.end === end) own.push(wait);
    }
    for (const wait of own) wait.fail(new ChannelClosedError(message));
  }

  /** An item that no receiver gets. */
  undelivered(item: T): void {
    if (this.#onUndelivered === undefined) return;
    try {
      const onUndelivered = this.#onUndelivered;
      watchHook(onUndelivered(item), currentScope());
    } catch (error) {
      reportUnhandled(error, currentScope());
    }
  }

  /**
   * Tells those who wait for an item after the close that none comes any more. While others have been handed theirs and
   * have not gone on they are to wait: one of those may come back.
   */
  #endIfEmpty(): void {
    if (this.closed === undefined || this.receivers.isUndecided) return;
    while (this.receivers.size > 0) this.receivers.first!.fail(this.#endError());
  }

  /** A receiver was cancelled before it went on with its item. */
  #putBack(item: T): void {
    if (this.broken) this.undelivered(item);
    else if (this.receivers.size > 0) this.receivers.give(item);
    else if (this.#overflow === "sliding" && this.buffer.size >= this.capacity) this.undelivered(item);
    else this.buffer.unshift(item);
    this.#endIfEmpty();
  }

  /** Gives an item to a receiver or the buffer, if one has room for it. */
  #accept(item: T): boolean {
    if (this.receivers.give(item)) return true;
    if (this.buffer.size >= this.capacity) return false;
    this.buffer.push(item);
    return true;
  }

  /** Makes room for an item in the full buffer. */
  #slide(item: T): void {
    const oldest = this.buffer.shift();
    this.buffer.push(item);
    this.undelivered(oldest);
  }

  #hasItem(): boolean {
    return this.buffer.size > 0 || this.senders.size > 0;
  }

  /** The item that was sent first; there is one. */
  #take(): T {
    if (this.buffer.size === 0) return (this.senders.first as SendWait<T>).accept();
    const item = this.buffer.shift();
    if (this.senders.size > 0 && this.buffer.size < this.capacity) {
      this.buffer.push((this.senders.first as SendWait<T>).accept());
    }
    return item;
  }

  #sendError(): Error {
    if (this.broken) return new ChannelBrokenError("All receivers of the channel have been closed");
    const cause = this.closed?.failed ? { cause: this.closed.error } : undefined;
    return new ChannelClosedError("The channel was closed for sending", cause);
  }

  #endError(): unknown {
    return this.closed!.failed ? this.closed!.error : new ChannelEndError("The channel was closed, and is empty");
  }
}
