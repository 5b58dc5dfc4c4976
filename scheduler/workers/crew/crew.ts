/**
 * The workers of a pool: when they are started, and when they are ended.
 *
 * ```
 *   jobs wait ──grow──> starting ──> ready ──no job for idleTimeout──> retired
 *                          │ the module cannot be loaded
 *                          └──> a pause that doubles ──> grow
 * ```
 *
 * One whose job goes on although it was told to stop is replaced at the end of its grace by a spare, which is started ahead and has no
 * job until then: so there is one thread more than `size` for a while, and two that run code only from the termination to the end of the one.
 *
 * @module
 */

import type { WorkerExit } from "../../../runtime/port/worker.ts";
import { loop } from "../../queue/loop.ts";
import { StructureError } from "../../scopes/errors.ts";
import { reportUnhandled, watchHook } from "../../scopes/unhandled.ts";
import { PoolWorker, type WorkerListener } from "./pool_worker.ts";
import { Spares } from "./spares.ts";
import type { CrewSettings } from "./worker_settings.ts";

/** What a crew tells its pool, beside what its workers do. */
export interface CrewListener extends Omit<WorkerListener, "onGrace"> {
  /** It is time to try again to start a worker, or one has taken the place of another. */
  onRetry(): void;
  /** A worker could not be started at all. */
  onUnstartable(error: unknown): void;
  /** So many workers are there, each taken up by a call that waits for its caller, and for a while nothing has changed. */
  onStuck(error: StructureError): void;
}

/**
 * How many workers there may be beyond `size` while each one is taken up by a call that waits for its caller, and the
 * caller perhaps for one more call: nobody could ever go on. More than people nest calls by hand, and fewer than a machine takes.
 */
const reserve = 64;

/** For how long nobody may go on, in ms, until the waiting jobs are given up. */
const longestStandstill = 1000;

/** For how long a worker without a job goes on holding the process, in ms: to let go and take hold costs for each call. */
const letGoAfter = 5;

/** The first pause after the module could not be loaded, and the longest, in ms. */
const firstPause = 50;
const longestPause = 5000;

/** How often in a row workers may die before they have ended a single job until the waiting jobs are given up. */
const deathsInRow = 3;

/** The workers of a pool. */
export class Crew {
  readonly workers: PoolWorker[] = [];
  /** That of the pool, even where a worker's message comes while another loop simulates. */
  readonly #loop = loop();
  readonly #settings: CrewSettings;
  readonly #listener: CrewListener;
  readonly #workerListener: WorkerListener;
  /** How many workers somebody waits for: none of them is ended meanwhile. */
  wanted = 0;
  /** How many workers have been replaced because they were spent. */
  recycled = 0;
  /** How many threads go on although they were told to end: a host may be unable to stop one. */
  runaway = 0;
  /** Counts what shows that the jobs go on. */
  moves = 0;
  /** Workers that were told to end and have not. */
  readonly #leaving: Set<PoolWorker> = new Set();
  /** Those that go down with their job: it counts as running until they have ended, but they take up no place. */
  readonly #stopped: Set<PoolWorker> = new Set();
  readonly #spares = new Spares();
  #ended = false;
  #starting = 0;
  #failures = 0;
  #retryAt = 0;
  #retryTimer: { cancel(): void } | undefined = undefined;
  #idleTimer: { cancel(): void } | undefined = undefined;
  #letGoTimer: { cancel(): void } | undefined = undefined;
  #stuckTimer: { cancel(): void } | undefined = undefined;
  #onEmpty: (() => void) | undefined = undefined;

