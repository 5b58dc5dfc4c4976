/**
 * A value that others wait for changes of.
 *
 * ```
 *   set ──> a new version, the only one that is kept ──> one turn for each receiver that waits: the latest version then
 * ```
 *
 * @module
 */

import { checkFunction } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { currentScope } from "../scopes/current_scope.ts";
import { toCaller } from "../scopes/exit.ts";
import { iterate } from "./channel_ends.ts";
import { ChannelClosedError, ChannelEndError } from "./channel_errors.ts";
import { holds } from "./predicate.ts";
import { giveTurn, pull } from "./signal_wait.ts";
import { WaitLine } from "./wait_line.ts";
import { refusedWait, signalOf, type WaitOptions } from "./wait_options.ts";

/** What a watch and its receivers share. */
interface Shared<T> {
  value: T;
  /** How many times the value has been set. */
  version: number;
  closed: boolean;
  /** The receivers that somebody waits through. */
  readonly waiting: Set<Cursor<T>>;
}

/** What a receiver has seen. */
class Cursor<T> {
  /** A turn that was for one who is cancelled is the next one's; so is the end, or the version that came meanwhile. */
  readonly line: WaitLine<T> = new WaitLine<T>("a change of a watch", {
    lost: () => this.wake(),
    left: () => this.wake(),
    landed: () => this.wake(),
  });
  /** The version seen last. */
  seen: number;
  readonly #shared: Shared<T>;
  readonly #take = (): T => this.take();

  constructor(shared: Shared<T>, seen: number) {
    this.#shared = shared;
    this.seen = seen;
  }

  get isBehind(): boolean {
    return this.#shared.version > this.seen;
  }

  /** Is what it has not seen on its way to somebody who waits? */
  get isTaken(): boolean {
    return this.line.inFlight > 0;
  }

  take(): T {
    this.seen = this.#shared.version;
    return this.#shared.value;
  }

