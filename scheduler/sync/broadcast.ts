/**
 * Handing each value to everybody.
 *
 * @module
 */

import { checkCount } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { BroadcastCore } from "./broadcast_core.ts";
import { type BroadcastReceiver, makeBroadcastReceiver, type SubscribeOptions } from "./broadcast_receiver.ts";

/** The numbers of a broadcast at one moment. */
export interface BroadcastStatistics {
  /** How many values a receiver may be behind before it misses some. */
  readonly capacity: number;
  /** Receivers that are open. */
  readonly receivers: number;
  /** Those who wait for a value. */
  readonly waiting: number;
  /** How many values the slowest receiver has before it, at most `capacity`. */
  readonly behind: number;
}

/**
 * Values that each receiver gets, from its subscription on, in the order in which they were sent.
 *
 * `send` never waits: who sends is not held up by who is slow. A receiver that falls more than `capacity` values behind misses the
 * oldest ones and is told how many. What all receivers have taken, or missed, is not kept; without receivers nothing is.
 *
 * After `close()` receivers get what they have not taken, then `ChannelEndError`, and `for await` ends; after `fail(error)` the
 * error. A value is taken in the turn in which its receiver goes on: one that is cancelled before has taken nothing.
 *
 * @example
 * ```ts
 * import { all, Broadcast } from "@millrace/millrace";
 *
 * const prices = new Broadcast<number>(16);
 * const [mean, last] = [prices.subscribe(), prices.subscribe()];
 * await all([
 *   async () => {
 *     let [sum, count] = [0, 0];
 *     for await (const price of mean) [sum, count] = [sum + price, count + 1];
 *     console.log(sum / count); // -> 20
 *   },
 *   async () => {
 *     let latest = 0;
 *     for await (const price of last) latest = price;
 *     console.log(latest); // -> 30
 *   },
 *   () => {
 *     for (const price of [10, 20, 30]) prices.send(price);
 *     prices.close();
 *   },
 * ]);
 * ```
 */
export class Broadcast<T> {
  readonly #core: BroadcastCore<T>;

  /**
   * Makes an open broadcast.
   *
   * @param capacity How many values a receiver may be behind, a whole number of at least 1.
   * @throws {TypeError} or {RangeError} for anything else.
   */
  constructor(capacity: number) {
    checkCount(capacity, "The capacity of a broadcast", 1);
    if (capacity === Infinity) throw new RangeError("The capacity of a broadcast has to be finite: received Infinity");
    this.#core = new BroadcastCore<T>(capacity);
  }

  static {
    printAs(Broadcast, (it) => `Broadcast(${it.closed ? "closed" : "open"}, ${it.#core.cursors.size} receivers)`);
  }

  /** How many values a receiver may be behind before it misses some. */
  get capacity(): number {
    return this.#core.capacity;
  }

  /** Can nothing be sent any more? */
  get closed(): boolean {
    return this.#core.closed !== undefined;
  }

  /**
   * Sends a value to all who have subscribed; answers how many those are. It never waits.
   *
   * @throws {ChannelClosedError} when the broadcast is closed.
   */
  send(value: T): number {
    return this.#core.send(value);
  }

  /**
   * Makes a receiver of all that is sent from now on. Close it, or let `using` do so, when it is not read any more; of a broadcast
   * that is closed it is at its end.
   *
   * @throws {TypeError} for options of a wrong kind.
   */
  subscribe(options: SubscribeOptions = {}): BroadcastReceiver<T> {
    return makeBroadcastReceiver(this.#core, options);
  }

  /** Closes the broadcast; what was sent is still received. A second call does nothing. */
  close(): void {
    this.#core.close(undefined, false);
  }

  /** Closes the broadcast with an error: receivers get what they have not taken, then the error itself. Once closed it does nothing. */
  fail(error: unknown): void {
    this.#core.close(error, true);
  }

  /** The numbers of the broadcast at this moment. */
  statistics(): BroadcastStatistics {
    let [waiting, behind] = [0, 0];
    for (const { line, unread } of this.#core.cursors) {
      waiting += line.size;
      behind = Math.max(behind, unread);
    }
    return Object.freeze({ capacity: this.capacity, receivers: this.#core.cursors.size, waiting, behind });
  }
}
