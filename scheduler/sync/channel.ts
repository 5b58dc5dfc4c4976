/**
 * Handing values from task to task.
 *
 * @module
 */

import { checkCount, checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { endedBy, type WaitOptions } from "../waits/wait.ts";
import { ChannelCore, type End, type Overflow } from "./channel_core.ts";
import { iterate, makeReceiver, makeSender, type Receiver, type Sender, type Shared } from "./channel_ends.ts";

/** How a channel is to be. */
export interface ChannelOptions<T> {
  /**
   * What a full channel does with one more value: "wait" makes the sender wait, "sliding" drops the oldest value,
   * "dropping" drops the new one. Default: "wait".
   */
  overflow?: "wait" | "sliding" | "dropping";
  /**
   * Is given each value handed to `send` that no receiver gets: because it was dropped, because its sender was
   * cancelled or the channel closed while it waited, or because no receiver is left. For closing what a value holds.
   * What it throws goes to `onUnhandled`.
   */
  onUndelivered?: (value: T) => void;
}

/** The numbers of a channel at one moment. */
export interface ChannelStatistics {
  /** How many values may wait in the channel. */
  readonly capacity: number;
  /** How many do. */
  readonly size: number;
  /** Those who wait until their value is taken. */
  readonly sending: number;
  /** Those who wait for a value. */
  readonly receiving: number;
  /** Senders made with `sender()` and `clone()` that are open. */
  readonly senders: number;
  /** Receivers made with `receiver()` and `clone()` that are open. */
  readonly receivers: number;
}

const overflows: readonly unknown[] = ["wait", "sliding", "dropping"] satisfies Overflow[];

/**
 * A queue of values from senders to receivers, each value for one receiver, first in, first out.
 *
 * With capacity 0, the default, a value goes from hand to hand: `send` settles when a receiver has taken it. With a
 * greater one as many values wait in the channel before a sender has to. Whoever waits for a value owns the next one:
 * `tryReceive` and late receivers do not overtake, nor do `trySend` and late senders.
 *
 * Nothing is lost, and nobody waits for ever:
 * - A value handed to a receiver that is cancelled before it goes on is the next receiver's.
 * - A `send` either resolves, then its value was taken, also if a cancellation comes in the same moment; or it rejects,
 *   then no receiver gets the value, and `onUndelivered` does.
 * - `close()` ends sending: what is in the channel is still received, then receivers get `ChannelEndError`, and `for
 *   await` ends. Those who wait to send get `ChannelClosedError`.
 * - Give each task an end of its own with `sender()` and `receiver()`: when the last sender is closed the channel is
 *   closed; when the last receiver is, senders get `ChannelBrokenError`. Ends that were not made hold nothing: a
 *   channel that is used without them stays open until it is closed.
 *
 * @example
 * ```ts
 * import { all, Channel } from "@millrace/millrace";
 *
 * const channel = new Channel<number>();
 * await all([
 *   async () => {
 *     for (let value = 1; value <= 3; value++) await channel.send(value);
 *     channel.close();
 *   },
 *   async () => {
 *     let sum = 0;
 *     for await (const value of channel) sum += value;
 *     console.log(sum); // -> 6
 *   },
 * ]);
 * ```
 */
export class Channel<T> {
  readonly #shared: Shared<T>;
  /** What is sent and received without an end of its own. */
  readonly #end: End = { closed: false, waiting: 0 };

  /**
   * Makes an open channel.
   *
   * @param capacity How many values may wait in it, 0 to `Infinity`. Default: 0.
   * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range; "sliding" needs a capacity of at least
   * 1.
   */
  constructor(capacity: number = 0, options: ChannelOptions<T> = {}) {
    checkCount(capacity, "The capacity of a channel", 0);
    checkOptions(options, "a Channel", ["overflow", "onUndelivered"]);
    const { overflow = "wait", onUndelivered } = options;
    if (!overflows.includes(overflow)) {
      throw new TypeError(`The overflow of a channel is "wait", "sliding" or "dropping": received ${show(overflow)}`);
    }
    if (overflow === "sliding" && capacity === 0) {
      throw new RangeError(`A sliding channel needs a capacity of at least 1: received ${capacity}`);
    }
    if (onUndelivered !== undefined) checkFunction(onUndelivered, "onUndelivered");
    this.#shared = { core: new ChannelCore<T>(capacity, overflow, onUndelivered), senders: 0, receivers: 0 };
  }

  static {
    printAs(Channel, (channel) => {
      const { core } = channel.#shared;
      const state = core.broken ? "broken" : core.closed === undefined ? "open" : "closed";
      return `Channel(${state}, ${core.buffer.size} of ${core.capacity})`;
    });
  }

  /** How many values may wait in the channel. */
  get capacity(): number {
    return this.#shared.core.capacity;
  }

  /** How many values wait in the channel, those of waiting senders not counted. */
  get size(): number {
    return this.#shared.core.buffer.size;
  }

  /** Can nothing be sent any more? */
  get closed(): boolean {
    return this.#shared.core.closed !== undefined || this.#shared.core.broken;
  }

  /**
   * Sends a value; waits until a receiver has taken it or the channel has room for it.
   *
   * @throws {ChannelClosedError} (rejection) when the channel is closed for sending, or is while it waits.
   * @throws {ChannelBrokenError} (rejection) when the last receiver is closed.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; no receiver gets the value then. With a
   * `signal`, its reason when that is aborted.
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    if (options !== undefined) return endedBy(options, () => this.send(value));
    return this.#shared.core.send(value, this.#end);
  }

  /**
   * Sends a value if that needs no waiting; answers whether it did. False too on a closed channel, and on a full one
   * that is "dropping"; the value then stays the caller's.
   */
  trySend(value: T): boolean {
    return this.#shared.core.trySend(value, this.#end);
  }

  /**
   * Waits for the next value.
   *
   * @throws {ChannelEndError} (rejection) when the channel is closed and empty; after {@linkcode fail} its error
   * instead.
   * @throws {ChannelClosedError} (rejection) when the last receiver is closed.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; no value is taken then. With a `signal`, its
   * reason when that is aborted.
   */
  receive(options?: WaitOptions): Promise<T> {
    if (options !== undefined) return endedBy(options, () => this.receive());
    return this.#shared.core.receive(this.#end);
  }

  /** Takes the next value if there is one; `undefined` too on a channel that is at its end. */
  tryReceive(): { value: T } | undefined {
    return this.#shared.core.tryReceive(this.#end);
  }

  /** Closes the channel for sending; what is in it is still received. A second call does nothing. */
  close(): void {
    this.#shared.core.close(undefined, false);
  }

  /**
   * Closes the channel with an error: receivers get what is in it, then the error itself; senders `ChannelClosedError`
   * with the error as its cause. On a closed channel it does nothing.
   */
  fail(error: unknown): void {
    this.#shared.core.close(error, true);
  }

  /**
   * Makes an end to send with.
   *
   * @throws {ChannelClosedError} when the channel is closed for sending.
   */
  sender(): Sender<T> {
    return makeSender(this.#shared);
  }

  /**
   * Makes an end to receive with.
   *
   * @throws {ChannelClosedError} when the last receiver has been closed.
   */
  receiver(): Receiver<T> {
    return makeReceiver(this.#shared);
  }

  /** The numbers of the channel at this moment. */
  statistics(): ChannelStatistics {
    const { core, senders, receivers } = this.#shared;
    const { capacity, buffer } = core;
    const sending = core.senders.size;
    return Object.freeze({ capacity, size: buffer.size, sending, receiving: core.receivers.size, senders, receivers });
  }

  /**
   * Receives until the channel is at its end; several loops share the values. Leaving a loop early leaves the channel
   * as it is: what has not been received stays in it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return iterate(() => this.receive());
  }
}
