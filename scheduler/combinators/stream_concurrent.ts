/**
 * Mapping what comes from a source with many tasks at once, the results one by one.
 *
 * ```
 *   new ──the first next()──> open ──all items done, all results taken──────────────> over: done
 *    │                         ├──a failure──> failing ──all has ended──> the next next() throws it ──> over
 *    │                         └──return()───> leaving ──all has ended──> over
 *    └──return()──> over: the source is never touched
 * ```
 *
 * @module
 */

import { checkBoolean, checkFunction, show } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { currentScope, isCancelled, within } from "../scopes/current_scope.ts";
import { toCaller } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";
import { reportUnhandled } from "../scopes/unhandled.ts";
import { checkGroupOptions, type GroupOptions, groupOptions, type GroupSettings } from "../tasks/group_options.ts";
import { Wait } from "../waits/wait.ts";
import { isIterable, ItemGroup, type ItemWork } from "./item_group.ts";

/** How a stream of results is to be. */
export interface StreamConcurrentOptions extends GroupOptions {
  /** How many items may be worked on, or be done and wait to be taken, at once; there is no default. */
  limit: number;
  /** Do the results come in the order of the items? Otherwise in that in which they are there. Default: true. */
  ordered?: boolean;
}

/** The results, for one loop; and what leaves it early, which `for await` and `await using` do by themselves. */
export interface ResultStream<R> extends AsyncIterableIterator<R, undefined, undefined> {
  /** Cancels what runs, closes the source, and waits until that has ended. */
  return(): Promise<IteratorReturnResult<undefined>>;
  /** Does what `return` does. */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * The stream itself. Its tasks belong to the scope in which this is called first; without it to the one that the stream was made in,
   * if the first result is asked for in there, else to where that is.
   */
  [Symbol.asyncIterator](): ResultStream<R>;
}

/**
 * Calls `fn(item, index, task)` for each item of a source, many at once, and gives the results one by one, while others are still
 * being made.
 *
 * It is lazy: nothing begins before the first result is asked for, and never are more than `limit` items being worked on or done and
 * not taken, so that neither a fast source nor a slow loop piles anything up. The tasks belong to the scope of the loop. Leaving it
 * early, in whichever way, cancels those that run, waits for them and closes the source, once.
 *
 * The first failure, of `fn` or of the source, cancels the rest. Results that are there before it in order are still given, then, when
 * all has ended, it is thrown. A signal, a timeout or a cancellation from around ends the stream at once.
 *
 * A wait for a result that alone is cancelled (`moveOnAfter(10, () => results.next())`) loses nothing: another gets it.
 *
 * @param items Any iterable or async iterable.
 * @param options `limit` has to be given. The others are those of a `group`, and `ordered`.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { sleep, streamConcurrent } from "@millrace/millrace";
 *
 * const lengths = streamConcurrent(["mill", "race", "river"], async (word) => {
 *   await sleep(1);
 *   return word.length;
 * }, { limit: 2 });
 * for await (const length of lengths) console.log(length);
 * // -> 4
 * // -> 4
 * // -> 5
 * ```
 */
export function streamConcurrent<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  fn: (item: T, index: number, task: Task<unknown>) => R | PromiseLike<R>,
  options: StreamConcurrentOptions,
): ResultStream<R> {
  if (!isIterable(items)) throw new TypeError(`streamConcurrent needs an iterable: received ${show(items)}`);
  checkFunction(fn, "The function of streamConcurrent");
  if (options === undefined) throw noLimit();
  checkGroupOptions(options, "streamConcurrent", [...groupOptions, "ordered"]);
  const { limit, ordered = true, ...others } = options;
  if (limit === undefined) throw noLimit();
  checkBoolean(ordered, "ordered");
  return new Results(items, fn, { limit, ordered, ...others });
}

/** The group of a stream, with the results that nobody has taken. */
class Streaming<T, R> extends ItemGroup<T, R> {
  /** How all has ended. */
  ended: Promise<void> | undefined = undefined;
  outcome: { error: { reason: unknown } | undefined } | undefined = undefined;
  /** Present while an error waits to be seen. */
  #unwatch: (() => void) | undefined = undefined;
  /** By their places: those of the items, or of their coming. */
  readonly #results: Map<number, R>;
  #taken = 0;
  /** The one who waits for a result. */
  #reader: Wait | undefined = undefined;

  constructor(settings: GroupSettings, work: Omit<ItemWork<T, R>, "fulfilled">, ordered: boolean) {
    const results = new Map<number, R>();
    let came = 0;
    const fulfilled = (value: R, index: number): void => {
      results.set(ordered ? index : came++, value);
      this.wake();
    };
    super(settings, { ...work, fulfilled }, "streamConcurrent");
    this.#results = results;
  }

  protected override get isFull(): boolean {
    return this.live + this.#results.size >= this.most;
  }

  begin(): void {
    const end = (error?: { reason: unknown }): void => {
      this.outcome = { error };
      this.wake();
      if (error !== undefined) this.#reportUnlessSeen(error.reason);
    };
    this.ended = this.runBody(() => this.spawnAll(), undefined).then(() => end(), (reason) => end({ reason }));
  }

