/**
 * Posted callbacks of a fixed priority that nothing can cancel: the common form of `postTask`.
 *
 * Each would be a scope of its own, as those with a signal are, if 20,000 of those did not cost the garbage collector more than their
 * turns. What they start belongs to a scope that all of one priority share: nothing is ever cancelled there.
 *
 * @module
 */

import { Entry } from "../queue/entry.ts";
import { type Loop, loop } from "../queue/loop.ts";
import { laneOf, priorityOf } from "../queue/priority.ts";
import { keepSettlers, rejectLast, resolveLast } from "../queue/settlers.ts";
import type { ClosedFlow } from "../scopes/current_scope.ts";
import { type Owner, Scope, type WaitingTurn } from "../scopes/scope.ts";

/** The lane of what is posted without a priority. */
export const plainLane: number = laneOf("user-visible");

/** Posts a callback without signal and delay. */
export function postPlainly<T>(callback: () => T | PromiseLike<T>, lane: number): Promise<T> {
  const { context, queue } = loop();
  // Where the poster has no state either, what it starts has this priority anyway.
  const parent = lane === plainLane && context.get() === undefined ? undefined : sharedScope(lane);
  const promise = new Promise<T>(keepSettlers);
  queue.enqueue(new PlainPost(callback, context.capture(), resolveLast, rejectLast, parent), lane);
  return promise;
}

/**
 * A posted callback: the entry, and what its flow of control carries along. To those who ask for the current scope it looks like one
 * that has closed, so that they go on to the one that is shared.
 */
export class PlainPost extends Entry implements ClosedFlow {
  readonly #callback: () => unknown;
  #captured: unknown;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (error: unknown) => void;
  readonly parent: LaneScope | undefined;
  #runs = false;
  /** Has a yield gone on, and none been asked for since? */
  #goesOn = false;

  constructor(
    callback: () => unknown,
    captured: unknown,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
    parent: LaneScope | undefined,
  ) {
    super();
    this.#callback = callback;
    this.#captured = captured;
    this.#resolve = resolve;
    this.#reject = reject;
    this.parent = parent;
  }

  get closed(): true {
    return true;
  }

  get owner(): undefined {
    return undefined;
  }

  override describe(): string {
    return `posted callback "${this.#callback.name || "(anonymous)"}"`;
  }

  override run(): void {
    const captured = this.#captured;
    this.#captured = undefined;
    loop().context.resume(captured, this.parent === undefined ? call : enter, this);
  }

  /** Calls the callback, in the flow of control that posted it; for `call` alone. */
  call(): void {
    const callback = this.#callback;
    let result: unknown;
    this.#runs = true;
    try {
      result = callback();
    } catch (error) {
      return this.#reject(error);
    } finally {
      this.#runs = false;
    }
    this.#resolve(result);
  }

  /** `scheduler.yield()` in its flow of control. */
  yield(): Promise<void> {
    const leadsHere = this.#runs || this.#goesOn;
    this.#goesOn = false;
    // A host is asked only where it is not sure that the callback has led here: that costs more.
    const hasEnded = !leadsHere && loop().context.endInTimer?.() === true;
    const promise = new Promise<void>(keepSettlers);
    const lane = hasEnded ? plainLane : this.parent!.lane;
    loop().queue.enqueue(new Yield(hasEnded ? undefined : this, resolveLast), lane + 1);
    return promise;
  }

  /** A yield goes on. */
  goOn(): void {
    this.#goesOn = true;
  }
}

/** Starts a callback with its own state as the current one. */
function enter(post: PlainPost): void {
  loop().context.run(post, call, post);
}

function call(post: PlainPost): void {
  post.call();
}

/** The turn that a yield waits for. */
class Yield extends Entry {
  readonly #post: PlainPost | undefined;
  readonly #resolve: () => void;

  constructor(post: PlainPost | undefined, resolve: () => void) {
    super();
    this.#post = post;
    this.#resolve = resolve;
  }

  override describe(): string {
    return this.#post?.describe() ?? "outside any task";
  }

  override run(): void {
    this.#post?.goOn();
    this.#resolve();
  }
}

/** The scope of all that posted callbacks of a priority start. */
export class LaneScope extends Scope implements Owner {
  readonly lane: number;
  delivered = false;
  turns: WaitingTurn | undefined = undefined;

  constructor(lane: number) {
    super(undefined);
    this.owner = this;
    this.lane = lane;
  }

  get handle(): undefined {
    return undefined;
  }

  get baseLane(): number {
    return this.lane;
  }

  override describe(): string {
    return `a callback posted as "${priorityOf(this.lane)}"`;
  }
}

const shared = new WeakMap<Loop, LaneScope[]>();

function sharedScope(lane: number): LaneScope {
  const ours = loop();
  let scopes = shared.get(ours);
  if (scopes === undefined) shared.set(ours, scopes = []);
  return scopes[lane] ??= new LaneScope(lane);
}
