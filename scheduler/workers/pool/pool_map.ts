/**
 * A function of a worker module called with each of many items.
 *
 * The items go in chunks of what has been found to take about a millisecond, because a call costs more than a short
 * function. A chunk is one job; it begins with single items, so that long ones are spread over the workers.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import { loop } from "../../queue/loop.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import type { PoolJob, Receiver } from "../jobs/job.ts";

/** What a map is made of. */
export interface MapSettings {
  readonly dispatcher: Dispatcher;
  /** How many chunks may be on their way. */
  readonly limit: number;
  /** How many items a chunk holds; `undefined` for as many as take about a millisecond. */
  readonly chunk: number | undefined;
  /** Do the items come from an asynchronous iterator? */
  readonly isAsync: boolean;
  /** Makes the job of a chunk, of which the first item is number `first`; throws for items that cannot be sent. */
  makeJob(items: unknown[], first: number): PoolJob;
  submit(job: PoolJob): void;
}

/** What a chunk is to take, in ms, and the most items it may hold. */
const chunkTime = 2;
const mostItems = 4096;

/** A map under way. */
export class PoolMap {
  readonly #settings: MapSettings;
  readonly #items: Iterator<unknown> | AsyncIterator<unknown>;
  readonly #receiver: Receiver;
  readonly #results: unknown[] = [];
  /** Results that have come before those before them, by their first place. */
  readonly #early: Map<number, readonly unknown[]> = new Map();
  readonly #jobs: Set<PoolJob> = new Set();
  /** The iterator is the caller's code: it is called in the caller's flow of control, not in that of a worker's message. */
  readonly #context: unknown = loop().context.capture();
  #pulled = 0;
  #size = 1;
  #state: "open" | "exhausted" | "over" = "open";
  #filling = false;
  /** Is the iterator at work? Then it cannot be closed yet. */
  #pulling = false;

  /** The receiver, which waits for the list of results, is told once. */
  constructor(items: Iterator<unknown> | AsyncIterator<unknown>, settings: MapSettings, receiver: Receiver) {
    this.#items = items;
    this.#settings = settings;
    this.#size = settings.chunk ?? 1;
    this.#receiver = receiver;
  }

  /** Begins to pull items. */
  start(): void {
    this.#fill();
  }

  /** Gives the map up: no further item is pulled, and what runs is aborted. */
  abort(reason: unknown): void {
    this.#fail(reason);
  }

  #fill(): void {
    if (!this.#filling) loop().context.resume(this.#context, this.#fillHere, undefined);
  }

  readonly #fillHere = (): void => {
    this.#filling = true;
    const { dispatcher, limit } = this.#settings;
    while (this.#state === "open" && this.#jobs.size < limit) {
      // A map that has begun is finished by a pool that closes, like any call.
      if (dispatcher.closed && this.#pulled === 0) {
        this.#fail(dispatcher.refusal);
        break;
      }
      if (!dispatcher.hasRoom) {
        if (this.#jobs.size === 0) void dispatcher.room().then(() => this.#fill(), (error) => this.#fail(error));
        break;
      }
      if (this.#settings.isAsync) {
        void this.#pullLater();
        break;
      }
      const first = this.#pulled;
      const items = this.#pull();
      if (items !== undefined && items.length > 0) this.#send(items, first);
    }
    this.#filling = false;
    if (this.#state === "exhausted" && this.#jobs.size === 0) {
      this.#state = "over";
      this.#receiver.resolve(this.#results as never);
    }
  };

  /** The items of the next chunk; `undefined` when the iterator threw. */
  #pull(): unknown[] | undefined {
    const items: unknown[] = [];
    try {
      while (items.length < this.#size) {
        this.#pulling = true;
        const step = checkedStep((this.#items as Iterator<unknown>).next());
        this.#pulling = false;
        if (this.#state === "over") {
          // The iterator itself has had the map aborted.
          if (!step.done) this.#close();
          return undefined;
        }
        if (step.done) {
          this.#state = "exhausted";
          break;
        }
        items.push(step.value);
        this.#pulled++;
      }
      return items;
    } catch (error) {
      // An iterator that threw is closed already.
      this.#pulling = false;
      if (this.#state === "open") this.#state = "exhausted";
      this.#fail(error);
      return undefined;
    }
  }

  /** Pulls the items of one chunk from an asynchronous iterator, one after the other, sends it, and goes on. */
  async #pullLater(): Promise<void> {
    if (this.#pulling) return;
    const first = this.#pulled;
    const items: unknown[] = [];
    this.#pulling = true;
    try {
      while (this.#state === "open" && items.length < (this.#settings.chunk ?? 1)) {
        const step = checkedStep(await this.#items.next());
        if (step.done) {
          if (this.#state === "open") this.#state = "exhausted";
          break;
        }
        items.push(step.value);
        this.#pulled++;
      }
      this.#pulling = false;
    } catch (error) {
      this.#pulling = false;
      if (this.#state === "open") this.#state = "exhausted";
      return this.#fail(error);
    }
    // Given up meanwhile: the iterator could not be closed while it was at work.
    if (this.#state === "over") return this.#close();
    if (items.length > 0) this.#send(items, first);
    this.#fill();
  }

  #send(items: unknown[], first: number): void {
    let job: PoolJob;
    try {
      job = this.#settings.makeJob(items, first);
    } catch (error) {
      return this.#fail(error);
    }
    job.receiver = {
      resolve: (results: unknown[]) => {
        this.#arrived(first, results);
        this.#jobs.delete(job);
        this.#adapt(items.length, job.ran);
        this.#fill();
      },
      reject: (error) => {
        this.#jobs.delete(job);
        this.#fail(error);
      },
      fail: (error) => {
        this.#jobs.delete(job);
        this.#fail(error, "fail");
      },
    };
    this.#jobs.add(job);
    this.#settings.submit(job);
  }

  /** Puts results behind those before them. Some that come before their turn wait: written to their places they would make a table of the list, in V8. */
  #arrived(first: number, results: readonly unknown[]): void {
    const all = this.#results;
    if (first !== all.length) return void this.#early.set(first, results);
    for (let next: readonly unknown[] | undefined = results; next !== undefined; next = this.#early.get(all.length)) {
      this.#early.delete(all.length);
      for (let index = 0; index < next.length; index++) all.push(next[index]);
    }
  }

  #adapt(count: number, ran: number): void {
    if (this.#settings.chunk !== undefined) return;
    const fitting = Math.floor(chunkTime / Math.max(ran / count, 1e-6));
    this.#size = Math.max(1, Math.min(mostItems, fitting, this.#size * 4));
  }

  /** Tells the receiver of an error: `fail` if it was made for this map. An iterator that may have more is closed. */
  #fail(error: unknown, as: "fail" | "reject" = "reject"): void {
    if (this.#state === "over") return;
    const open = this.#state === "open";
    this.#state = "over";
    for (const job of this.#jobs) this.#settings.dispatcher.abort(job, error);
    this.#jobs.clear();
    this.#receiver[as](error);
    if (open && !this.#pulling) this.#close();
  }

  #close(): void {
    // The error that came first is the one that is told.
    try {
      const closing: unknown = loop().context.resume(this.#context, () => this.#items.return?.(), undefined);
      if (closing instanceof Promise) closing.catch(() => {});
    } catch {
      // As above.
    }
  }
}

/** As `for` does: what is no result would be one item after the other that is undefined, without end. */
function checkedStep<T>(step: IteratorResult<T>): IteratorResult<T> {
  if (typeof step === "object" && step !== null) return step;
  throw new TypeError(
    `The iterator of the items of a map returned no result object: received ${show(step)}`,
  );
}
