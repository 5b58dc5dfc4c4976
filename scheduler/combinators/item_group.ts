/**
 * A group with a task for each item of a source.
 *
 * ```
 *   source ──pull, while there is room──> a task for the item ──> its result
 *     └── closed once: after a failure or a cancellation; a source that ended or threw has closed itself
 * ```
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { loop } from "../queue/loop.ts";
import { deliver, within } from "../scopes/current_scope.ts";
import { Cancelled } from "../scopes/errors.ts";
import { Scope } from "../scopes/scope.ts";
import type { Task } from "../scopes/task.ts";
import type { GroupSettings } from "../tasks/group_options.ts";
import type { TaskNode } from "../tasks/task_node.ts";
import { turnIn } from "../waits/turn.ts";
import { Wait } from "../waits/wait.ts";
import { Combination, reportLate } from "./combination.ts";

/** How long a source that is stalled in `next()` may take to settle after it has been closed, in ms. */
const grace = 100;

/** What is done with each item, and what comes of it. */
export interface ItemWork<T, R> {
  readonly items: Iterable<T> | AsyncIterable<T>;
  readonly fn: (item: T, index: number, task: Task<unknown>) => R | PromiseLike<R>;
  /** Takes the result of an item. */
  readonly fulfilled: (value: R, index: number) => void;
}

/** A group that spawns a task for each item of a source, as far as there is room. */
export abstract class ItemGroup<T, R> extends Combination {
  readonly #work: ItemWork<T, R>;
  readonly #user: string;
  /** How many items may be worked on at once. */
  protected readonly most: number;
  #room: Wait | undefined = undefined;

  constructor(settings: GroupSettings, work: ItemWork<T, R>, user: string) {
    super(settings, {
      fulfilled: (value, index) => work.fulfilled(value as R, index),
      rejected: () => false,
    });
    this.#work = work;
    this.#user = user;
    this.most = settings.limit;
  }

  /** Has the next item to wait for room? */
  protected abstract get isFull(): boolean;

  override childEnded(node: TaskNode): void {
    super.childEnded(node);
    this.madeRoom();
  }

  /** There may be room for the next item. */
  protected madeRoom(): void {
    this.#room?.resolve();
  }

  /** Spawns a task for each item; the body of the group. */
  async spawnAll(): Promise<void> {
    this.#check();
    const { items, fn } = this.#work;
    const source = new Source(items, this.#user);
    try {
      for (let index = 0;; index++) {
        this.#check();
        while (this.isFull) await (this.#room = new Wait(this, undefined, "room for an item")).promise;
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
  readonly #user: string;
  readonly isSync: boolean;
  readonly #iterator: Iterator<T> | AsyncIterator<T>;
  /** Has it ended, thrown or been closed? */
  #over = false;
  /** The step that was asked for and has not come. */
  #pending: Promise<unknown> | undefined = undefined;

  constructor(items: Iterable<T> | AsyncIterable<T>, user: string) {
    this.#user = user;
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
    const wait = new Wait<IteratorResult<T>>(scope, undefined, `the source of ${this.#user}`);
    this.#pending = step;
    step.then((result) => {
      this.#pending = undefined;
      this.#over ||= result?.done === true;
      wait.resolve(result);
    }, (error) => {
      this.#pending = undefined;
      // A source at a checkpoint of ours has not failed: the cancellation it throws is the group's own.
      if (!(error instanceof Cancelled)) this.#over = true;
      if (!wait.reject(error)) this.#tellLate(error, scope as Combination);
    });
    return this.#took(await wait.promise);
  }

  /** Closes the source if it has not ended; what that throws is a failure of the group. */
  async close(group: Combination): Promise<void> {
    if (this.#over) return;
    this.#over = true;
    const scope = new Scope(group);
    scope.setShield(true);
    try {
      const closing = within(scope, () => (this.#iterator as AsyncIterator<T>).return?.(), undefined);
      if (this.#pending !== undefined) await this.#leave(this.#pending, Promise.resolve(closing), scope, group);
      else if (!this.isSync) await closing;
    } catch (error) {
      this.#tellLate(error, group);
    } finally {
      scope.close();
    }
  }

  /** Waits for a source that is stalled, but no longer than the grace. */
  async #leave(
    stalled: Promise<unknown>,
    closing: Promise<unknown>,
    scope: Scope,
    group: Combination,
  ): Promise<void> {
    const wait = new Wait(scope, undefined, `the source of ${this.#user}`);
    const closed = closing.catch((error) => this.#tellLate(error, group));
    Promise.allSettled([stalled, closed]).then(() => wait.resolve());
    scope.deadline = loop().timers.now() + grace;
    await wait.promise.catch(() => {});
  }

  #tellLate(error: unknown, group: Combination): void {
    if (error instanceof Cancelled) return;
    if (group.closed) reportLate(error, group);
    else group.fail(error);
  }

  #took(step: IteratorResult<T>): IteratorResult<T> {
    if (typeof step !== "object" || step === null) throw new TypeError(`An iterator gave ${show(step)} as a step`);
    this.#over = step.done === true;
    return step;
  }
}

/** Can something be iterated, one way or the other? */
export function isIterable(items: unknown): boolean {
  const object = items === undefined || items === null ? {} : Object(items);
  return typeof object[Symbol.asyncIterator] === "function" || typeof object[Symbol.iterator] === "function";
}
