/**
 * The pool: functions of a worker module, run on other threads.
 *
 * @module
 */

import type { WorkerExit } from "../../runtime/worker_port.ts";
import { checkCount, checkDuration, checkFunction, checkName, checkOptions, show } from "../check.ts";
import { CancelScope } from "../cancel_scope.ts";
import { TimeoutError } from "../errors.ts";
import { checkSignal } from "../join_signal.ts";
import { loop } from "../loop.ts";
import { checkPriority, EntryList, laneOf, type Priority } from "../run_queue.ts";
import { currentScope, Wait } from "../scope.ts";
import { checkClonable, checkTransfer } from "./clonable.ts";
import { type JobSettings, PoolJob } from "./job.ts";
import { PoolWorker, type WorkerListener } from "./pool_worker.ts";
import { PoolClosedError, QueueFullError, WorkerExitError } from "./worker_errors.ts";
import { streamOf } from "./worker_stream.ts";

/** The names of the functions that a module exports. */
export type FunctionName<M> =
  & { [K in keyof M]: M[K] extends (...args: never) => unknown ? K : never }[keyof M]
  & string;

/** The arguments of an exported function. */
export type Arguments<M, K extends keyof M> = M[K] extends (...args: infer A) => unknown ? A : never;

/** What an exported function gives, once awaited. */
export type Result<M, K extends keyof M> = M[K] extends (...args: never) => infer R ? Awaited<R> : never;

/** The values of an exported function that returns an iterable. */
export type StreamedValue<M, K extends keyof M> = M[K] extends (...args: never) => infer R
  ? R extends AsyncIterable<infer V> | Iterable<infer V> ? V : never
  : never;

/** How a pool is to be. */
export interface WorkerPoolOptions {
  /** A name for messages. Default: the file name of the module. */
  name?: string;
  /** The most workers; they are started on demand. Default: as many threads as the machine runs at once. */
  size?: number;
  /** How many calls may wait for a worker; 0 takes only calls that a free or new worker can start. Default: no limit. */
  queueLimit?: number;
  /** How long an aborted call may go on before its worker is terminated, in ms. Default: 1000. */
  teardownTimeout?: number;
  /** After how long without a call a worker is ended, in ms. Default: 30,000. */
  idleTimeout?: number;
  /** Memory limits of each worker, as Node's `resourceLimits`; a `TypeError` where workers are web workers. */
  resourceLimits?: Record<string, number>;
  /** Closes the pool at once when aborted. */
  signal?: AbortSignal;
}

/** How a call is to be. */
export interface RunOptions {
  /** Aborts the call; `run` then rejects with the signal's reason itself. */
  signal?: AbortSignal;
  /** The place in the pool's queue. Default: that of the current task, else "user-visible". */
  priority?: Priority;
  /** How long the call may take, waiting included, in ms; then it rejects with `TimeoutError`. Default: no limit. */
  timeout?: number;
  /** How long the call may run once started, in ms; then it rejects with `TimeoutError`. Default: no limit. */
  runTimeout?: number;
  /** A name for messages. Default: that of the function. */
  name?: string;
  /** Buffers and ports among the arguments that are moved instead of copied. */
  transfer?: Transferable[];
  /** Called with each value that the function hands to `currentJob().progress`. */
  onProgress?: (value: unknown) => void;
}

/** The numbers of a pool at one moment. */
export interface WorkerPoolStatistics {
  /** Threads, those that are starting included. */
  readonly workers: number;
  /** Threads without a call. */
  readonly idle: number;
  /** Calls that run, those that were aborted and have not ended included. */
  readonly running: number;
  /** Calls that wait to be started. */
  readonly queued: number;
  /** Calls that gave a result. */
  readonly completed: number;
  /** Calls that failed. */
  readonly failed: number;
  /** Calls that were aborted. */
  readonly cancelled: number;
}

