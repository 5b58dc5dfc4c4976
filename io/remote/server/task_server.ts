/**
 * Somebody who serves a pool.
 *
 * ```
 *   serving ──drain, its scope is cancelled──> draining ──nothing is left, or the grace has passed──> closed
 * ```
 *
 * @module
 */

import { checkDuration, checkOptions } from "../../../runtime/basics/check.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { Member, type Scope } from "../../../scheduler/scopes/scope.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import type { WorkerPool } from "../../../scheduler/workers/mod.ts";
import { type Engine, type JobQueue, priorities } from "../engine/engine.ts";
import { pause } from "../engine/pause.ts";
import { buryStuck } from "../wire/dead_letters.ts";
import { besideOf, getBeside } from "../wire/large.ts";
import { readJob, writeBody } from "../wire/messages.ts";
import { type Subjects, workers } from "../wire/subjects.ts";
import type { ServerJobs } from "./server_jobs.ts";

/** How a server is to be drained. */
export interface TaskDrainOptions {
  /** After how many ms what still runs is stopped, and given back. Default: the server's `grace`. */
  grace?: number;
}

/** The numbers of a server at one moment. */
export interface TaskServerStatistics {
  /** Calls that run. */
  readonly running: number;
  /** Calls that wait here for a thread. */
  readonly waiting: number;
  /** Calls that gave a result. */
  readonly completed: number;
  /** Calls that failed. */
  readonly failed: number;
  /** Calls that nobody wanted any more. */
  readonly cancelled: number;
  /** Calls that were given back to be tried again. */
  readonly retried: number;
  /** Calls that were delivered here and had been delivered before. */
  readonly redelivered: number;
  /** Deliveries that were answered without another run. */
  readonly duplicates: number;
  /** Calls that were given up. */
  readonly dead: number;
  /** Messages that could not be read. */
  readonly malformed: number;
  /** How often the connection was lost and found again. */
  readonly reconnects: number;
  /** Whether it is there. */
  readonly isConnected: boolean;
}

/** What a server is made of. */
export interface TaskServerParts {
  readonly name: string;
  readonly engine: Engine;
  /** Is the engine closed with the server? */
  readonly isOwn: boolean;
  readonly queue: JobQueue;
  readonly pool: WorkerPool;
  readonly jobs: ServerJobs;
  readonly subjects: Subjects;
  readonly attempts: number;
  /** How often it says of what it holds that it goes on, in ms. */
  readonly beat: number;
  readonly grace: number;
  /** The one that made it. */
  readonly scope: Scope | undefined;
}

/**
 * Serves a queue, until it is drained; made by `serveTasks`.
 *
 * @example
 * ```ts
 * import { serveTasks } from "@millrace/millrace/remote";
 *
 * {
 *   await using server = await serveTasks(new URL("./tasks.ts", import.meta.url), { queue: "for-a-while", size: 1 });
 *   console.log(server.statistics().isConnected); // -> true
 * } // drained
 * ```
 */
export class TaskServer {
  readonly #parts: TaskServerParts;
  readonly #place: ServerPlace;
  readonly #release: () => void;
  /** A program goes on while it serves, also where the engine has nothing open. */
  readonly #letGo: () => void = loop().host.keepAlive();
  #consumers: { more(): void; close(): Promise<void> }[] = [];
  #ends: (() => void)[] = [];
  #draining: Promise<void> | undefined = undefined;
  /** Is called when nothing is held any more. */
  #onEmpty: (() => void) | undefined = undefined;
  #grace: { cancel(): void } | undefined = undefined;

  /** Made by `serveTasks`. */
  constructor(parts: TaskServerParts) {
    this.#parts = parts;
    const { scope } = parts;
    this.#place = new ServerPlace(scope, () => void this.drain().catch(reportUnhandled));
    this.#release = scope?.keepOpen() ?? (() => {});
  }

  /** The name of the server, as callers and dead letters have it. */
  get name(): string {
    return this.#parts.name;
  }

