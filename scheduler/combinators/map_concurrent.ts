/**
 * Mapping what comes from a source with many tasks at once.
 *
 * ```
 *   source ──pull, while fewer than `limit` run──> a task for the item ──> its place in the results
 *     └── closed once: after a failure or a cancellation; a source that ended or threw has closed itself
 * ```
 *
 * @module
 */

import { checkFunction, show } from "../../runtime/basics/check.ts";
import { loop } from "../queue/loop.ts";
import { deliver, within } from "../scopes/current_scope.ts";
import { Cancelled } from "../scopes/errors.ts";
import { abortedBy, toCaller } from "../scopes/exit.ts";
import { Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";
import { checkGroupOptions, type GroupOptions, type GroupSettings } from "../tasks/group_options.ts";
import type { TaskNode } from "../tasks/task_node.ts";
import { turnIn } from "../waits/turn.ts";
import { Wait } from "../waits/wait.ts";
import { Combination, reportLate } from "./combination.ts";

/**
 * Calls `fn(item, index, task)` for each item of a source, many at once, and resolves to the results in the order of
 * the items.
 *
 * Items are pulled lazily, one only when there is room for its task: at most `limit` have been pulled and not ended, so
 * that even an endless source does not run ahead. The first failure, of `fn` or of the source, cancels the tasks that
 * run and pulls no more; when all have ended it is what the promise rejects with. The source is then closed (its
 * `return()` is called, once, shielded, and awaited); one that is stalled in `next()` is left after a grace of 100 ms.
 *
 * @param items Any iterable or async iterable.
 * @param options `limit` bounds how many run at once. Default: no limit. The others are those of a `group`.
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { mapConcurrent, sleep } from "@millrace/millrace";
 *
 * const lengths = await mapConcurrent(["mill", "race"], async (word) => {
 *   await sleep(1);
 *   return word.length;
 * }, { limit: 4 });
 * console.log(lengths.join()); // -> 4,4
 * ```
 */
export function mapConcurrent<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  fn: (item: T, index: number, task: Task<unknown>) => R | PromiseLike<R>,
  options: GroupOptions = {},
): Promise<R[]> {
  if (!isIterable(items)) throw new TypeError(`mapConcurrent needs an iterable: received ${show(items)}`);
  checkFunction(fn, "The function of mapConcurrent");
  const settings = checkGroupOptions(options, "mapConcurrent");
  if (settings.signal?.aborted) return abortedBy(settings.signal);
  settings.name ??= "mapConcurrent";
  const results: R[] = [];
  const mapping = new Mapping(settings, results);
  return toCaller(mapping.runBody(() => mapping.mapAll(items, fn), undefined), () => results, settings.signal);
}

/** How long a source that is stalled in `next()` may take to settle after it has been closed, in ms. */
const grace = 100;

/** A group that spawns a task for each item, as far as the limit allows. */
class Mapping<R> extends Combination {
  readonly #limit: number;
  #slotFree: Wait | undefined = undefined;

  constructor(settings: GroupSettings, results: R[]) {
    super(settings, {
      fulfilled: (value, index) => void (results[index] = value as R),
      rejected: () => false,
    });
    this.#limit = settings.limit;
  }

  override childEnded(node: TaskNode): void {
    super.childEnded(node);
    this.#slotFree?.resolve();
  }

  async mapAll<T>(
    items: Iterable<T> | AsyncIterable<T>,
    fn: (item: T, index: number, task: Task<unknown>) => R | PromiseLike<R>,
  ): Promise<void> {
    this.#check();
    const source = new Source(items);
    try {
      for (let index = 0;; index++) {
        this.#check();
        while (this.live >= this.#limit) await (this.#slotFree = new Wait(this)).promise;
        const step = source.isSync ? source.nextNow() : await source.next(this);
        if (step.done) return;
        // Now: an iterator may give the same object each time.
        const { value } = step;
        this.add((task) => fn(value, index, task), index, fn.name || "item");
        // The tasks get their turn also while a long source is pulled.
        if (!loop().queue.mayAnswer()) await turnIn(this);
      }
    } finally {
      await source.close(this);
    }
  }

  #check(): void {
    if (this.effective !== undefined) throw deliver(this);
  }
}

/** Where the items come from. */
class Source<T> {
  readonly isSync: boolean;
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  /** Has it ended, thrown or been closed? */
  #over = false;
  /** The step that was asked for and has not come. */
  #pending: Promise<unknown> | undefined = undefined;

  constructor(items: Iterable<T> | AsyncIterable<T>) {
    this.isSync = typeof (items as AsyncIterable<T>)[Symbol.asyncIterator] !== "function";
    this.#iterator = this.isSync
      ? (items as Iterable<T>)[Symbol.iterator]()
      : (items as AsyncIterable<T>)[Symbol.asyncIterator]();
  }

  nextNow(): IteratorResult<T> {
    this.#over = true;
    return this.#took((this.#iterator as Iterator<T>).next());
  }

  /** The next step, as a checkpoint in `scope`. */
  async next(scope: Scope): Promise<IteratorResult<T>> {
    this.#over = true;
    const step = Promise.resolve((this.#iterator as AsyncIterator<T>).next());
    this.#over = false;
    const wait = new Wait<IteratorResult<T>>(scope, undefined, "the source of mapConcurrent");
    this.#pending = step;
    step.then((result) => {
      this.#pending = undefined;
      this.#over ||= result?.done === true;
      wait.resolve(result);
    }, (error) => {
      this.#pending = undefined;
      // A source at a checkpoint of ours has not failed: the cancellation it throws is the mapping's own.
      if (!(error instanceof Cancelled)) this.#over = true;
      if (!wait.reject(error)) this.#tellLate(error, scope as Combination);
    });
    return this.#took(await wait.promise);
  }

  /** Closes the source if it has not ended; what that throws is a failure of the mapping. */
  async close(mapping: Combination): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const scope = new Scope(mapping);
    scope.setShield(true);
    try {
      const closing = within(scope, () => (this.#iterator as AsyncIterator<T>).return?.(), undefined);
      if (this.#pending !== undefined) await this.#leave(this.#pending, Promise.resolve(closing), scope, mapping);
      else if (!this.isSync) await closing;
    } catch (error) {
      this.#tellLate(error, mapping);
    } finally {
      scope.close();
    }
  }

  /** Waits for a source that is stalled, but no longer than the grace. */
  async #leave(
    stalled: Promise<unknown>,
    closing: Promise<unknown>,
    scope: Scope,
    mapping: Combination,
  ): Promise<void> {
    const wait = new Wait(scope, undefined, "the source of mapConcurrent");
    const closed = closing.catch((error) => this.#tellLate(error, mapping));
    Promise.allSettled([stalled, closed]).then(() => wait.resolve());
    scope.deadline = loop().host.now() + grace;
    await wait.promise.catch(() => {});
  }

  #tellLate(error: unknown, mapping: Combination): void {
    if (error instanceof Cancelled) return;
    if (mapping.closed) reportLate(error, mapping);
    else mapping.fail(error);
  }

  #took(step: IteratorResult<T>): IteratorResult<T> {
    if (typeof step !== "object" || step === null) throw new TypeError(`An iterator gave ${show(step)} as a step`);
    this.#over = step.done === true;
    return step;
  }
}

function isIterable(items: unknown): boolean {
  const object = items === undefined || items === null ? {} : Object(items);
  return typeof object[Symbol.asyncIterator] === "function" || typeof object[Symbol.iterator] === "function";
}
