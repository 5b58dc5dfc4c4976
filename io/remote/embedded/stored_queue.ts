/**
 * The jobs of one pool, kept in this process as a JetStream work queue would keep them.
 *
 * ```
 *   waiting ──a consumer has room──> out ──ack, term, remove──> gone
 *      ▲                              ├──nak──> resting ──its delay──┐
 *      │                              ├──`ackWait` without a word────┤
 *      └──────────────────────────────┴──────────────────────────────┤ delivered less often than it may be
 *                                                                    └──else──> stuck ──remove──> gone
 * ```
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import {
  EngineFullError,
  type JobMessage,
  type JobPriority,
  priorities,
  type QueueSettings,
} from "../engine/engine.ts";

/** For how long the same id adds nothing, in ms: JetStream's own. */
const dedupeWindow = 120_000;

/** A job and what has become of it. */
export interface StoredJob {
  readonly message: JobMessage;
  readonly sequence: number;
  state: "waiting" | "out" | "resting" | "stuck" | "gone";
  attempts: number;
  timer: { cancel(): void } | undefined;
}

/** Who takes jobs. */
export interface Taker {
  readonly priority: JobPriority;
  /** How many more it takes at this moment. */
  room(): number;
  give(job: StoredJob, attempt: number): void;
}

/** The queues of one pool. */
export class StoredQueue {
  settings: QueueSettings;
  readonly #jobs: Map<number, StoredJob> = new Map();
  /** Those that wait by priority; those that come again go first, as in JetStream. */
  readonly #waiting: Record<JobPriority, { readonly again: Set<StoredJob>; readonly fresh: Set<StoredJob> }>;
  readonly #takers: Record<JobPriority, Taker[]>;
  readonly #toldOfStuck: Set<(job: StoredJob) => void> = new Set();
  readonly #ids: Map<string, { readonly sequence: number; readonly until: number }> = new Map();
  readonly dead: Map<number, JobMessage> = new Map();
  #sequence = 0;

  constructor(settings: QueueSettings) {
    this.settings = settings;
    const perPriority = <T>(make: () => T): Record<JobPriority, T> => ({
      "user-blocking": make(),
      "user-visible": make(),
      "background": make(),
    });
    this.#waiting = perPriority(() => ({ again: new Set(), fresh: new Set() }));
    this.#takers = perPriority(() => []);
  }

  add(message: JobMessage): { isDuplicate: boolean; sequence: number } {
    const now = loop().host.now();
    for (const [id, { until }] of this.#ids) {
      if (until > now) break;
      this.#ids.delete(id);
    }
    const known = this.#ids.get(message.id);
    if (known !== undefined) return { isDuplicate: true, sequence: known.sequence };
    const { limit } = this.settings;
    if (this.#jobs.size >= limit) throw new EngineFullError(`The queue has as many jobs as it may: ${limit}`);
    const sequence = ++this.#sequence;
    const job: StoredJob = { message, sequence, state: "waiting", attempts: 0, timer: undefined };
    this.#ids.set(message.id, { sequence, until: now + dedupeWindow });
    this.#jobs.set(sequence, job);
    this.#waiting[message.priority].fresh.add(job);
    this.serve();
    return { isDuplicate: false, sequence };
  }

  get(sequence: number): StoredJob | undefined {
    return this.#jobs.get(sequence);
  }

  /** Takes a job out, whatever its state; answers whether it was there. */
  remove(sequence: number): boolean {
    const job = this.#jobs.get(sequence);
    if (job === undefined) return false;
    this.#jobs.delete(sequence);
    job.timer?.cancel();
    job.state = "gone";
    const { again, fresh } = this.#waiting[job.message.priority];
    again.delete(job);
    fresh.delete(job);
    return true;
  }

  /** A job that is out is to come again, after so many ms: also one that somebody else was given meanwhile, as in JetStream. */
  giveBack(job: StoredJob, delay: number): void {
    if (job.state !== "out") return;
    job.timer?.cancel();
    if (job.attempts >= this.settings.attempts) return this.#stick(job);
    job.state = "resting";
    if (delay > 0) job.timer = loop().timers.setTimer(() => this.#wait(job), delay, { hold: false, real: true });
    else this.#wait(job);
  }

  /** The time in which something has to be heard of a job begins anew. */
  extend(job: StoredJob): void {
    if (job.state !== "out") return;
    job.timer?.cancel();
    job.timer = loop().timers.setTimer(() => this.giveBack(job, 0), this.settings.ackWait, { hold: false, real: true });
  }

  join(taker: Taker): () => void {
    const takers = this.#takers[taker.priority];
    takers.push(taker);
    this.serve();
    return () => {
      const at = takers.indexOf(taker);
      if (at >= 0) takers.splice(at, 1);
    };
  }

  onStuck(told: (job: StoredJob) => void): () => void {
    this.#toldOfStuck.add(told);
    return () => this.#toldOfStuck.delete(told);
  }

  counts(): { queued: number; delivered: number } {
    let delivered = 0;
    let stuck = 0;
    for (const { state } of this.#jobs.values()) {
      if (state === "out") delivered++;
      else if (state === "stuck") stuck++;
    }
    return { queued: this.#jobs.size - delivered - stuck, delivered };
  }

  /** Hands out what waits to those that have room, the most urgent first; those who take do so in turn. */
  serve(): void {
    for (const priority of priorities) {
      const { again, fresh } = this.#waiting[priority];
      const takers = this.#takers[priority];
      while (again.size + fresh.size > 0) {
        const at = takers.findIndex((taker) => taker.room() > 0);
        if (at < 0) break;
        const [taker] = takers.splice(at, 1);
        takers.push(taker!);
        const from = again.size > 0 ? again : fresh;
        const [job] = from;
        from.delete(job!);
        job!.state = "out";
        this.extend(job!);
        taker!.give(job!, ++job!.attempts);
      }
    }
  }

  /** Nobody is left who keeps it. */
  end(): void {
    for (const sequence of [...this.#jobs.keys()]) this.remove(sequence);
  }

  addDead(message: JobMessage): void {
    for (const { id } of this.dead.values()) if (id === message.id) return;
    this.dead.set(++this.#sequence, message);
  }

  #wait(job: StoredJob): void {
    job.timer = undefined;
    job.state = "waiting";
    this.#waiting[job.message.priority].again.add(job);
    this.serve();
  }

  #stick(job: StoredJob): void {
    job.timer = undefined;
    job.state = "stuck";
    for (const told of [...this.#toldOfStuck]) told(job);
  }
}
