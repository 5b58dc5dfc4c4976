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
import type { Delivered } from "./ask.ts";
import { DeadJobs, KnownIds } from "./dead_jobs.ts";

/** After how many ms a job that is stuck is told again: as with NATS. */
const tellAgainAfter = 1000;

/** A job and what has become of it. */
interface StoredJob {
  readonly message: JobMessage;
  readonly sequence: number;
  state: "waiting" | "out" | "resting" | "stuck" | "gone";
  /** Since when it waits, in ms of the loop's clock. */
  since: number;
  attempts: number;
  timer: { cancel(): void } | undefined;
}

/** A job that was delivered as often as it may be. */
export interface Exhausted {
  readonly sequence: number;
  readonly attempts: number;
}

/** Who takes jobs. */
export interface Taker {
  readonly priority: JobPriority;
  /** How many more it takes at this moment. */
  room(): number;
  give(delivered: Delivered): void;
}

/** The queues of one pool. */
export class StoredQueue {
  readonly settings: QueueSettings;
  readonly dead: DeadJobs = new DeadJobs();
  readonly #jobs: Map<number, StoredJob> = new Map();
  /** Those that wait by priority; those that come again go first, as in JetStream. */
  readonly #waiting: Record<JobPriority, { readonly again: Set<StoredJob>; readonly fresh: Set<StoredJob> }>;
  readonly #takers: Record<JobPriority, Taker[]>;
  readonly #stuck: Set<StoredJob> = new Set();
  readonly #toldOfStuck: Set<(job: Exhausted) => void> = new Set();
  #tellingAgain: { cancel(): void } | undefined = undefined;
  readonly #ids: KnownIds = new KnownIds();
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
    const known = this.#ids.get(message.id);
    if (known !== undefined) return { isDuplicate: true, sequence: known };
    const { limit } = this.settings;
    if (this.#jobs.size >= limit) throw new EngineFullError(`The queue has as many jobs as it may: ${limit}`);
    const sequence = ++this.#sequence;
    const since = loop().timers.now();
    const job: StoredJob = { message, sequence, state: "waiting", since, attempts: 0, timer: undefined };
    this.#ids.add(message.id, sequence);
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
    this.#stuck.delete(job);
    if (this.#stuck.size === 0) this.#tellingAgain?.cancel();
    return true;
  }

  /** A job that is out is to come again, after so many ms: also one that somebody else was given meanwhile, as in JetStream. */
  giveBack(sequence: number, delay: number): void {
    const job = this.#jobs.get(sequence);
    if (job?.state === "out") this.#comeAgain(job, delay);
  }

  /** A delivery that nobody took, because there was no room left: it does not count. */
  refuse(sequence: number, attempt: number): void {
    const job = this.#jobs.get(sequence);
    if (job?.state !== "out" || job.attempts !== attempt) return;
    job.attempts--;
    job.timer?.cancel();
    this.#wait(job, job.since);
  }

  /** The time in which something has to be heard of a job begins anew. */
  extend(sequence: number): void {
    const job = this.#jobs.get(sequence);
    if (job?.state === "out") this.#hear(job);
  }

  join(taker: Taker): () => void {
    const takers = this.#takers[taker.priority];
    takers.push(taker);
    return () => {
      const at = takers.indexOf(taker);
      if (at >= 0) takers.splice(at, 1);
    };
  }

  /** Has somebody told of each job that is stuck, now, from now on, and again as long as it is. */
  onExhausted(told: (job: Exhausted) => void): () => void {
    this.#toldOfStuck.add(told);
    for (const job of this.#stuck) told(exhaustedOf(job));
    this.#tellAgain();
    return () => {
      this.#toldOfStuck.delete(told);
      if (this.#toldOfStuck.size === 0) this.#tellingAgain?.cancel();
    };
  }

  counts(): { queued: number; delivered: number } {
    let delivered = 0;
    for (const { state } of this.#jobs.values()) if (state === "out") delivered++;
    return { queued: this.#jobs.size - delivered - this.#stuck.size, delivered };
  }

  /** Hands out what waits to those that have room; those who take do so in turn. */
  serve(): void {
    for (let given = this.#serveNext(); given; given = this.#serveNext());
  }

  /** Hands out one: the most urgent, unless another one has waited for as long as the run queue lets wait. Was there one? */
  #serveNext(): boolean {
    const tooOld = loop().timers.now() - loop().queue.ageing;
    let best: StoredJob | undefined;
    for (const priority of priorities) {
      const { again, fresh } = this.#waiting[priority];
      const [job] = again.size > 0 ? again : fresh;
      if (job === undefined || !this.#takers[priority].some((taker) => taker.room() > 0)) continue;
      if (best === undefined || (job.since <= tooOld && job.since < best.since)) best = job;
    }
    if (best === undefined) return false;
    const { priority } = best.message;
    const takers = this.#takers[priority];
    const [taker] = takers.splice(takers.findIndex((taker) => taker.room() > 0), 1);
    takers.push(taker!);
    for (const list of Object.values(this.#waiting[priority])) list.delete(best);
    best.state = "out";
    this.#hear(best);
    taker!.give({ message: best.message, sequence: best.sequence, attempt: ++best.attempts });
    return true;
  }

  /** Nobody is left who keeps it. */
  end(): void {
    for (const sequence of [...this.#jobs.keys()]) this.remove(sequence);
  }

  #hear(job: StoredJob): void {
    job.timer?.cancel();
    const { ackWait } = this.settings;
    job.timer = loop().timers.setTimer(() => this.#comeAgain(job, 0), ackWait, { hold: false, real: true });
  }

  #comeAgain(job: StoredJob, delay: number): void {
    job.timer?.cancel();
    if (job.attempts >= this.settings.attempts) return this.#stick(job);
    job.state = "resting";
    if (delay > 0) job.timer = loop().timers.setTimer(() => this.#wait(job), delay, { hold: false, real: true });
    else this.#wait(job);
  }

  #wait(job: StoredJob, since: number = loop().timers.now()): void {
    job.timer = undefined;
    job.state = "waiting";
    job.since = since;
    this.#waiting[job.message.priority].again.add(job);
    this.serve();
  }

  #stick(job: StoredJob): void {
    job.timer = undefined;
    job.state = "stuck";
    this.#stuck.add(job);
    for (const told of [...this.#toldOfStuck]) told(exhaustedOf(job));
    this.#tellAgain();
  }

  #tellAgain(): void {
    if (this.#stuck.size === 0 || this.#toldOfStuck.size === 0) return;
    const tell = (): void => {
      this.#tellingAgain = undefined;
      for (const job of [...this.#stuck]) for (const told of [...this.#toldOfStuck]) told(exhaustedOf(job));
      this.#tellAgain();
    };
    this.#tellingAgain?.cancel();
    this.#tellingAgain = loop().timers.setTimer(tell, tellAgainAfter, { hold: false, real: true });
  }
}

function exhaustedOf({ sequence, attempts }: StoredJob): Exhausted {
  return { sequence, attempts };
}
