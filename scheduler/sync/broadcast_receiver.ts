/**
 * What receives the values of a broadcast.
 *
 * @module
 */

import { checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { type BroadcastCore, Cursor } from "./broadcast_core.ts";
import { iterate } from "./channel_ends.ts";
import { signalOf, type WaitOptions } from "./wait_options.ts";

/** How to subscribe to a broadcast. */
export interface SubscribeOptions {
  /**
   * Is told how many values were missed, before the next one is received, instead of a `BroadcastLagError` being thrown: for loops,
   * which an error would end. What it throws goes to `onUnhandled`.
   */
  onLag?: (missed: number) => unknown;
}

/** What a receiver needs of its cursor: values come out of it only, so that one of strings is one of strings and numbers. */
interface Readable<out T> {
  readonly closed: boolean;
  readonly unread: number;
  readonly isReady: boolean;
  receive(signal: AbortSignal | undefined): Promise<T>;
  take(): T;
  close(): void;
}

/** Makes a receiver; only the broadcast may. */
export let makeBroadcastReceiver: <T>(core: BroadcastCore<T>, options: SubscribeOptions) => BroadcastReceiver<T>;

/** One who gets each value of a {@linkcode Broadcast}, from its subscription on. */
export class BroadcastReceiver<out T> {
  readonly #cursor: Readable<T>;

  private constructor(core: BroadcastCore<T>, options: SubscribeOptions) {
    checkOptions(options, "a subscription", ["onLag"]);
    if (options.onLag !== undefined) checkFunction(options.onLag, "onLag");
    this.#cursor = new Cursor(core, options.onLag);
  }

  static {
    makeBroadcastReceiver = (core, options) => new BroadcastReceiver(core, options);
    printAs(
      BroadcastReceiver,
      ({ closed, size }) => `BroadcastReceiver(${closed ? "closed" : "open"}, ${size} unread)`,
    );
  }

  /** Was this receiver closed? */
  get closed(): boolean {
    return this.#cursor.closed;
  }

  /** How many values are there to be received. */
  get size(): number {
    return this.#cursor.unread;
  }

  /**
   * Waits for the next value.
   *
   * @throws {BroadcastLagError} (rejection) when values were missed; the next call gives the oldest value there is.
   * @throws {ChannelEndError} (rejection) when the broadcast is closed and all is received; after `fail` its error instead.
   * @throws {ChannelClosedError} (rejection) when this receiver is closed, or is while it waits.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; no value is taken then.
   * @throws {TypeError} at the call, for options of a wrong kind.
   */
  receive(options: WaitOptions = {}): Promise<T> {
    return this.#cursor.receive(signalOf(options));
  }

  /**
   * Takes the next value if there is one; `undefined` too at the end. Whoever waits in `receive` comes first.
   *
   * @throws {BroadcastLagError} when values were missed; the next call gives the oldest value there is.
   */
  tryReceive(): { value: T } | undefined {
    const cursor = this.#cursor;
    return !cursor.closed && cursor.isReady ? { value: cursor.take() } : undefined;
  }

  /** Closes this receiver: what it has not taken is not kept for it any more. A second call does nothing. */
  close(): void {
    this.#cursor.close();
  }

  /** Closes this receiver. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Receives until the broadcast is at its end. A lag without `onLag` is thrown out of the loop; another loop goes on after it. Leaving
   * a loop early leaves the receiver open.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return iterate(() => this.receive());
  }
}
