/**
 * The caller's end of a stream of values from a worker.
 *
 * ```
 *   new ──first next()──> open ──the source ends or fails──> draining ──the values there are have been taken──> ended
 *    │                     └──return(), an abort, a cancellation──────────────────────────────────────────────> ended
 *    └──return()──> ended, and nothing ever ran
 * ```
 *
 * @module
 */

import { currentScope } from "../../scopes/current_scope.ts";
import { Member, type Scope } from "../../scopes/scope.ts";
import { Wait } from "../../waits/wait.ts";
import type { PoolJob } from "../jobs/job.ts";
import { addCaller } from "./caller_stack.ts";

/** What the stream needs of its pool. */
export interface StreamControl {
  readonly highWaterMark: number;
  /** Queues the job; throws when the pool takes none. */
  start(scope: Scope | undefined): void;
  abort(reason: unknown): void;
  addCredit(count: number): void;
  /** The source waits for credit. */
  parked(): void;
  /** Nobody waits for a value, and perhaps never will again. */
  unattended(): void;
}

/** Makes an iterator over the values of a job that is yet to start. */
export function streamOf<T>(job: PoolJob, control: StreamControl): AsyncIterableIterator<T> {
  return new WorkerStream<T>(job, control);
}

class WorkerStream<T> implements AsyncIterableIterator<T> {
  readonly #job: PoolJob;
  readonly #control: StreamControl;
  readonly #values: T[] = [];
  #state: "new" | "open" | "draining" | "ended" = "new";
  /** The error that is still to be thrown, once. */
  #failure: { error: unknown; own?: boolean } | undefined = undefined;
  /** How many values the source may still send, and how many were taken since credit was last given. */
  #credit: number;
  #taken = 0;
  readonly #waits: Set<Wait> = new Set();
  readonly #readers = { waiting: 0, reads: 0 };
  /** Settles when nothing of the job is left in the worker. */
  #gone: Promise<void> = Promise.resolve();

  constructor(job: PoolJob, control: StreamControl) {
    this.#job = job;
    this.#control = control;
    this.#credit = control.highWaterMark;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const scope = currentScope();
    if (scope?.effective !== undefined) {
      if (this.#state === "new") this.#state = "ended";
      else this.#end(scope.effective);
      await new Wait(scope).promise;
    }
    if (this.#state === "new") this.#start(scope);
    this.#readers.reads++;
    while (this.#values.length === 0 && this.#state === "open") {
      const wait: Wait = new Wait(scope, () => {
        this.#waits.delete(wait);
        this.#readers.waiting = this.#waits.size;
        this.#end(scope!.effective);
      }, "a value of a worker's stream");
      if (!wait.interrupted) {
        this.#waits.add(wait);
        this.#attend();
      }
      await wait.promise;
    }
    if (this.#values.length > 0 && this.#state !== "ended") {
      const value = this.#values.shift()!;
      this.#giveCredit();
      return { done: false, value };
    }
    this.#state = "ended";
    await this.#gone;
    if (this.#failure === undefined) return { done: true, value: undefined };
    const { error, own } = this.#failure;
    this.#failure = undefined;
    if (own && error instanceof Error) addCaller(error, new Error());
    throw error;
  }

  /** Ends the source, its `finally` included. */
  async return(value?: PromiseLike<undefined> | undefined): Promise<IteratorResult<T, undefined>> {
    this.#end(undefined);
    await this.#gone;
    return { done: true, value: await value };
  }

  #start(scope: Scope | undefined): void {
    const job = this.#job;
    this.#state = "open";
    job.readers = this.#readers;
    const membership = new StreamMember(scope, (reason) => this.#end(reason, { error: reason }));
    job.onValue = (value) => {
      this.#credit--;
      if (this.#state !== "open") return;
      this.#values.push(value as T);
      this.#wake();
      this.#watchCredit();
    };
    const fail = (error: unknown, own: boolean): void => {
      if (this.#state !== "open") return;
      this.#failure = { error, own };
      // What was sent before the failure is still delivered, unless the caller's side gave the job up.
      if (job.aborted) this.#values.length = 0;
      this.#drain();
    };
    job.receiver = {
      resolve: () => this.#drain(),
      reject: (error) => fail(error, false),
      fail: (error) => fail(error, true),
    };
    try {
      this.#control.start(scope);
    } catch (error) {
      this.#state = "ended";
      membership.leave();
      throw error;
    }
    this.#gone = new Promise<void>((resolve) =>
      job.whenGone(() => {
        membership.leave();
        resolve();
      })
    );
  }

  #drain(): void {
    if (this.#state === "open") this.#state = "draining";
    this.#wake();
  }

  #end(reason: unknown, failure?: { error: unknown }): void {
    const open = this.#state === "open";
    if (this.#state !== "ended") this.#failure = open ? failure : undefined;
    this.#state = "ended";
    this.#values.length = 0;
    if (open) this.#control.abort(reason);
    this.#wake();
  }

  #wake(): void {
    if (this.#waits.size === 0) return;
    for (const wait of this.#waits) wait.resolve();
    this.#waits.clear();
    this.#readers.waiting = 0;
    if (this.#state === "open") this.#control.unattended();
  }

  /** A stream that nobody waits for lets the process go; whoever waits again holds it. */
  #attend(): void {
    this.#readers.waiting = this.#waits.size;
    this.#job.worker?.holdProcess(true);
  }

  #giveCredit(): void {
    if (++this.#taken < this.#control.highWaterMark / 2 || this.#state !== "open") return;
    this.#credit += this.#taken;
    this.#job.outOfCredit = false;
    this.#control.addCredit(this.#taken);
    this.#taken = 0;
  }

  #watchCredit(): void {
    if (this.#credit > 0) return;
    this.#job.outOfCredit = true;
    this.#control.parked();
  }
}

/** A stream's place in the scope that began it: cancelled with it, and ended when it is left open. */
class StreamMember extends Member {
  readonly #end: (reason: unknown) => void;

  constructor(scope: Scope | undefined, end: (reason: unknown) => void) {
    super(scope);
    this.#end = end;
  }

  override run(): void {}

  override interrupt(): void {
    this.#end(this.parent!.effective);
  }

  override leftBehind(): void {
    this.#end(undefined);
  }
}