  /** The next result, if it is there and still to be given. */
  take(): { value: R } | undefined {
    // A failure leaves what came before it; who ends the whole wants no more of it.
    if (!this.#results.has(this.#taken) || (this.request !== undefined && this.failures.length === 0)) return undefined;
    const value = this.#results.get(this.#taken) as R;
    this.#results.delete(this.#taken++);
    this.madeRoom();
    return { value };
  }

  /** Waits in `scope` until there may be a result, or the end. */
  async changed(scope: Scope | undefined): Promise<void> {
    this.#reader = new Wait(scope, undefined, "a result of streamConcurrent");
    await this.#reader.promise;
  }

  /** Somebody has been given the outcome. */
  seen(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** The scope of the loop may end without another look at the results. That they were cancelled would be no news. */
  #reportUnlessSeen(error: unknown): void {
    if (this.failures.length === 0 && this.request?.source !== "deadline") return;
    this.#unwatch = this.parent?.whenClosed(() => reportUnhandled(error, this));
  }

  wake(): void {
    this.#reader?.resolve();
  }
}

/** The stream, as it is given to the loop. */
class Results<T, R> implements ResultStream<R> {
  readonly #work: Omit<ItemWork<T, R>, "fulfilled">;
  readonly #options: Required<Pick<StreamConcurrentOptions, "limit" | "ordered">> & GroupOptions;
  #streaming: Streaming<T, R> | undefined = undefined;
  #isOver = false;
  /** Where the stream was made, and where the loop is. */
  readonly #origin: Scope | undefined = currentScope();
  #loop: Scope | undefined = undefined;
  /** Those who ask for a result while another one waits for one come after it. */
  #last: Promise<unknown> | undefined = undefined;

  constructor(
    items: ItemWork<T, R>["items"],
    fn: ItemWork<T, R>["fn"],
    options: Required<Pick<StreamConcurrentOptions, "limit" | "ordered">> & GroupOptions,
  ) {
    this.#work = { items, fn };
    this.#options = options;
  }

  static {
    printAs(Results, (it) => `ResultStream(${it.#isOver ? "over" : it.#streaming === undefined ? "new" : "open"})`);
  }

  next(): Promise<IteratorResult<R, undefined>> {
    const scope = currentScope();
    const step = this.#last === undefined ? this.#next(scope) : this.#last.then(() => this.#next(scope));
    const settled = step.then(ignore, ignore).then(() => {
      if (this.#last === settled) this.#last = undefined;
    });
    this.#last = settled;
    return toCaller(step, undefined, this.#options.signal);
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    return toCaller(this.#leave(), undefined, this.#options.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): ResultStream<R> {
    if (this.#streaming === undefined) this.#loop ??= currentScope();
    return this;
  }

  async #next(scope: Scope | undefined): Promise<IteratorResult<R, undefined>> {
    for (;;) {
      if (this.#isOver) return { done: true, value: undefined };
      const streaming = this.#streaming ??= this.#begin(scope);
      if (!isCancelled(scope)) {
        const result = streaming.take();
        if (result !== undefined) return { done: false, value: result.value };
        if (streaming.outcome !== undefined) return this.#end(streaming);
      }
      try {
        await streaming.changed(scope);
      } catch (error) {
        // The cancellation is that of the tasks too: it goes on when they have ended.
        if (!isCancelled(streaming)) throw error;
        await streaming.ended;
        this.#end(streaming);
        throw error;
      }
    }
  }

  #begin(scope: Scope | undefined): Streaming<T, R> {
    const { ordered, ...options } = this.#options;
    return within(this.#around(scope), () => {
      const settings = checkGroupOptions(options);
      settings.name ??= "streamConcurrent";
      const streaming = new Streaming(settings, this.#work, ordered);
      streaming.begin();
      return streaming;
    }, undefined);
  }

  /** The scope that the tasks belong to. A scope around a single wait for a result would end too soon. */
  #around(scope: Scope | undefined): Scope | undefined {
    if (this.#loop?.closed === false) return this.#loop;
    let at = scope;
    while (at !== undefined && at !== this.#origin) at = at.parent;
    return at ?? scope;
  }

  /** All has ended. */
  #end(streaming: Streaming<T, R>): IteratorReturnResult<undefined> {
    this.#isOver = true;
    streaming.seen();
    const { error } = streaming.outcome!;
    if (error !== undefined) throw error.reason;
    return { done: true, value: undefined };
  }

  async #leave(): Promise<IteratorReturnResult<undefined>> {
    const streaming = this.#streaming;
    const wasOver = this.#isOver;
    this.#isOver = true;
    if (streaming === undefined) return { done: true, value: undefined };
    if (!wasOver) streaming.cancel("cancel", "the loop over the results was left");
    streaming.wake();
    await streaming.ended;
    return wasOver ? { done: true, value: undefined } : this.#end(streaming);
  }
}

function noLimit(): TypeError {
  return new TypeError("streamConcurrent needs a limit: received undefined");
}

function ignore(): void {}