/**
 * Runs the functions that a module exports on worker threads. Names, arguments and results are typed from the module
 * itself. A call belongs to the scope that made it: cancelling the scope stops it.
 *
 * A worker runs one call at a time, asynchronous ones too. When a worker dies, the call it had started rejects with
 * `WorkerExitError`; calls that had not started run elsewhere, exactly once. An unused or idle pool holds no process.
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
  readonly #module: URL;
  readonly #name: string;
  readonly #size: number;
  readonly #queueLimit: number;
  readonly #teardownTimeout: number;
  readonly #idleTimeout: number;
  readonly #resourceLimits: Record<string, number> | undefined;
  readonly #workers: Set<PoolWorker> = new Set();
  readonly #queues: readonly EntryList[] = [new EntryList(), new EntryList(), new EntryList()];
  /** Jobs that have not ended, aborted ones included. */
  readonly #live: Set<PoolJob> = new Set();
  #completed = 0;
  #failed = 0;
  #cancelled = 0;
  #closed: Promise<void> | undefined = undefined;
  /** Called when no job is left, while `close` waits for that. */
  #drained: (() => void) | undefined = undefined;
  #idleTimer: { cancel(): void } | undefined = undefined;
  /** How often in a row the module could not be loaded, and until when no worker is started for that. */
  #loadFailures = 0;
  #retryAt = 0;

  /**
   * Makes a pool over a module; no worker is started before the first call.
   *
   * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
   */
  constructor(module: URL, options: WorkerPoolOptions = {}) {
    if (!(module instanceof URL)) throw new TypeError(`A worker module is a URL: received ${show(module)}`);
    checkOptions(options);
    const { name, size, queueLimit = Infinity, teardownTimeout = 1000, idleTimeout = 30_000, signal } = options;
    checkName(name);
    if (size !== undefined) checkCount(size, "The size of a pool", 1);
    checkCount(queueLimit, "The queueLimit of a pool", 0);
    checkDuration(teardownTimeout, "The teardownTimeout of a pool");
    checkDuration(idleTimeout, "The idleTimeout of a pool");
    checkSignal(signal);
    this.#module = module;
    this.#name = name ?? `WorkerPool(${module.pathname.split("/").at(-1)})`;
    this.#size = size ?? loop().host.parallelism();
    this.#queueLimit = queueLimit;
    this.#teardownTimeout = teardownTimeout;
    this.#idleTimeout = idleTimeout;
    this.#resourceLimits = options.resourceLimits;
    if (signal?.aborted) void this.close({ timeout: 0 });
    else signal?.addEventListener("abort", () => void this.close({ timeout: 0 }), { once: true });
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
  run<K extends FunctionName<M>>(name: K, args: Arguments<M, K>, options: RunOptions = {}): Promise<Result<M, K>> {
    const job = this.#prepare(name, args, options, undefined);
    const { signal, timeout } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    const refusal = this.#refusal();
    if (refusal !== undefined) return Promise.reject(refusal);
    const scope = currentScope();
    const wait: Wait<Result<M, K>> = new Wait(scope, () => this.#abort(job, scope!.effective, scope!.hold()));
    if (wait.interrupted) return wait.promise;
    const give = (error: unknown): void => {
      this.#abort(job, error, scope?.hold());
      wait.reject(error);
    };
    const leave: (() => void)[] = [];
    if (signal !== undefined) {
      const listener = (): void => give(signal.reason);
      signal.addEventListener("abort", listener, { once: true });
      leave.push(() => signal.removeEventListener("abort", listener));
    }
    if (timeout !== undefined && timeout !== Infinity) {
      const timer = loop().timers.setTimer(() => give(new TimeoutError(this.#describe(job), timeout)), timeout);
      leave.push(() => timer.cancel());
    }
    job.onEnd = (outcome) => {
      if ("error" in outcome) wait.reject(outcome.error);
      else wait.resolve(outcome.value as Result<M, K>);
    };
    job.onGone = () => leave.forEach((fn) => fn());
    this.#submit(job);
    return wait.promise;
  }

  /**
   * Calls an exported function that returns an iterable, a generator for example, and gives its values as they come.
   * The call starts at the first `next()`; at most `highWaterMark` values (default 64) are on their way. Leaving the
   * loop early, a cancellation and a failure end the generator, its `finally` included, before the iteration ends.
   *
   * @throws {TypeError}, {RangeError} or {DOMException} ("DataCloneError") at the call, for wrong or unclonable arguments.
   */
  stream<K extends FunctionName<M>>(
    name: K,
    args: Arguments<M, K>,
    options: RunOptions & { highWaterMark?: number } = {},
  ): AsyncIterableIterator<StreamedValue<M, K>> {
    const { highWaterMark = 64, signal } = options;
    checkCount(highWaterMark, "The highWaterMark of a stream", 1);
    const job = this.#prepare(name, args, options, highWaterMark);
    return streamOf<StreamedValue<M, K>>(job, {
      highWaterMark,
      signal,
      start: () => {
        const refusal = this.#refusal();
        if (refusal !== undefined) throw refusal;
        this.#submit(job);
      },
      abort: (reason) => this.#abort(job, reason, currentScope()?.hold()),
      addCredit: (count) => {
        for (const worker of this.#workers) if (worker.jobs.get(job.id) === job) worker.addCredit(job, count);
      },
    });
  }

  /**
   * Calls an exported function once for each item, the single argument, and resolves to the results in order. The
   * first error rejects as itself; items that have not started then never do, and running ones are cancelled.
   *
   * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
   */
  map<K extends FunctionName<M>>(
    name: K,
    items: Iterable<Arguments<M, K>[0]>,
    options: RunOptions & { limit?: number } = {},
  ): Promise<Result<M, K>[]> {
    checkOptions(options);
    const { limit = this.#size * 4, ...runOptions } = options;
    checkCount(limit, "The limit of map", 1);
    if (typeof items?.[Symbol.iterator] !== "function") {
      throw new TypeError(`map goes over an iterable: received ${show(items)}`);
    }
    return this.#map(name, items[Symbol.iterator](), limit, runOptions);
  }

  /** The numbers of the pool at this moment. */
  statistics(): WorkerPoolStatistics {
    let idle = 0;
    let running = 0;
    for (const { jobs } of this.#workers) {
      if (jobs.size === 0) idle++;
      else running++;
    }
    return Object.freeze({
      workers: this.#workers.size,
      idle,
      running,
      queued: this.#live.size - running,
      completed: this.#completed,
      failed: this.#failed,
      cancelled: this.#cancelled,
    });
  }

  /**
   * Closes the pool: it refuses new calls and finishes those there are; what is left after `timeout` ms (default: no
   * limit) is cancelled. Ends within `timeout` and the pool's `teardownTimeout`. A second call gives the same promise.
   */
  close(options: { timeout?: number } = {}): Promise<void> {
    checkOptions(options);
    const { timeout = Infinity } = options;
    checkDuration(timeout, "The timeout of close");
    return this.#closed ??= this.#close(timeout);
  }

  /** Closes the pool without waiting for its calls: `close({ timeout: 0 })`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: 0 });
  }

  async #map<K extends FunctionName<M>>(
    name: K,
    items: Iterator<Arguments<M, K>[0]>,
    limit: number,
    options: RunOptions,
  ): Promise<Result<M, K>[]> {
    const results: Result<M, K>[] = [];
    const scope = new CancelScope();
    let failure: { error: unknown } | undefined;
    let last = 0;
    const lane = async (): Promise<void> => {
      try {
        for (let item = items.next(); !item.done && failure === undefined; item = items.next()) {
          const index = last++;
          results[index] = await this.run(name, [item.value] as unknown as Arguments<M, K>, options);
        }
      } catch (error) {
        if (failure !== undefined) return;
        failure = { error };
        scope.cancel(error);
        items.return?.();
      }
    };
    await scope.run(async () => {
      const lanes: Promise<void>[] = [];
      for (let index = 0; index < Math.min(limit, this.#size * 4); index++) lanes.push(lane());
      await Promise.all(lanes);
    });
    if (failure !== undefined) throw (failure as { error: unknown }).error;
    return results;
  }

  #prepare(name: string, args: readonly unknown[], options: RunOptions, credit: number | undefined): PoolJob {
    if (typeof name !== "string") throw new TypeError(`The name of a function is a string: received ${show(name)}`);
    if (!Array.isArray(args)) throw new TypeError(`The arguments of a call are an array: received ${show(args)}`);
    checkOptions(options);
    const { signal, priority, timeout, runTimeout, onProgress, transfer = [] } = options;
    checkSignal(signal);
    checkPriority(priority);
    checkName(options.name);
    if (timeout !== undefined) checkDuration(timeout, "The timeout of a call");
    if (runTimeout !== undefined) checkDuration(runTimeout, "The runTimeout of a call");
    if (onProgress !== undefined) checkFunction(onProgress, "onProgress");
    if (!Array.isArray(transfer)) throw new TypeError(`A transfer list is an array: received ${show(transfer)}`);
    checkTransfer(transfer);
    checkClonable(transfer.length === 0 ? args : args.filter((arg) => !(transfer as unknown[]).includes(arg)));
    const lane = priority === undefined ? currentScope()?.owner?.lane ?? laneOf("user-visible") : laneOf(priority);
    const settings: JobSettings = { name, args, lane, transfer, credit, runTimeout, onProgress };
    return new PoolJob(settings);
  }

  #refusal(): Error | undefined {
    if (this.#closed !== undefined) return new PoolClosedError(this.#name);
    if (this.#live.size < this.#queueLimit) return undefined;
    let room = this.#size - this.#workers.size + this.#queueLimit;
    for (const worker of this.#workers) if (!worker.draining) room++;
    return this.#live.size < room ? undefined : new QueueFullError(this.#name, this.#queueLimit);
  }

  #submit(job: PoolJob): void {
    this.#live.add(job);
    const { onEnd, onGone } = job;
    job.onEnd = (outcome) => {
      if (!job.aborted) "error" in outcome ? this.#failed++ : this.#completed++;
      onEnd?.(outcome);
    };
    job.onGone = () => {
      this.#live.delete(job);
      onGone?.();
      if (this.#live.size === 0) this.#drained?.();
    };
    this.#queueOf(job).push(job);
    this.#dispatch();
  }

  /** Stops a job: queued, it is gone at once; running, it has `teardownTimeout` before its worker is terminated. */
  #abort(job: PoolJob, reason: unknown, release: (() => void) | undefined): void {
    if (job.aborted || !this.#live.has(job)) return release?.();
    job.aborted = true;
    this.#cancelled++;
    const { onGone } = job;
    job.onGone = () => {
      onGone?.();
      release?.();
    };
    if (job.list !== undefined) {
      job.list.remove(job);
      return job.end({ error: reason });
    }
    for (const worker of this.#workers) {
      if (worker.jobs.get(job.id) !== job) continue;
      if (worker.takeBack(job)) {
        job.end({ error: reason });
        return this.#dispatch();
      }
      this.#requeue(worker.cancel(job, reason));
      const timer = loop().timers.setTimer(() => worker.terminate(), this.#teardownTimeout);
      const { onGone } = job;
      job.onGone = () => {
        timer.cancel();
        onGone?.();
      };
      return this.#dispatch();
    }
  }

  #queueOf(job: PoolJob): EntryList {
    return this.#queues[job.settings.lane >> 1]!;
  }

  /** Puts jobs that were taken back before all others of their priority, in their order. */
  #requeue(jobs: PoolJob[]): void {
    for (const job of jobs.reverse()) {
      const queue = this.#queueOf(job);
      const rest: PoolJob[] = [];
      while (queue.first !== undefined) {
        rest.push(queue.first as PoolJob);
        queue.remove(queue.first);
      }
      for (const each of [job, ...rest]) queue.push(each);
    }
  }

  /** Sends queued jobs to whoever can take them. */
  #dispatch(): void {
    for (;;) {
      const queue = this.#queues.findLast((queue) => queue.first !== undefined);
      if (queue === undefined) break;
      const job = queue.first as PoolJob;
      const worker = this.#workerFor(job);
      if (worker === undefined) return;
      queue.remove(job);
      worker.send(job);
      this.#startRunTimeout(job);
    }
    this.#balance();
  }

  #workerFor(job: PoolJob): PoolWorker | undefined {
    let roomy: PoolWorker | undefined;
    for (const worker of this.#workers) {
      if (worker.free && (worker.ready || !job.wantsFreeWorker)) return worker;
      if (worker.hasRoom && (roomy === undefined || worker.jobs.size < roomy.jobs.size)) roomy = worker;
    }
    if (this.#workers.size < this.#size && loop().host.now() >= this.#retryAt) return this.#spawn();
    return job.wantsFreeWorker ? undefined : roomy;
  }

  #spawn(): PoolWorker {
    const listener: WorkerListener = {
      onRoom: () => {
        this.#loadFailures = 0;
        this.#dispatch();
        this.#watchIdle();
      },
      onBroken: (worker, error) => this.#broken(worker, error),
      onExit: (worker, exit, started, unstarted) => this.#exited(worker, exit, started, unstarted),
    };
    const worker = new PoolWorker(this.#module, this.#name, this.#resourceLimits, listener);
    this.#workers.add(worker);
    return worker;
  }

  #startRunTimeout(job: PoolJob): void {
    const { runTimeout } = job.settings;
    if (runTimeout === undefined || runTimeout === Infinity) return;
    const timer = loop().timers.setTimer(() => {
      const error = new TimeoutError(this.#describe(job), runTimeout);
      const { onEnd } = job;
      job.onEnd = undefined;
      this.#abort(job, error, undefined);
      this.#failed++;
      onEnd?.({ error });
    }, runTimeout);
    const { onGone } = job;
    job.onGone = () => {
      timer.cancel();
      onGone?.();
    };
  }

  /** A free worker takes over what waits behind a busy one. */
  #balance(): void {
    for (const free of this.#workers) {
      if (!free.free || !free.ready) continue;
      for (const busy of this.#workers) {
        if (busy.jobs.size < 2) continue;
        const job = [...busy.jobs.values()].find((job, index) => index > 0 && busy.takeBack(job));
        if (job === undefined) continue;
        free.send(job);
        break;
      }
    }
  }

  /** The module cannot be loaded: nobody's call can be run. The next worker is started after a growing while. */
  #broken(worker: PoolWorker, error: unknown): void {
    this.#workers.delete(worker);
    const jobs = [...worker.jobs.values()];
    worker.jobs.clear();
    worker.terminate();
    for (const queue of this.#queues) {
      while (queue.first !== undefined) {
        jobs.push(queue.first as PoolJob);
        queue.remove(queue.first);
      }
    }
    this.#retryAt = loop().host.now() + Math.min(5000, 50 * 2 ** this.#loadFailures++);
    for (const job of jobs) job.end({ error });
  }

  #exited(worker: PoolWorker, exit: WorkerExit, started: PoolJob[], unstarted: PoolJob[]): void {
    if (!this.#workers.delete(worker)) return;
    const died = new WorkerExitError(this.#name, exit.code, exit.error);
    if (!worker.ready) {
      // It died before it had loaded the module: starting another one for the same jobs would go on for ever.
      for (const job of unstarted) worker.jobs.set(job.id, job);
      if (unstarted.length > 0) return this.#broken(worker, died);
    }
    this.#requeue(unstarted);
    for (const job of started) job.end({ error: new WorkerExitError(this.#describe(job), exit.code, exit.error) });
    this.#dispatch();
  }

  /** Ends workers that have had no call for `idleTimeout`. */
  #watchIdle(): void {
    if (this.#idleTimer !== undefined || this.#idleTimeout === Infinity) return;
    if (![...this.#workers].some((worker) => worker.jobs.size === 0)) return;
    this.#idleTimer = loop().timers.setTimer(
      () => {
        this.#idleTimer = undefined;
        const before = loop().host.now() - this.#idleTimeout;
        for (const worker of [...this.#workers]) {
          if (worker.jobs.size > 0 || worker.idleSince > before) continue;
          this.#workers.delete(worker);
          worker.terminate();
        }
        this.#watchIdle();
      },
      this.#idleTimeout,
      { hold: false },
    );
  }

  async #close(timeout: number): Promise<void> {
    if (this.#live.size > 0 && timeout > 0) await this.#drainWithin(timeout);
    const reason = new PoolClosedError(this.#name);
    for (const job of [...this.#live]) {
      const { onEnd } = job;
      job.onEnd = undefined;
      this.#abort(job, reason, undefined);
      onEnd?.({ error: reason });
    }
    if (this.#live.size > 0) await this.#drainWithin(Infinity);
    this.#idleTimer?.cancel();
    for (const worker of this.#workers) worker.terminate();
    this.#workers.clear();
  }

  #drainWithin(timeout: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeout === Infinity ? undefined : loop().timers.setTimer(resolve, timeout);
      this.#drained = () => {
        timer?.cancel();
        resolve();
      };
    });
  }

  #describe(job: PoolJob): string {
    return `${this.#name}.${job.settings.name}()`;
  }
}
