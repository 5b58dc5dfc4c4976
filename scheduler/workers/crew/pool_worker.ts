/**
 * One worker of a pool: the jobs it has been sent, and what it says of them.
 *
 * ```
 *   starting ──ready──> idle <──> running ──a job is aborted──> draining ──it ends──> idle
 *      │                  │          │                             │ teardownTimeout
 *      └──────────────────┴──────────┴─────────────────────────────┴──> exited
 * ```
 *
 * @module
 */

import { threadsOf } from "../../../runtime/host_threads.ts";
import type { HostWorker, WorkerExit } from "../../../runtime/port/worker.ts";
import { loop } from "../../queue/loop.ts";
import { TimeoutError } from "../../scopes/errors.ts";
import { reportUnhandled } from "../../scopes/unhandled.ts";
import type { JobWorker, PoolJob } from "../jobs/job.ts";
import { bootstrap } from "../thread/bootstrap.ts";
import { decodeError, type KnownClasses } from "../wire/error_codec.ts";
import type { Answer, Hello, PoolMessage } from "../wire/protocol.ts";
import { JobSlots } from "./job_slots.ts";
import { Outbox } from "./outbox.ts";
import { type JobListener, Replies, type RepliesWorker } from "./replies.ts";
import { type EndReason, nextWorkerNumber, type WorkerSettings } from "./worker_settings.ts";

/** What a worker tells its pool. */
export interface WorkerListener extends JobListener {
  /** The worker has loaded the module. */
  onReady(worker: PoolWorker): void;
  /** The worker has grown too large: what it has not started is to go elsewhere. */
  onSpent(worker: PoolWorker): void;
  /** The worker may have room for jobs again. */
  onRoom(worker: PoolWorker): void;
  /** For a job that was told to stop time runs out ("late"), it has ended ("heeded"), or its worker was told to end for it ("stopped"). */
  onGrace(worker: PoolWorker, what: "late" | "heeded" | "stopped"): void;
  /** The user's module could not be loaded; the worker ends. */
  onBroken(worker: PoolWorker, error: unknown): void;
  /** The worker has ended; these jobs had started, and these had not. */
  onExit(worker: PoolWorker, exit: WorkerExit, started: PoolJob[], unstarted: PoolJob[]): void;
  /** A thread that was told to end goes on: it is taken for ended all the same. Later it may have ended after all. */
  onRunaway(goesOn: boolean): void;
}

/**
 * How long a thread that was told to end may take before it is taken for ended, for Deno ends none that spins; and how long replies on
 * their way are waited for before that, which Deno loses with it. In ms.
 */
const terminateLimit = 1000;
const longestWay = 100;
/** Who has had no job for so long, in ms, is not in the middle of a series of calls. */
const restAfter = 1;

/** A worker, as its pool sees it. */
export class PoolWorker implements JobWorker, RepliesWorker {
  readonly number: number = nextWorkerNumber();
  ready = false;
  /** Since when the worker has had no job, in ms of the host's clock, its start included; and how long that took. */
  idleSince: number = loop().host.now();
  startTook = 0;
  /** How many jobs have ended here. */
  served = 0;
  /** That of the pool, even where a message comes while another loop simulates. */
  readonly #loop = loop();
  readonly #worker: HostWorker;
  readonly #listener: WorkerListener;
  readonly #name: string;
  readonly #maxCalls: number;
  readonly #teardownTimeout: number;
  readonly #errors: KnownClasses | undefined;
  #isTooLarge = false;
  readonly #outbox: Outbox;
  readonly #slots: JobSlots = new JobSlots();
  readonly #replies: Replies;
  /** The job that was aborted and has not ended: until then no further one is sent. */
  #draining: PoolJob | undefined = undefined;
  #holds = false;
  /** Gives the worker up if it does not come to its module's end. */
  #starting: { cancel(): void } | undefined = undefined;
  /** Does its thread go on although it was told to end? Told once, when that is found. */
  isRunaway = false;
  /** Why it ends; until somebody tells it to, by itself. */
  endReason: EndReason = "failed";
  #terminating: { cancel(): void } | undefined = undefined;
  #exited = false;