  changed(signal: AbortSignal | undefined): Promise<T> {
    const scope = currentScope();
    const refused = refusedWait<T>(scope, signal);
    if (refused !== undefined) return refused;
    const isThere = this.isBehind && this.line.inFlight === 0;
    if (!isThere && this.#shared.closed && this.line.inFlight === 0) return Promise.reject(endError());
    const change = pull(this.line, isThere, { scope, signal, take: this.#take });
    if (this.line.size > 0) this.#shared.waiting.add(this);
    return change;
  }

  /** Gives one of those in line a turn for a version that has not been seen; at the end tells all. */
  wake(): void {
    if (this.line.inFlight > 0) return;
    if (this.isBehind && this.line.size > 0) giveTurn(this.line);
    else if (this.#shared.closed) this.line.failAll(endError());
    if (this.line.size === 0) this.#shared.waiting.delete(this);
  }
}

/** What a receiver needs of its cursor: values come out of it only, so that one of strings is one of strings and numbers. */
interface Readable<out T> {
  readonly isBehind: boolean;
  readonly isTaken: boolean;
  take(): T;
  changed(signal: AbortSignal | undefined): Promise<T>;
}

/** The numbers of a watch at one moment. */
export interface WatchStatistics {
  /** How many times the value has been set. */
  readonly version: number;
  /** Those who wait for a change. */
  readonly waiting: number;
}

/**
 * A value, and news of its changes: settings, a state, a progress. Who waits is given the latest value; those that came in between
 * are missed, and no receiver is given one version twice.
 *
 * Each `set` is a change, also of a value to an equal one. A value is taken in the turn in which its receiver goes on: one that is
 * cancelled before has seen nothing. After `close()` what has not been seen is still given, then `ChannelEndError`, and `for await`
 * ends; `value` stays.
 *
 * @example
 * ```ts
 * import { all, sleep, Watch } from "@millrace/millrace";
 *
 * const level = new Watch("info");
 * await all([
 *   async () => {
 *     for await (const name of level) console.log(name);
 *   },
 *   async () => {
 *     await sleep(1);
 *     level.set("warn");
 *     level.set("debug");
 *     level.close();
 *   },
 * ]);
 * // -> info
 * // -> debug
 * ```
 */
export class Watch<T> {
  readonly #shared: Shared<T>;

  /** Makes an open watch of a value. */
  constructor(value: T) {
    this.#shared = { value, version: 0, closed: false, waiting: new Set() };
  }

  static {
    printAs(Watch, (it) => `Watch(${it.closed ? "closed" : "open"}, version ${it.#shared.version})`);
  }

  /** The latest value. */
  get value(): T {
    return this.#shared.value;
  }

  /** Can the value not be set any more? */
  get closed(): boolean {
    return this.#shared.closed;
  }

  /**
   * Sets the value, and tells all who wait.
   *
   * @throws {ChannelClosedError} when the watch is closed.
   */
  set(value: T): void {
    const shared = this.#shared;
    if (shared.closed) throw closedError();
    shared.value = value;
    shared.version++;
    for (const cursor of shared.waiting) cursor.wake();
  }

  /**
   * Sets the value to what `fn` makes of the latest one, and returns it. If `fn` throws nothing is set.
   *
   * @throws {TypeError} for what is no function.
   * @throws {ChannelClosedError} when the watch is closed; `fn` is not called then.
   */
  update(fn: (value: T) => T): T {
    checkFunction(fn, "The function of an update");
    if (this.#shared.closed) throw closedError();
    this.set(fn(this.#shared.value));
    return this.#shared.value;
  }

  /**
   * Waits for the next change from this call on; resolves to the latest value. Changes between two calls are missed: to see them too,
   * use one receiver for all.
   *
   * @throws {ChannelEndError} (rejection) when the watch is closed.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled.
   * @throws {TypeError} at the call, for options of a wrong kind.
   */
  changed(options: WaitOptions = {}): Promise<T> {
    return new Cursor(this.#shared, this.#shared.version).changed(signalOf(options));
  }

  /**
   * Waits until the predicate holds for the latest value, which it resolves to; asked at once, then after changes.
   *
   * @throws {ChannelEndError} (rejection) when the watch is closed, and the predicate does not hold for the last value.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled.
   * @throws {TypeError} at the call, for arguments of a wrong kind. What the predicate throws is thrown on.
   */
  waitFor<S extends T>(predicate: (value: T) => value is S, options?: WaitOptions): Promise<S>;
  /** Waits until the predicate holds for the latest value, which it resolves to. */
  waitFor(predicate: (value: T) => boolean, options?: WaitOptions): Promise<T>;
  waitFor(predicate: (value: T) => boolean, options: WaitOptions = {}): Promise<T> {
    checkFunction(predicate, "The predicate of a watch");
    const signal = signalOf(options);
    return toCaller(this.#waitFor(predicate, signal), undefined, signal);
  }

  /** Makes a receiver of changes, which has seen the value that there is now. It needs no closing. */
  subscribe(): WatchReceiver<T> {
    return makeReceiver(this.#shared);
  }

  /** Closes the watch: the value stays what it is. A second call does nothing. */
  close(): void {
    this.#shared.closed = true;
    for (const cursor of this.#shared.waiting) cursor.wake();
  }

  /** The numbers of the watch at this moment. */
  statistics(): WatchStatistics {
    let waiting = 0;
    for (const { line } of this.#shared.waiting) waiting += line.size;
    return Object.freeze({ version: this.#shared.version, waiting });
  }

  /** The value there is now, then the latest one after each change, until the watch is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    const cursor = new Cursor(this.#shared, -1);
    return iterate(() => cursor.changed(undefined));
  }

  async #waitFor(predicate: (value: T) => boolean, signal: AbortSignal | undefined): Promise<T> {
    const cursor = new Cursor(this.#shared, -1);
    for (;;) {
      const value = await cursor.changed(signal);
      if (holds(predicate(value))) return value;
    }
  }
}

/** Makes a receiver; only the watch may. */
let makeReceiver: <T>(shared: Shared<T>) => WatchReceiver<T>;

/** One who is given each change of a {@linkcode Watch} at most once, and no older value than the latest. */
export class WatchReceiver<out T> {
  readonly #cursor: Readable<T>;

  private constructor(shared: Shared<T>) {
    this.#cursor = new Cursor(shared, shared.version);
  }

  static {
    makeReceiver = (shared) => new WatchReceiver(shared);
    printAs(WatchReceiver, ({ hasChanged }) => `WatchReceiver(${hasChanged ? "behind" : "up to date"})`);
  }

  /** Has the value been set since this receiver has seen it? */
  get hasChanged(): boolean {
    return this.#cursor.isBehind;
  }

  /**
   * Waits for a version that this receiver has not seen, and resolves to the latest value. Several who wait through one receiver share
   * the changes.
   *
   * @throws {ChannelEndError} (rejection) when the watch is closed and its last value seen.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; nothing counts as seen then.
   * @throws {TypeError} at the call, for options of a wrong kind.
   */
  changed(options: WaitOptions = {}): Promise<T> {
    return this.#cursor.changed(signalOf(options));
  }

  /** Takes the latest value if this receiver has not seen it, and nobody waits for it. */
  tryChanged(): { value: T } | undefined {
    const cursor = this.#cursor;
    return cursor.isBehind && !cursor.isTaken ? { value: cursor.take() } : undefined;
  }

  /** The latest value after each change, until the watch is closed. */
  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined, undefined> {
    return iterate(() => this.changed());
  }
}

function closedError(): ChannelClosedError {
  return new ChannelClosedError("The watch was closed: its value cannot be set any more");
}

function endError(): ChannelEndError {
  return new ChannelEndError("The watch was closed: its value does not change any more");
}