  constructor(settings: CrewSettings, listener: CrewListener) {
    this.#settings = settings;
    this.#listener = listener;
    this.#workerListener = {
      ...listener,
      onGrace: (worker, what) => this.#atGrace[what](worker),
    };
  }

  /** How many workers in a row could not be put to use. */
  get failures(): number {
    return this.#failures;
  }

  /** How many workers have loaded the module. */
  get ready(): number {
    return this.#places() - this.#starting;
  }

  /** How many are loading it. */
  get starting(): number {
    return this.#starting;
  }

  /** How many threads there are, those included that have no part in the work yet. */
  get threads(): number {
    return this.workers.length + this.#spares.size;
  }

  /** How long before the end of a job's grace its worker is late, in ms. */
  get lead(): number {
    return this.#spares.lead;
  }

  /** How many workers there are, but for those that go down with their job. No getter: V8 finds a private one anew each time, in 50 ns. */
  #places(): number {
    return this.workers.length - this.#stopped.size;
  }

  /** How many jobs wait in workers behind those that run: one more worker would take them over. */
  get ahead(): number {
    let ahead = 0;
    for (const { count } of this.workers) if (count > 1) ahead += count - 1;
    return ahead;
  }

  /** Starts as many workers as the waiting jobs can use and the size allows. */
  grow(waiting: number): void {
    while (this.#starting < waiting && this.#mayGrow()) {
      if (this.#loop.host.now() < this.#retryAt) {
        this.#retryTimer ??= this.#loop.timers.setTimer(
          () => {
            this.#retryTimer = undefined;
            this.#listener.onRetry();
          },
          this.#retryAt - this.#loop.host.now(),
          { real: true },
        );
        return;
      }
      if (!this.#spawn()) return;
    }
    if (waiting > 0) this.#watchStandstill();
    if (this.#starting === 0) return;
    // Those that are starting hold the process as long as somebody waits for them.
    for (const worker of this.workers) if (!worker.ready) worker.holdProcess(waiting > 0);
  }

  /** Nobody is left who could take a job, and perhaps each waits for what one of the waiting jobs would bring. */
  #watchStandstill(): void {
    if (!this.#isStuck() || this.#stuckTimer !== undefined) return;
    const { moves } = this;
    this.#stuckTimer = this.#loop.timers.setTimer(
      () => {
        this.#stuckTimer = undefined;
        if (!this.#isStuck()) return;
        if (moves !== this.moves) return this.#watchStandstill();
        this.#listener.onStuck(
          new StructureError(
            `All ${this.workers.length} workers of ${this.#settings.name} are busy with calls that wait for their callers: with ` +
              "streams that are not read, or with callbacks. Read fewer streams at once, or give the pool a greater size",
          ),
        );
      },
      longestStandstill,
      { real: true },
    );
  }

  #isStuck(): boolean {
    return !this.#ended && this.#places() >= this.#settings.size + reserve && this.#allParked();
  }

  /** Starts workers until there are `count`, whether or not a job waits. */
  fill(count: number): void {
    while (this.#places() < count && !this.#ended && this.#spawn()) { /* one more */ }
  }

  /** A worker has loaded the module. */
  becameReady(worker: PoolWorker): void {
    this.#spares.took(worker.startTook);
    if (this.#spares.has(worker)) return;
    this.#starting--;
    this.rest();
  }

  /** A job has ended: the workers do their work. */
  succeeded(): void {
    this.#failures = 0;
  }

  /**
   * Takes out a worker that has ended, or is of no use; `lost` is how many jobs it took down, which are to blame for its end.
   * Answers whether the waiting jobs are to be given up.
   */
  remove(worker: PoolWorker, lost: number): boolean {
    this.#leaving.delete(worker);
    this.#stopped.delete(worker);
    if (this.#spares.remove(worker)) return false;
    this.#putInPlace(this.#spares.take(worker));
    const index = this.workers.indexOf(worker);
    if (index >= 0) this.workers.splice(index, 1);
    if (this.workers.length + this.#leaving.size === 0) this.#onEmpty?.();
    if (index < 0) return false;
    if (!worker.ready) this.#starting--;
    if (lost > 0 || worker.served > 0 || worker.terminated) return false;
    this.#retryAt = this.#loop.host.now() + Math.min(longestPause, firstPause * 2 ** this.#failures++);
    return !worker.ready || this.#failures >= deathsInRow;
  }

  /** Tells the pool's owner of the end of a worker. */
  tellExit({ endReason: reason, served: calls }: PoolWorker, { code, error }: WorkerExit): void {
    const { onWorkerExit } = this.#settings;
    if (onWorkerExit === undefined) return;
    try {
      watchHook(onWorkerExit(Object.freeze({ reason, exitCode: code, error, calls })));
    } catch (hookError) {
      reportUnhandled(hookError);
    }
  }

  /** Ends a worker nobody needs. */
  retire(worker: PoolWorker, why: "idle" | "spent" | "closed"): void {
    const index = this.workers.indexOf(worker);
    if (index < 0) return;
    this.workers.splice(index, 1);
    if (!worker.ready) this.#starting--;
    this.#leave(worker, why);
  }

  #leave(worker: PoolWorker, why: "idle" | "spent" | "closed"): void {
    this.#leaving.add(worker);
    worker.close(why);
  }

  /** What becomes of the spare of a worker whose job was told to stop. */
  readonly #atGrace = {
    late: (worker: PoolWorker): void => {
      if (this.#ended || this.#loop.host.now() < this.#retryAt) return;
      this.#spares.start(worker, () => new PoolWorker(this.#settings, this.#workerListener));
    },
    heeded: (worker: PoolWorker): void => {
      const spare = this.#spares.take(worker);
      if (spare !== undefined) this.#leave(spare, "idle");
    },
    stopped: (worker: PoolWorker): void => {
      this.#stopped.add(worker);
      this.#putInPlace(this.#spares.take(worker));
      this.#listener.onRetry();
    },
  };

  #putInPlace(spare: PoolWorker | undefined): void {
    if (spare === undefined) return;
    this.workers.push(spare);
    if (spare.ready) this.rest();
    else this.#starting++;
  }

  /** Ends a worker that has grown too large or has served its time. */
  recycle(worker: PoolWorker): void {
    this.recycled++;
    this.retire(worker, "spent");
  }

  /** Some workers may have nothing to do: they let the process go, and end after a while. */
  rest(): void {
    this.#letGoTimer ??= this.#loop.timers.setTimer(
      () => {
        this.#letGoTimer = undefined;
        for (const worker of this.workers) {
          const { count, first, ready } = worker;
          if (ready && (count === 0 || (count === 1 && first!.unattended))) worker.holdProcess(false);
        }
        this.#dismiss();
      },
      letGoAfter,
      { hold: false, real: true },
    );
  }

  /** Ends all workers; settles when they have ended. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const timer of [this.#retryTimer, this.#idleTimer, this.#letGoTimer, this.#stuckTimer]) timer?.cancel();
    for (const worker of [...this.workers]) this.retire(worker, "closed");
    for (const spare of this.#spares.takeAll()) this.#leave(spare, "closed");
    if (this.#leaving.size > 0) await new Promise<void>((resolve) => this.#onEmpty = resolve);
  }

  #mayGrow(): boolean {
    if (this.#ended) return false;
    const { size } = this.#settings;
    if (this.#places() < size) return true;
    return this.#places() < size + reserve && this.#allParked();
  }

  #allParked(): boolean {
    return this.workers.every((worker) => worker.parked || this.#stopped.has(worker));
  }

  #spawn(): boolean {
    let worker: PoolWorker;
    try {
      worker = new PoolWorker(this.#settings, this.#workerListener);
    } catch (error) {
      this.#retryAt = this.#loop.host.now() + Math.min(longestPause, firstPause * 2 ** this.#failures++);
      this.#listener.onUnstartable(error);
      return false;
    }
    this.workers.push(worker);
    this.#starting++;
    return true;
  }

  /** Ends workers that have had no job for `idleTimeout`, and those of the reserve at once. */
  #dismiss(): void {
    const { size, idleTimeout } = this.#settings;
    const min = Math.max(this.#settings.min, this.wanted);
    const now = this.#loop.host.now();
    let next = Infinity;
    for (const worker of [...this.workers]) {
      if (worker.count > 0 || !worker.ready) continue;
      const surplus = this.#places() > size && !this.workers.some(({ parked }) => parked);
      const until = worker.idleSince + idleTimeout;
      if (surplus || (until <= now && this.#places() > min)) this.retire(worker, "idle");
      else if (this.#places() > min) next = Math.min(next, until);
    }
    this.#idleTimer?.cancel();
    this.#idleTimer = next === Infinity ? undefined : this.#loop.timers.setTimer(
      () => {
        this.#idleTimer = undefined;
        this.#dismiss();
      },
      next - now,
      { hold: false, real: true },
    );
  }
}
