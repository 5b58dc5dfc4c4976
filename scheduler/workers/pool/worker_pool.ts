/**
 * The pool: functions of a worker module, run on other threads.
 *
 * @module
 */

import { checkCount, checkDuration, checkOptions, show } from "../../../runtime/basics/check.ts";
import type { HistogramSummary } from "../../../runtime/basics/histogram.ts";
import type { GivenWorker } from "../../../runtime/port/worker.ts";
import { loop } from "../../queue/loop.ts";
import { currentScope } from "../../scopes/current_scope.ts";
import { TimeoutError } from "../../scopes/errors.ts";
import { onAbort } from "../../scopes/foreign_signal.ts";
import { endedBy, type WaitOptions } from "../../waits/wait.ts";
import type { PoolSettings } from "../crew/worker_settings.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { callOptions, type RunOptions, settingsOf, settingsOfChunk } from "../jobs/call_settings.ts";
import { PoolJob } from "../jobs/job.ts";
import { CallWait } from "./call_wait.ts";
import type {
  Arguments,
  Item,
  PoolFunctions,
  Result,
  RunnableName,
  StreamableName,
  StreamedValue,
} from "./function_types.ts";
import { showInside } from "./inside_of.ts";
import { listPool, type LivePool } from "./live_pools.ts";
import { PoolMap } from "./pool_map.ts";
import { poolSettings, type WorkerPoolOptions } from "./pool_options.ts";
import type { WorkerPoolStatistics } from "./pool_statistics.ts";
import { streamOf } from "./worker_stream.ts";

/** How a pool is to be closed. */
export interface CloseOptions {
  /** After how many ms what is left is cancelled. Default: no limit. */
  timeout?: number;
  /** What becomes of calls that wait to be started: they are done, or reject with `PoolClosedError` at once. Default: "finish". */
  queued?: "finish" | "cancel";
}

/** How a stream is to be. */
export interface StreamOptions extends RunOptions {
  /** How many values may be on their way to the reader. Default: 64. */
  highWaterMark?: number;
}

/** How a map is to be. Of these, `timeout` and `signal` are about the whole, `runTimeout` about each item. */
export interface PoolMapOptions extends Omit<RunOptions, "transfer" | "queueTimeout"> {
  /** How many items, or chunks of short ones, may be with the workers at once. Default: twice the size of the pool. */
  limit?: number;
  /** How many items go in one message. Default: as many as are found to take about two milliseconds. */
  chunk?: number;
}

/**
 * Runs the functions that a module exports on worker threads. Names, arguments and results are typed from the module
 * itself. A call belongs to the scope that made it: cancelling the scope stops it, a group waits for it, and a task that ends
 * without awaiting it aborts it.
 *
 * A worker runs one call at a time, asynchronous ones too. When a worker dies, the call it had started rejects with
 * `WorkerExitError`; calls that had not started run elsewhere, exactly once. An unused or idle pool holds no process.
 *
 * Arguments are read when the call is sent to a worker: do not change them before it has settled.
 *
 * @typeParam M The type of the module: `typeof import("./tasks.ts")`.
 *
 * @example
 * ```ts no-run
 * import { WorkerPool } from "@millrace/millrace";
 *
 * const pool = new WorkerPool<typeof import("./tasks.ts")>(new URL("./tasks.ts", import.meta.url));
 * console.log(await pool.run("fibonacci", [30]));
 * await pool.close();
 * ```
 */
export class WorkerPool<M = Record<string, (...args: unknown[]) => unknown>> {
  readonly #settings: PoolSettings;
  readonly #jobs: Dispatcher;
  #functions: PoolFunctions<M> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;
  #closeTimer: { cancel(): void } | undefined = undefined;
  #closeAt = Infinity;
  readonly #leaveSignal: (() => void) | undefined;
  /** Is listed as long as the pool is held. */
  readonly #listed: LivePool;
  readonly #unlist: () => void;