  constructor(settings: WorkerSettings, listener: WorkerListener) {
    const { module, name, thread, workerData, maxMemory } = settings;
    this.#name = name;
    this.#maxCalls = settings.maxCalls;
    this.#teardownTimeout = settings.teardownTimeout;
    this.#errors = settings.errors;
    this.#listener = listener;
    this.#replies = new Replies(this, this.#slots, listener, settings.errors);
    const isGiven = typeof module === "function";
    this.#worker = threadsOf(loop().host).spawn(isGiven ? module : new URL(bootstrap), {
      name,
      ...(!isGiven && { loads: module }),
      thread,
      onMessage: (message) => this.#take(message),
      onExit: (exit) => this.#exit(exit),
      awaitsMessage: () => this.#slots.isReplyOnItsWay,
    });
    this.#outbox = new Outbox({
      prefersText: this.#worker.prefersText === true,
      post: (message, transfer) => this.#exited ? undefined : this.#worker.post(message, transfer),
      number: (jobs) => jobs.forEach((job) => this.#slots.add(job)),
      unnumber: (jobs) => jobs.forEach((job) => this.#slots.withdraw(job)),
      refuse: (job, error) => {
        job.worker = undefined;
        this.#listener.onFailed(job, error);
      },
      onRefused: () => this.#room(),
      has: (job) => job.worker === this && job.id !== 0,
    });
    const { shared } = this.#slots;
    const { token } = this.#replies;
    const href = isGiven ? undefined : module.href;
    this.#watchStart(settings.startTimeout, href ?? "its code");
    this.#worker.post({ module: href, shared, token, workerData, maxMemory } satisfies Hello, []);
  }

  /** How many jobs have been sent and not ended. */
  get count(): number {
    return this.#slots.count + this.#outbox.jobs.length;
  }

  /** May a job be sent that starts as it arrives? */
  get free(): boolean {
    return this.count === 0 && this.#open();
  }

  /** Was the worker told to end? */
  get terminated(): boolean {
    return this.#terminating !== undefined;
  }

  /** Is the worker to be replaced once its jobs have ended? */
  get spent(): boolean {
    return this.#isTooLarge || this.served >= this.#maxCalls;
  }

  /** Is the worker taken up by a job that waits for its caller? */
  get parked(): boolean {
    return this.first?.parked === true;
  }

  /** The job that has been here longest: the one that runs, or is about to. */
  get first(): PoolJob | undefined {
    return this.#slots.first ?? this.#outbox.jobs[0];
  }

  #open(): boolean {
    return this.ready && this.#draining === undefined && this.#terminating === undefined && !this.#exited &&
      !this.#isTooLarge && this.served + this.count < this.#maxCalls &&
      this.#slots.hasRoomFor(this.#outbox.jobs.length);
  }

  /** May a job be sent that waits behind `ahead` others? It can be taken back until it starts. */
  hasRoom(ahead: number): boolean {
    return this.#open() && this.#slots.canTakeBack && this.count <= ahead && !this.parked;
  }

  /**
   * Sends a job: at once where it is the only one, because its caller may go on computing, else with all that are sent in the same turn of
   * microtasks. After many replies that came together, as many calls will follow: those go together too.
   */
  send(job: PoolJob): void {
    const isFirst = this.count === 0 &&
      (this.#replies.together <= 1 || this.#loop.host.now() - this.idleSince > restAfter);
    job.worker = this;
    if (job.trace !== undefined) job.trace.worker = this.number;
    this.holdProcess(true);
    this.#outbox.addJob(job, isFirst);
  }

  /** Takes a job back that has not started; answers whether it could. */
  takeBack(job: PoolJob): boolean {
    if (job.worker !== this) return false;
    if (job.id !== 0) return this.#slots.takeBack(job);
    if (!this.#outbox.removeJob(job)) return false;
    job.worker = undefined;
    return true;
  }

  /** Takes back, youngest last, the jobs that wait behind the first `keep` and that `wanted` picks. */
  takeBackBehind(keep: number, wanted: (job: PoolJob) => boolean): PoolJob[] {
    const taken: PoolJob[] = [];
    for (const job of this.jobs().slice(keep)) {
      if (!job.moved && wanted(job) && this.takeBack(job)) taken.push(job);
    }
    return taken;
  }

  /** Tells a job that has started to stop, and takes back those behind it, for nobody knows when it will. */
  cancel(job: PoolJob, reason: unknown): PoolJob[] {
    this.#draining = job;
    this.#slots.cancel(job);
    this.#outbox.addCancel(job, reason);
    return this.takeBackBehind(0, (other) => other !== job);
  }

  /** Time for a job that was told to stop is running out. */
  late(job: PoolJob): void {
    if (!this.#slots.hasEnded(job)) this.#listener.onGrace(this, "late");
  }

  /** Ends the thread, unless the job has ended and its last reply is on its way. */
  stop(job: PoolJob): void {
    if (this.#slots.hasEnded(job) || this.terminated) return;
    this.terminate("stopped");
    this.#listener.onGrace(this, "stopped");
  }

  abortArgument(job: PoolJob, argument: number, reason: unknown): void {
    this.#outbox.addCancel(job, reason, argument);
  }

  addCredit(job: PoolJob, count: number): void {
    this.#outbox.addCredit(job, count);
  }

  /** Answers a call that the worker's code made. */
  answer(job: PoolJob, answer: Omit<Answer, "id">): void {
    this.#outbox.addAnswer(job, answer);
  }

  /** Lets the worker hold the process, or not. */
  holdProcess(holds: boolean): void {
    if (this.#holds === holds || this.#exited) return;
    this.#holds = holds;
    this.#worker.hold(holds);
  }

  /** Lets the module of a worker that has no job clean up, then ends the thread. */
  close(reason: EndReason): void {
    if (!this.ready || this.#exited || this.#terminating !== undefined) return this.terminate(reason);
    this.endReason = reason;
    this.holdProcess(true);
    this.#terminating = this.#loop.timers.setTimer(() => this.#stopThread(), this.#teardownTimeout, { real: true });
    this.#worker.post({ close: true } satisfies PoolMessage, []);
  }

  /** Ends the thread; `onExit` follows, at the latest after a second. */
  terminate(reason: EndReason): void {
    if (this.#exited || this.#terminating !== undefined) return;
    this.endReason = reason;
    this.#starting?.cancel();
    this.holdProcess(true);
    this.#stopThread();
  }

  #stopThread(looks = longestWay): void {
    this.#terminating?.cancel();
    const waits = looks > 0 && this.#slots.isReplyOnItsWay;
    const next = waits ? () => this.#stopThread(looks - 1) : () => this.#abandon();
    this.#terminating = this.#loop.timers.setTimer(next, waits ? 1 : terminateLimit, { real: true });
    if (!waits) this.#worker.terminate();
  }

  /** A job's last reply has come. */
  ended(job: PoolJob): void {
    this.served++;
    this.#slots.remove(job);
    if (this.#draining !== job) return;
    this.#draining = undefined;
    this.#listener.onGrace(this, "heeded");
  }

  /** The jobs sent and not ended, oldest first. */
  jobs(): PoolJob[] {
    return this.#slots.all().concat(this.#outbox.jobs);
  }

  /** The thread does not end: nobody waits for it any longer, nor does the process. */
  #abandon(): void {
    const job = this.first;
    const what = job === undefined ? "" : `, and goes on with ${job.settings.label}()`;
    const error = new Error(
      `A thread of ${this.#name} did not end within ${terminateLimit} ms of its termination${what}`,
    );
    this.holdProcess(false);
    this.isRunaway = true;
    this.#listener.onRunaway(true);
    this.#exit({ code: undefined, error });
    reportUnhandled(error);
  }

  /** The worker is given up if it has not loaded its module by then. */
  #watchStart(limit: number, what: string): void {
    if (limit === Infinity) return;
    const giveUp = (): void => {
      const error = new TimeoutError(`The start of a worker of ${this.#name}, which loads ${what},`, limit);
      this.#listener.onBroken(this, error);
    };
    this.#starting = this.#loop.timers.setTimer(giveUp, limit, { hold: false, real: true });
  }

  #take(message: unknown): void {
    if (this.#exited) return;
    const list = this.#replies.listIn(message);
    if (list !== undefined) {
      this.#replies.tell(list, this.#loop.host.now());
      return this.#room();
    }
    const word = this.#replies.wordIn(message);
    if (word?.closed !== undefined) {
      for (const error of word.closed) reportUnhandled(decodeError(error, this.#errors));
      return this.#stopThread();
    }
    // A worker that was told to end is nobody's worker any more, though it may say yet that it is ready.
    if (word === undefined || this.terminated) return;
    this.#starting?.cancel();
    if (word.broken !== undefined) return this.#listener.onBroken(this, decodeError(word.broken, this.#errors));
    if (word.spent) {
      this.#isTooLarge = true;
      return this.#listener.onSpent(this);
    }
    this.ready = true;
    this.startTook = this.#loop.host.now() - this.idleSince;
    this.idleSince += this.startTook;
    this.#listener.onReady(this);
  }

  #room(): void {
    if (this.count === 0) this.idleSince = this.#loop.host.now();
    this.#listener.onRoom(this);
  }

  #exit(exit: WorkerExit): void {
    if (this.#exited) {
      if (this.isRunaway) this.#listener.onRunaway(this.isRunaway = false);
      return;
    }
    this.#exited = true;
    this.#starting?.cancel();
    this.#terminating?.cancel();
    this.#replies.tell(this.#slots.unsent(this.#replies.token), this.#loop.host.now());
    const started: PoolJob[] = [];
    const unstarted: PoolJob[] = [];
    for (const job of this.jobs()) {
      // Without shared memory nothing is sent ahead: the one job there is has started.
      if (this.takeBack(job)) unstarted.push(job);
      else started.push(job);
    }
    for (const job of started) if (job.worker === this) this.#slots.remove(job);
    this.#listener.onExit(this, exit, started, unstarted);
  }
}
