/**
 * Which job goes to which worker, and what becomes of it.
 *
 * A free worker gets a job at once. When all are busy, more jobs are sent behind those that run, so that no worker ever
 * waits for a message: two, or, when the functions are found to be short, as many as a worker does in about a millisecond.
 * They can be taken back until they start: when a worker becomes free, for a job of higher priority, and when one dies.
 *
 * @module
 */

import type { WorkerExit } from "../../../runtime/port/worker.ts";
import { TimeoutError } from "../../scopes/errors.ts";
import type { Scope } from "../../scopes/scope.ts";
import { reportUnhandled } from "../../scopes/unhandled.ts";
import { Crew } from "../crew/crew.ts";
import type { PoolWorker } from "../crew/pool_worker.ts";
import type { CallbackCall, JobListener } from "../crew/replies.ts";
import { WarmUps } from "../crew/warm_ups.ts";
import type { PoolSettings } from "../crew/worker_settings.ts";
import { InlineRunner } from "../inline/inline_runner.ts";
import type { PoolJob } from "../jobs/job.ts";
import { JobQueue } from "../jobs/job_queue.ts";
import { PoolClosedError, QueueFullError, WorkerExitError } from "../wire/worker_errors.ts";
import { balance, workerFor } from "./assignment.ts";
import { callBack } from "./call_back.ts";
import { tellCalled, tellReturned } from "./call_trace.ts";
import { describeJob, JobLimits, type LimitOptions } from "./job_limits.ts";
import { endLeftStreams } from "./left_streams.ts";
import { leastAhead, PoolMeter } from "./pool_meter.ts";
import { RoomQueue } from "./room_queue.ts";