  /** Begins to take calls; `serveTasks` has done so. */
  async open(): Promise<void> {
    const { engine, queue, jobs, subjects } = this.#parts;
    this.#ends.push(await engine.listen(subjects.control, (message) => jobs.control(message)));
    this.#ends.push(await queue.onExhausted(({ sequence, attempts }) => void this.#exhausted(sequence, attempts)));
    this.#ends.push(await engine.listen(subjects.call, (message) => jobs.takeCall(message), workers));
    for (const priority of priorities) {
      this.#consumers.push(
        await queue.consume(priority, () => jobs.room, (delivery) => jobs.take(delivery, priority)),
      );
    }
  }

  /** There is room for more calls; said by the server's own jobs. */
  free(): void {
    if (this.#onEmpty !== undefined && this.#parts.jobs.held === 0) this.#onEmpty();
    if (this.#draining === undefined) { for (const consumer of this.#consumers) consumer.more(); }
  }

  /** The numbers of the server at this moment. */
  statistics(): TaskServerStatistics {
    const { jobs, engine } = this.#parts;
    const { reconnects, isConnected } = engine.state;
    return Object.freeze({
      running: jobs.running,
      waiting: Math.max(0, jobs.held - jobs.running),
      ...jobs.counts,
      reconnects,
      isConnected,
    });
  }

  /**
   * Takes no more calls, gives back at once what has not been started, so that others do it, and finishes what runs. What runs after
   * `grace` ms is stopped and given back too; calls at most once reject with `WorkerExitError` then. Resolves when the server is closed. A
   * second call gives the same promise, and may stop what runs: with a `grace` of 0 at once. A cancellation of the caller ends no drain.
   *
   * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
   */
  drain(options: TaskDrainOptions = {}): Promise<void> {
    checkOptions(options, "drain", ["grace"]);
    const { grace = this.#parts.grace } = options;
    checkDuration(grace, "The grace of drain");
    const { jobs } = this.#parts;
    this.#draining ??= this.#drain();
    if (grace === 0) {
      jobs.abort(new DOMException("The server is closed", "AbortError"));
    } else if (grace !== Infinity && this.#grace === undefined) {
      const abort = (): void => jobs.abort(new DOMException("The server is closed", "AbortError"));
      this.#grace = loop().timers.setTimer(abort, grace, { real: true });
    }
    return this.#draining;
  }

  /** The same as `drain()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.drain();
  }

  async #drain(): Promise<void> {
    const { jobs, engine, pool, isOwn } = this.#parts;
    try {
      jobs.drain();
      // The control goes on: what runs may be cancelled.
      const [control, ...rest] = this.#ends;
      for (const end of rest) end();
      await Promise.all(this.#consumers.map((consumer) => consumer.close()));
      if (jobs.held > 0) await new Promise<void>((resolve) => this.#onEmpty = resolve);
      control?.();
      // What cannot go out any more comes again elsewhere.
      await engine.flush().catch(() => {});
    } finally {
      this.#grace?.cancel();
      await pool.close({ timeout: 0 });
      if (isOwn) await engine.close();
      this.#place.leave();
      this.#release();
      this.#letGo();
    }
  }

  /** A job was delivered as often as it may be, and nobody has said what became of it. */
  async #exhausted(sequence: number, attempts: number): Promise<void> {
    const { queue, engine, jobs, name } = this.#parts;
    const error = new Error(`Nothing was heard of its workers`);
    // Its caller hears of it, too, and knows who had it.
    await pause(this.#parts.beat, false);
    try {
      const job = await buryStuck(queue, sequence, { error, attempts, worker: "" });
      if (job === undefined) return;
      jobs.counts.dead++;
      const beside = besideOf(job);
      const { id, inbox } = readJob(beside === undefined ? job.body : await getBeside(engine, beside));
      engine.send(inbox, writeBody({ id, kind: "dead", attempt: attempts, worker: name, value: error }));
    } catch {
      // The connection is lost, or the job cannot be read: whoever else serves the pool, or its caller, does the same.
    }
  }
}

/** The place of a server in the scope that made it: with it, it is drained. */
class ServerPlace extends Member {
  readonly #drain: () => void;

  constructor(scope: Scope | undefined, drain: () => void) {
    super(scope);
    this.#drain = drain;
  }

  override run(): void {}

  override interrupt(): void {
    this.#drain();
  }

  override leftBehind(): void {
    this.#drain();
  }
}
