/**
 * A job of chunked work: which of its items run in which turn of the run queue.
 *
 * ```
 *   queued ──its turn──> stride, clock, stride, clock ... ──the slice is over──> queued ──> ... ──> done
 *                                      │ cancelled, within one item                    │ cancelled
 *                                      └────────────> releasing (iterator, finally) <──┘
 * ```
 *
 * The clock is read between strides of items. How many items a stride has is learnt from what the last ones cost.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { laneOf } from "../queue/priority.ts";
import { currentScope, deliver } from "../scopes/current_scope.ts";
import { toCaller } from "../scopes/exit.ts";
import { joinSignal } from "../scopes/foreign_signal.ts";
import { Member, Scope } from "../scopes/scope.ts";
import { reportUnhandled, watchHook } from "../scopes/unhandled.ts";
import { turnIn } from "../waits/turn.ts";
import type { ChunkedOptions, ChunkedProgress } from "./options.ts";
import type { Work } from "./work.ts";

/** How often progress is reported, in ms. */
const progressInterval = 100;

/**
 * How long a stride is to take, in ms. Long enough that the look at the clock (45 to 90 ns) costs 1 to 2 %, and short enough that items
 * that become a thousand times dearer cost no more than another slice.
 */
const strideTime = 0.005;

/** The most items in a stride: a job that has learnt that its items cost nothing may be wrong about the next ones. */
const longestStride = 1 << 16;

/** So many items at the beginning have a stride each, so that a slow one among them is known by its index. */
const singleItems = 64;

/** For how long a job has to run, in ms, and how many of its items have to fit into a stride, to be worth a loop of its own. */
const longJob = 1;
const smallItems = 16;

/** Does the work; settles with what `result` gives when it has ended. */
export function drive<R = void>(work: Work, options: ChunkedOptions, result?: () => R): Promise<R> {
  return toCaller(doAll(work, options), result as (() => R) | undefined, options.signal);
}

async function doAll(work: Work, options: ChunkedOptions): Promise<void> {
  const { signal } = options;
  if (signal?.aborted) {
    work.release();
    throw signal.reason;
  }
  const outer = currentScope();
  const scope = signal === undefined ? outer : new Scope(outer);
  const leaveSignal = signal && joinSignal(scope!, signal);
  const job = new Job(work, scope, options);
  try {
    await job.run();
  } catch (error) {
    if (signal !== undefined && error === scope!.request) throw signal.reason;
    throw error;
  } finally {
    job.leave();
    leaveSignal?.();
    if (signal !== undefined) scope!.close();
  }
}

/** A member of its scope, so that a cancellation in the middle of a stride stops it at once. */
class Job extends Member {
  readonly #work: Work;
  readonly #options: ChunkedOptions;
  readonly #lane: number | undefined;
  readonly #what: string;
  #stride = 1;
  #began = 0;
  /** How long the job has run. */
  #busy = 0;
  #reported = 0;
  #hasOwnLoop = false;
  #hasSlowItem = false;

  constructor(work: Work, scope: Scope | undefined, options: ChunkedOptions) {
    super(scope);
    this.#work = work;
    this.#options = options;
    this.#lane = options.priority && laneOf(options.priority);
    this.#what = options.name === undefined ? "chunked work" : `chunked work "${options.name}"`;
  }

  /** Waiting for each turn keeps the async context, and is the checkpoint. */
  async run(): Promise<void> {
    const { host } = loop();
    const scope = this.parent;
    this.#began = this.#reported = host.now();
    try {
      do await turnIn(scope, this.#lane, this.#what); while (this.#slice(host.now()));
    } catch (error) {
      await this.#release(error);
      if (scope?.effective !== undefined) this.#report(host.now(), true);
      throw error;
    }
    this.#report(host.now(), true);
  }

  /** A turn in the queue is a `TurnWait` of the scope; the job itself never stands in it. */
  override interrupt(): void {
    this.#work.end = 0;
  }

  /** Does items until the slice is over; answers whether there may be more. */
  #slice(began: number): boolean {
    const { queue, host } = loop();
    const work = this.#work;
    const scope = this.parent;
    const end = Math.min(queue.sliceEnd, began + (this.#options.sliceTime ?? Infinity));
    let now = began;
    let more: boolean;
    do {
      const first = work.done;
      work.end = first + this.#stride;
      more = work.advance();
      const time = host.now();
      const took = time - now;
      now = time;
      if (took > queue.slice && !this.#hasSlowItem) this.#slowItem(first, took, queue.slice);
      if (scope?.effective !== undefined) throw deliver(scope);
      if (took > strideTime || work.done >= singleItems) {
        const fitting = Math.floor(this.#stride * strideTime / took);
        this.#stride = Math.max(1, Math.min(fitting, this.#stride * 2, longestStride));
      }
      if (!this.#hasOwnLoop && this.#stride >= smallItems && this.#busy + now - began > longJob) {
        this.#hasOwnLoop = true;
        work.settleIn();
      }
    } while (more && now < end);
    this.#busy += now - began;
    if (more) this.#report(now, false);
    return more;
  }

  #report(now: number, isEnd: boolean): void {
    const { onProgress } = this.#options;
    if (onProgress === undefined || (!isEnd && now - this.#reported < progressInterval)) return;
    this.#reported = now;
    watchHook(onProgress(progressOf(this.#work.done, this.#work.total, now - this.#began)), this.parent);
  }

  /**
   * A stride has taken longer than the slice. In one of many cheap items that was more likely the engine's garbage or another process
   * than an item, and for a text that a person has to read even more has to be certain.
   */
  #slowItem(first: number, duration: number, slice: number): void {
    const { name, onSlowItem } = this.#options;
    const count = Math.max(1, this.#work.done - first);
    if (onSlowItem === undefined ? count > 1 || duration < 2 * slice : count > 1 && duration < 5 * slice) return;
    this.#hasSlowItem = true;
    if (onSlowItem !== undefined) {
      return watchHook(onSlowItem({ index: first, count, duration, name }), this.parent);
    }
    loop().host.report(
      `Item ${first} of the chunked work ${name === undefined ? "" : `"${name}" `}took ${
        duration.toFixed(1)
      } ms, longer than the ` +
        `slice of ${slice} ms: nothing else ran meanwhile. Divide such items, or give them to a WorkerPool.`,
    );
  }

  /** Closes what the work goes over. An error of that is the one to be thrown if the work was cancelled, not if it failed. */
  async #release(error: unknown): Promise<void> {
    const wasCancelled = this.parent?.effective !== undefined;
    try {
      while (this.#work.release()) await turnIn(undefined, this.#lane);
    } catch (later) {
      if (wasCancelled) throw later;
      if (later !== error) reportUnhandled(later, this.parent);
    }
  }
}

function progressOf(done: number, total: number | undefined, elapsed: number): ChunkedProgress {
  const rate = elapsed > 0 ? done / elapsed * 1000 : 0;
  const remaining = total === undefined || rate === 0 ? undefined : Math.max(0, total - done) / rate * 1000;
  return { done, total, rate, remaining };
}