/** The jobs of a pool. */
export class Dispatcher {
  readonly crew: Crew;
  readonly meter: PoolMeter = new PoolMeter();
  /** Is the pool closed, and why, if that is known? */
  closed: { readonly cause: unknown } | undefined = undefined;
  readonly #settings: PoolSettings;
  readonly #queue = new JobQueue();
  readonly #limits: JobLimits;
  /** Those who wait until the pool would take a job. */
  readonly #room: RoomQueue = new RoomQueue(() => this.hasRoom);
  /** Runs calls in this thread, where that is wanted. */
  readonly inline: InlineRunner | undefined;
  /** Those who wait until so many workers have loaded the module. */
  readonly #warmUps: WarmUps;
  /** Is it at work, and is it to look once more? */
  #dispatching = false;
  #again = false;
  #drained: (() => void) | undefined = undefined;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#limits = new JobLimits(settings.name, (job, reason, as) => this.abort(job, reason, as));
    const onEnd: JobListener = {
      onDone: (job, value) => this.#done(job, value),
      onFailed: (job, error) => this.#fail(job, error),
      onRan: (job, ran, now, asynchronous) => this.#measure(job, ran, now, asynchronous),
      onCallerFailed: (job, error) => this.abort(job, error, "failed"),
      onCall: (job, call) => void this.#call(job, call),
    };
    this.crew = new Crew(settings, {
      ...onEnd,
      onReady: (worker) => {
        this.crew.becameReady(worker);
        if (this.#warmUps.size > 0) this.#warmUps.check();
        this.dispatch();
      },
      onSpent: (worker) => {
        this.#requeue(worker.takeBackBehind(0, () => true));
        this.#recycle(worker);
        this.dispatch();
      },
      onRoom: (worker) => {
        this.crew.moves++;
        if (worker.spent) this.#recycle(worker);
        this.dispatch();
        if (worker.count === 0) this.crew.rest();
      },
      onBroken: (worker, error) => this.#broken(worker, error),
      onExit: (worker, exit, started, unstarted) => this.#exited(worker, exit, started, unstarted),
      onRetry: () => this.dispatch(),
      onRunaway: (goesOn) => void (this.crew.runaway += goesOn ? 1 : -1),
      onUnstartable: (error) => this.#giveUp(error),
      onStuck: (error) => this.#failAll(error),
    });
    this.#warmUps = new WarmUps(this.crew);
    const { inline } = settings;
    this.inline = inline === false
      ? undefined
      : new InlineRunner({ ...settings, module: settings.module as URL, inline }, {
        ...onEnd,
        onElsewhere: (job) => (this.#requeue([job]), this.dispatch()),
        onUnloadable: reportUnhandled,
      });
  }

  /** How many workers have a job, and how many jobs wait. */
  get running(): number {
    let running = this.inline?.running ?? 0;
    for (const worker of this.crew.workers) if (worker.count > 0) running++;
    return running;
  }

  /** Why a job would not be taken at the moment. */
  get refusal(): Error | undefined {
    const { name, queueLimit } = this.#settings;
    if (this.closed !== undefined) return this.closedError();
    return this.hasRoom ? undefined : new QueueFullError(name, queueLimit);
  }

  /** Would the queue take a job? */
  get hasRoom(): boolean {
    const { size, queueLimit } = this.#settings;
    const { live } = this.meter;
    if (live < size + queueLimit) return true;
    const parked = this.crew.workers.filter((worker) => worker.parked).length;
    return live < size + queueLimit + parked;
  }

  /** Waits until a job would be taken. */
  room(): Promise<void> {
    return this.#room.wait(this.closed && this.closedError());
  }

  /** Starts workers until there are `count`, and waits until they have loaded the module. */
  warmUp(count: number): Promise<void> {
    return this.#warmUps.wait(count, this.closed && this.closedError());
  }

  /** Takes a job: it will end, and until then belongs to the scope. */
  submit(job: PoolJob, scope: Scope | undefined, options: LimitOptions): void {
    job.pool = this;
    this.meter.came(job);
    tellCalled(this.#settings.name, job);
    if (scope !== undefined) job.whenGone(scope.keepOpen());
    this.#limits.watch(job, options);
    // Not past those that wait for a worker.
    if (this.inline?.takes(job) && this.#queue.size + this.crew.ahead === 0) return this.inline.send(job);
    this.#queue.push(job);
    this.#preferTo(job);
    this.dispatch();
  }

  /** Stops a job: its caller is told at once; queued, it is gone; running, it has `teardownTimeout` to end. */
  abort(job: PoolJob, reason: unknown, as: "cancelled" | "failed" = "cancelled"): void {
    if (job.ended || job.aborted) return;
    job.aborted = true;
    this.meter[as]++;
    if (job.trace !== undefined) job.trace.error = reason;
    // The pool's own error may be added to; the caller's own reason is not.
    job[as === "failed" && reason instanceof TimeoutError ? "fail" : "reject"](reason);
    const { worker } = job;
    if (worker === undefined || worker.takeBack(job)) {
      this.#queue.remove(job);
      this.#gone(job);
    } else {
      this.#requeue(worker.cancel(job, reason));
      // A pool that closes and has nothing else to do needs nobody in its place.
      const lead = this.closed === undefined || this.#queue.size > 0 ? this.crew.lead : 0;
      this.#limits.giveGrace(job, worker, this.#settings.teardownTimeout, lead);
    }
    this.dispatch();
  }

  /** A job waits for its caller: those behind it go elsewhere, lest the caller wait for one of them. */
  parked(job: PoolJob): void {
    const { worker } = job;
    this.crew.moves++;
    if (worker === undefined) return;
    if (worker.count > 1) this.#requeue(worker.takeBackBehind(0, (other) => other !== job));
    this.dispatch();
  }

  /** The error of whoever comes to the closed pool. */
  closedError(): PoolClosedError {
    return new PoolClosedError(this.#settings.name, this.closed?.cause);
  }

  /** Stops the jobs that have not been started; the first of each worker counts as started. */
  abortQueued(reason: unknown): void {
    for (const worker of this.crew.workers) this.#requeue(worker.takeBackBehind(1, () => true));
    for (const job of this.#queue.all()) this.abort(job, reason);
  }

  /** Stops all jobs. */
  abortAll(reason: unknown): void {
    // Those that wait first, lest they be started meanwhile.
    for (const job of [...this.#queue.all(), ...this.inline?.jobs() ?? []]) this.abort(job, reason);
    for (const worker of [...this.crew.workers]) for (const job of worker.jobs().reverse()) this.abort(job, reason);
  }

  /** Settles when no job is left. */
  async drain(): Promise<void> {
    this.#room.close(() => this.closedError());
    this.#warmUps.fail(() => this.closedError());
    if (this.meter.live === 0) return;
    const stopLooking = endLeftStreams(
      () => this.crew.workers.flatMap((worker) => worker.jobs()),
      (job) => this.abort(job, this.closedError()),
    );
    await new Promise<void>((resolve) => this.#drained = resolve);
    stopLooking();
  }

  /** Sends queued jobs to whoever can take them. Who is told of something on the way may call the pool again: that waits for its turn. */
  dispatch(): void {
    this.#again = true;
    if (this.#dispatching) return;
    try {
      for (this.#dispatching = true; this.#again;) {
        this.#again = false;
        this.#dispatch();
      }
    } finally {
      this.#dispatching = false;
    }
  }

  #dispatch(): void {
    for (let job = this.#queue.first; job !== undefined; job = this.#queue.first) {
      const worker = workerFor(job, this.crew.workers, this.meter.ahead);
      if (worker === undefined || worker.count > 0) this.crew.grow(this.#queue.size + this.crew.ahead);
      // What starts no worker is told: whoever hears it may have taken jobs back, or given them up.
      if (this.#again || job.list === undefined) {
        this.#again = false;
        continue;
      }
      if (worker === undefined) break;
      this.#queue.remove(job);
      worker.send(job);
      // It may have been refused at once: a buffer of it was moved away while it waited.
      if (!job.ended) this.#limits.startClock(job);
    }
    if (this.#queue.size === 0) {
      this.crew.grow(this.crew.ahead);
      balance(this.crew.workers);
    }
    this.#room.admit();
  }

  /** Takes back jobs of lower priority that were sent ahead, so that at most two go before this one. */
  #preferTo(job: PoolJob): void {
    if (!this.meter.hasBelow(job.lane)) return;
    for (const worker of this.crew.workers) {
      if (worker.count > leastAhead) {
        this.#requeue(worker.takeBackBehind(leastAhead, (other) => other.lane < job.lane));
      }
    }
  }

  /** Puts jobs that were taken back before all others of their priority, in their order. */
  #requeue(jobs: PoolJob[]): void {
    for (const job of jobs.reverse()) {
      job.stopClock?.();
      this.#queue.putFirst(job);
    }
  }

  async #call(job: PoolJob, call: CallbackCall): Promise<void> {
    job.callsOpen++;
    this.parked(job);
    job.worker?.answer(job, await callBack(job, call, this.#settings.errors));
    job.callsOpen--;
  }

  #done(job: PoolJob, value: unknown): void {
    if (!job.aborted) this.meter.completed++;
    job.resolve(value);
    this.#gone(job);
  }

  /** A job has failed: with an error that was made for it, or (`reject`) with one that others get too. */
  #fail(job: PoolJob, error: unknown, as: "fail" | "reject" = "fail"): void {
    if (!job.aborted) this.meter.failed++;
    if (job.trace !== undefined && !job.aborted) job.trace.error = error;
    job[as](error);
    this.#gone(job);
  }

  #measure(job: PoolJob, ran: number, now: number, asynchronous: boolean): void {
    const waited = this.meter.ran(job, ran, now);
    this.inline?.costs.ran(job.settings.name, ran, asynchronous);
    if (job.worker === this.inline && job.worker !== undefined) return;
    this.inline?.costs.travelled(waited);
    this.crew.succeeded();
    this.meter.ranInWorker(ran);
  }

  /** Replaces a worker that is spent, once its last job has ended. */
  #recycle(worker: PoolWorker): void {
    if (worker.count > 0) return;
    this.crew.recycle(worker);
    if (this.#warmUps.size > 0) this.#warmUps.check();
  }

  #gone(job: PoolJob): void {
    this.meter.went(job);
    tellReturned(job);
    job.end();
    if (this.meter.live === 0) this.#drained?.();
    this.#room.admit();
  }

  /** The module cannot be loaded. */
  #broken(worker: PoolWorker, error: unknown): void {
    if (this.crew.remove(worker, 0)) this.#giveUp(error);
    worker.terminate("failed");
  }

  #exited(worker: PoolWorker, exit: WorkerExit, started: PoolJob[], unstarted: PoolJob[]): void {
    const { name } = this.#settings;
    const died = (what: string): WorkerExitError => new WorkerExitError(what, exit.code, exit.error);
    const fail = (job: PoolJob): void => this.#fail(job, died(describeJob(name, job)));
    const hopeless = this.crew.remove(worker, started.length);
    unstarted.filter(({ moved }) => moved).forEach(fail);
    this.#requeue(unstarted.filter(({ moved }) => !moved));
    started.forEach(fail);
    if (hopeless) {
      this.#giveUp(died(name));
    } else {
      if (this.#warmUps.size > 0) this.#warmUps.check();
      if (started.length === 0 && exit.error !== undefined && !worker.isRunaway) reportUnhandled(died(name));
      this.dispatch();
    }
    // Last: whoever hears it may call or close the pool, and finds all jobs in their places.
    this.crew.tellExit(worker, exit);
  }

  /** No worker can be started: the jobs that wait are failed, unless other workers do their work. */
  #giveUp(error: unknown): void {
    const warming = this.#warmUps.size;
    this.#warmUps.fail(() => error);
    // Others that are starting have their own word to say; those that do their work go on doing it.
    if (this.crew.starting > 0) return;
    const lost = this.crew.ready > 0 || this.#queue.size === 0;
    if (lost && warming === 0 && this.crew.failures === 1) reportUnhandled(error);
    if (!lost) this.#failAll(error);
  }

  /** The jobs that wait get an error, each the same. */
  #failAll(error: unknown): void {
    for (const job of this.#queue.all()) {
      this.#queue.remove(job);
      this.#fail(job, error, "reject");
    }
  }
}