  /**
   * Makes a pool over a module; no worker is started before the first call.
   *
   * @param module The URL of the worker module; or a function that starts a `Worker` whose code calls `serveJobs`, for bundlers that have
   * a form of their own for workers. It is called for each worker, and gives a new one each time.
   * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range. What the function throws rejects the calls that wait.
   */
  constructor(module: URL | (() => GivenWorker), options: WorkerPoolOptions = {}) {
    this.#settings = poolSettings(module, options);
    this.#jobs = new Dispatcher(this.#settings);
    showInside(this, this.#jobs);
    this.#listed = { name: this.#settings.name, size: this.#settings.size, jobs: this.#jobs };
    this.#unlist = listPool(this.#listed);
    const { signal } = options;
    this.#leaveSignal = signal && onAbort(signal, (reason) => void this.#close(0, reason));
  }

  /**
   * The functions of the module, to be called as if they were here: `pool.functions.add(1, 2)` is `pool.run("add", [1, 2])`.
   */
  get functions(): PoolFunctions<M> {
    return this.#functions ??= new Proxy(Object.freeze(Object.create(null)), {
      // Not for `then`: whoever awaits the object would call it.
      get: (_, name) =>
        typeof name !== "string" || name === "then"
          ? undefined
          : (...args: unknown[]) => this.run(name as RunnableName<M>, args as never),
    });
  }

  /**
   * Calls an exported function on a worker and resolves to its result.
   *
   * Cancelled by its scope, `run` rejects at once with `Cancelled`; by its signal, with the signal's reason. A call
   * that runs then sees `currentJob().signal` aborted and has `teardownTimeout` to end before its worker is terminated;
   * until it has ended, the group around the call stays open.
   *
   * @throws {TypeError}, {RangeError} or {DOMException} ("DataCloneError") at the call, for wrong or unclonable arguments.
   * @throws {QueueFullError}, {PoolClosedError}, {WorkerExitError}, {TimeoutError} (rejections).
   */
  run<K extends RunnableName<M>>(name: K, args: Arguments<M, K>, options: RunOptions = {}): Promise<Result<M, K>> {
    const job = new PoolJob(settingsOf(name, args, options));
    const scope = currentScope();
    const wait = new CallWait<Result<M, K>>(scope, name, this.#jobs.meter.live);
    if (wait.interrupted) return wait.promise;
    const { signal } = options;
    const { refusal } = this.#jobs;
    if (signal?.aborted) {
      wait.reject(signal.reason);
    } else if (refusal !== undefined) {
      wait.reject(refusal);
    } else {
      job.receiver = wait;
      wait.call = job;
      this.#jobs.submit(job, scope, options);
    }
    return wait.promise;
  }

  /**
   * Calls an exported function that returns an iterable, a generator for example, and gives its values as they come.
   * The call starts at the first `next()`; at most `highWaterMark` values are on their way. Leaving the
   * loop early, a cancellation and a failure end the generator, its `finally` included, before the iteration ends.
   *
   * @throws {TypeError}, {RangeError} or {DOMException} ("DataCloneError") at the call, for wrong or unclonable arguments.
   */
  stream<K extends StreamableName<M>>(
    name: K,
    args: Arguments<M, K>,
    options: StreamOptions = {},
  ): AsyncIterableIterator<StreamedValue<M, K>> {
    checkOptions(options, "stream", [...callOptions, "highWaterMark"]);
    const { highWaterMark = 64, ...call } = options;
    const { signal } = call;
    checkCount(highWaterMark, "The highWaterMark of a stream", 1);
    const job = new PoolJob(settingsOf(name, args, call, { credit: highWaterMark }));
    return streamOf<StreamedValue<M, K>>(job, {
      highWaterMark,
      start: (scope) => {
        if (signal?.aborted) throw signal.reason;
        const { refusal } = this.#jobs;
        if (refusal !== undefined) throw refusal;
        this.#jobs.submit(job, scope, options);
      },
      abort: (reason) => this.#jobs.abort(job, reason),
      addCredit: (count) => job.worker?.addCredit(job, count),
      parked: () => this.#jobs.parked(job),
      unattended: () => this.#jobs.crew.rest(),
    });
  }

  /**
   * Calls an exported function once for each item, the single argument, and resolves to the results in order. Items are
   * pulled as they are needed, also from an async iterable, and the iterator is closed exactly once. Many short ones travel
   * together; those of an async iterable each alone, unless `chunk` says otherwise. The first error rejects as itself; items
   * that have not started then never do, and running ones are cancelled. With a `queueLimit` it waits until there is room.
   *
   * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
   */
  map<K extends RunnableName<M>>(
    name: K,
    items: Iterable<Item<M, K>> | AsyncIterable<Item<M, K>>,
    options: PoolMapOptions = {},
  ): Promise<Result<M, K>[]> {
    checkOptions(options, "map", [...callOptions, "limit", "chunk"]);
    const { limit = this.#settings.size * 2, chunk, ...call } = options;
    checkCount(limit, "The limit of map", 1);
    if (chunk !== undefined) checkCount(chunk, "The chunk of map", 1);
    if ("queueTimeout" in options) throw new TypeError("map takes no queueTimeout: its items wait for one another");
    if ("transfer" in options) throw new TypeError("map takes no transfer: its items are copied, or are shared memory");
    const settings = settingsOf(name, [], call);
    const source = items as Partial<Iterable<unknown> & AsyncIterable<unknown>> | null | undefined;
    const isAsync = typeof source?.[Symbol.asyncIterator] === "function";
    if (!isAsync && typeof source?.[Symbol.iterator] !== "function") {
      throw new TypeError(`map takes an iterable or an async iterable: received ${show(items)}`);
    }
    const { signal, timeout } = options;
    const scope = currentScope();
    const ends: (() => void)[] = [];
    const wait = new CallWait<Result<M, K>[]>(scope, `map of ${name}`, this.#jobs.meter.live);
    const end = (): void => ends.forEach((fn) => fn());
    const map = new PoolMap(
      isAsync ? source[Symbol.asyncIterator]!() : source![Symbol.iterator]!(),
      {
        isAsync,
        dispatcher: this.#jobs,
        limit,
        chunk: options.runTimeout === undefined ? chunk : 1,
        makeJob: (list, first) => new PoolJob(settingsOfChunk(settings, list, first)),
        submit: (job) => this.#jobs.submit(job, scope, {}),
      },
      {
        resolve: (results: Result<M, K>[]) => (end(), wait.resolve(results)),
        reject: (error) => (end(), wait.reject(error)),
        fail: (error) => (end(), wait.fail(error)),
      },
    );
    wait.call = map;
    if (wait.interrupted || signal?.aborted) {
      map.abort(signal?.reason);
      return wait.promise;
    }
    if (signal !== undefined) ends.push(onAbort(signal, (reason) => map.abort(reason)));
    if (timeout !== undefined && timeout !== Infinity) {
      const error = new TimeoutError(`map of ${name}`, timeout);
      const timer = loop().timers.setTimer(() => map.abort(error), timeout);
      ends.push(() => timer.cancel());
    }
    map.start();
    return wait.promise;
  }

  /**
   * Waits until the pool would take a call: back-pressure for a pool with a `queueLimit`. Those who wait are let in one by one, in
   * order. A checkpoint.
   *
   * @throws {PoolClosedError} (rejection) when the pool is closed. With a `signal`, its reason when that is aborted.
   */
  room(options?: WaitOptions): Promise<void> {
    return endedBy(options, () => this.#jobs.room());
  }

  /**
   * Starts workers before they are needed: until there are `count`, by default as many as the pool may have. Resolves when
   * they have loaded the module. A checkpoint.
   *
   * @throws {TypeError} or {RangeError} at the call, for a count of a wrong kind or range.
   * @throws what keeps the module from being loaded; {PoolClosedError}; with a `signal`, its reason when that is aborted (rejections).
   */
  warmUp(count: number = this.#settings.size, options?: WaitOptions): Promise<void> {
    checkCount(count, "The number of workers to start", 1);
    if (count > this.#settings.size) {
      throw new RangeError(`This pool has at most ${this.#settings.size} workers: received ${count}`);
    }
    return endedBy(options, () => this.#jobs.warmUp(count));
  }

  /** The numbers of the pool at this moment. */
  statistics(): WorkerPoolStatistics {
    const { crew, inline, meter, running } = this.#jobs;
    const { live, completed, failed, cancelled } = meter;
    const { maxMemory, maxCalls } = this.#settings;
    return Object.freeze({
      workers: crew.threads,
      idle: crew.threads - running + (inline?.running ?? 0),
      running,
      queued: live - running,
      completed,
      failed,
      cancelled,
      runaway: crew.runaway,
      ...((maxMemory !== Infinity || maxCalls !== Infinity) && { recycled: crew.recycled }),
      ...(inline !== undefined && { inlined: inline.started }),
    });
  }

  /** How long calls have waited until they were started, the way there and back included, and how long they have run. */
  histograms(): { readonly wait: HistogramSummary; readonly run: HistogramSummary } {
    return { wait: this.#jobs.meter.waits.summary(), run: this.#jobs.meter.runs.summary() };
  }

  /**
   * Closes the pool: it refuses new calls and finishes those there are; what is left after `timeout` ms (no limit) is cancelled. Ends within `timeout` and the pool's `teardownTimeout`, after the last worker. A second call gives the
   * same promise, and may shorten the time, or cancel what is queued.
   *
   * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
   */
  close(options: CloseOptions = {}): Promise<void> {
    checkOptions(options, "close", ["timeout", "queued"]);
    const { timeout = Infinity, queued = "finish" } = options;
    checkDuration(timeout, "The timeout of close");
    if (queued !== "finish" && queued !== "cancel") {
      throw new TypeError(`The queued of close is "finish" or "cancel": received ${show(queued)}`);
    }
    const closing = this.#close(timeout, undefined);
    if (queued === "cancel") this.#jobs.abortQueued(this.#jobs.closedError());
    return closing;
  }

  /** `close({ timeout: 0 })`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: 0 });
  }

  #close(timeout: number, cause: unknown): Promise<void> {
    this.#jobs.closed ??= { cause };
    this.#closing ??= this.#end();
    const at = loop().host.now() + timeout;
    if (at < this.#closeAt && this.#jobs.meter.live > 0) {
      this.#closeAt = at;
      this.#closeTimer?.cancel();
      const abort = (): void => this.#jobs.abortAll(this.#jobs.closedError());
      if (timeout === 0) abort();
      else this.#closeTimer = loop().timers.setTimer(abort, timeout, { real: true });
    }
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.#leaveSignal?.();
    await this.#jobs.drain();
    this.#closeTimer?.cancel();
    await this.#jobs.crew.end();
    this.#unlist();
  }
}
