/**
 * The two ends of a channel, each to be given away by itself.
 *
 * @module
 */

import { printAs } from "../../runtime/basics/inspect.ts";
import { toCaller } from "../scopes/exit.ts";
import { endedBy, type WaitOptions } from "../waits/wait.ts";
import type { ChannelCore, End } from "./channel_core.ts";
import { ChannelClosedError, ChannelEndError } from "./channel_errors.ts";

/** What the channel and its ends share. */
export interface Shared<T> {
  readonly core: ChannelCore<T>;
  /** Open ends made of each side. */
  senders: number;
  receivers: number;
}

/** Make the ends of a channel; only the channel may. */
export let makeSender: <T>(shared: Shared<T>) => Sender<T>;

export let makeReceiver: <T>(shared: Shared<T>) => Receiver<T>;

/**
 * An end of a {@linkcode Channel} to send with. While one is open, the channel is not closed by the closing of another.
 */
export class Sender<in T> {
  // Values only go in: who may send any animal may send cats.
  readonly #shared: Shared<unknown>;
  readonly #end: End = { closed: false, waiting: 0 };

  private constructor(shared: Shared<unknown>) {
    if (shared.core.closed !== undefined) throw new ChannelClosedError("The channel was closed for sending");
    this.#shared = shared;
    shared.senders++;
  }

  static {
    makeSender = (shared) => new Sender(shared as Shared<unknown>);
    printAs(Sender, (sender) => `Sender(${sender.#end.closed ? "closed" : "open"})`);
  }

  /** Was this end closed? */
  get closed(): boolean {
    return this.#end.closed;
  }

  /**
   * Sends a value; see `Channel.send`. On an end that is closed, or is while it waits, rejects with
   * `ChannelClosedError`.
   */
  send(value: T, options?: WaitOptions): Promise<void> {
    if (options !== undefined) return endedBy(options, () => this.send(value));
    return this.#shared.core.send(value, this.#end);
  }

  /** Sends a value if that needs no waiting; see `Channel.trySend`. */
  trySend(value: T): boolean {
    return this.#shared.core.trySend(value, this.#end);
  }

  /**
   * Makes another end of the same side.
   *
   * @throws {ChannelClosedError} when this end or the channel is closed.
   */
  clone(): Sender<T> {
    if (this.#end.closed) throw new ChannelClosedError("The sending end was closed");
    return new Sender(this.#shared);
  }

  /** Closes this end; with the last one the channel is closed. A second call does nothing. */
  close(): void {
    if (this.#end.closed) return;
    this.#end.closed = true;
    const { core } = this.#shared;
    core.failEnd(core.senders, this.#end, "The sending end was closed");
    if (--this.#shared.senders === 0) core.close(undefined, false);
  }

  /** Closes this end. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * An end of a {@linkcode Channel} to receive with. While one is open, the channel is not broken by the closing of
 * another.
 */
export class Receiver<out T> {
  // Values only come out: who receives cats receives animals.
  readonly #shared: Shared<never>;
  readonly #end: End = { closed: false, waiting: 0 };

  private constructor(shared: Shared<never>) {
    if (shared.core.broken) throw new ChannelClosedError("The last receiver of the channel has been closed");
    this.#shared = shared;
    shared.receivers++;
  }

  static {
    makeReceiver = (shared) => new Receiver(shared as unknown as Shared<never>);
    printAs(Receiver, (receiver) => `Receiver(${receiver.#end.closed ? "closed" : "open"})`);
  }

  /** Was this end closed? */
  get closed(): boolean {
    return this.#end.closed;
  }

  /**
   * Waits for the next value; see `Channel.receive`. On an end that is closed, or is while it waits, rejects with
   * `ChannelClosedError`.
   */
  receive(options?: WaitOptions): Promise<T> {
    if (options !== undefined) return endedBy(options, () => this.receive());
    return this.#shared.core.receive(this.#end);
  }

  /** Takes the next value if there is one; see `Channel.tryReceive`. */
  tryReceive(): { value: T } | undefined {
    return this.#shared.core.tryReceive(this.#end);
  }

  /**
   * Makes another end of the same side.
   *
   * @throws {ChannelClosedError} when this end is closed.
   */
  clone(): Receiver<T> {
    if (this.#end.closed) throw new ChannelClosedError("The receiving end was closed");
    return new Receiver(this.#shared);
  }

  /** Closes this end; with the last one nothing can be sent any more, and what is in the channel is undelivered. */
  close(): void {
    if (this.#end.closed) return;
    this.#end.closed = true;
    const { core } = this.#shared;
    core.failEnd(core.receivers, this.#end, "The receiving end was closed");
    if (--this.#shared.receivers === 0) core.break();
  }

  /** Closes this end. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Receives until the channel is at its end. Leaving a loop early leaves this end open. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return iterate(() => this.receive());
  }
}

/** Values from `receive` until the end. */
export function iterate<T>(receive: () => Promise<T>): AsyncIterableIterator<T, undefined, undefined> {
  let done = false;
  async function step(): Promise<IteratorResult<T, undefined>> {
    if (done) return { done, value: undefined };
    try {
      return { done: false, value: await receive() };
    } catch (error) {
      if (!(error instanceof ChannelEndError)) throw error;
      return { done: true, value: undefined };
    }
  }
  return {
    next(): Promise<IteratorResult<T, undefined>> {
      return toCaller(step());
    },
    return(): Promise<IteratorResult<T, undefined>> {
      done = true;
      return Promise.resolve({ done, value: undefined });
    },
    [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
      return this;
    },
  };
}
