/**
 * The jobs of a server: from their delivery to their answer. See held_job.ts for their states.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import type { Priority } from "../../../scheduler/queue/priority.ts";
import { TimeoutError } from "../../../scheduler/scopes/errors.ts";
import { reportUnhandled } from "../../../scheduler/scopes/unhandled.ts";
import { delayAfter } from "../../../scheduler/waits/backoff.ts";
import { WorkerExitError } from "../../../scheduler/workers/mod.ts";
import { isNoFunction } from "../../../scheduler/workers/pool/for_machines.ts";
import { type Delivery, type Message, priorities } from "../engine/engine.ts";
import { bury } from "../wire/dead_letters.ts";
import { besideHeader, besideOf, getBeside } from "../wire/large.ts";
import { type ControlBody, type JobBody, readControl, readJob } from "../wire/messages.ts";
import { WireError } from "../wire/wire_error.ts";
import { Unwanted } from "./answered.ts";
import { Answers } from "./answers.ts";
import { CallerWatch } from "./caller_watch.ts";
import { HeldJob } from "./held_job.ts";
import { JobThreads, unstarted } from "./job_threads.ts";
import { runJob } from "./run_job.ts";
import { leaveToNewer } from "./newer.ts";
import { ServerCounts, type ServerParts } from "./server_parts.ts";
import { tellJob } from "./server_trace.ts";

/** The jobs that a server holds. */
export class ServerJobs {
  readonly #parts: ServerParts;
  readonly #held: Map<string, HeldJob> = new Map();
  readonly #threads: JobThreads;
  readonly #answers: Answers;
  readonly #unwanted: Unwanted = new Unwanted();
  readonly #callers: CallerWatch;
  #beat: { cancel(): void } | undefined = undefined;
  /** How many jobs have come whose bytes have not. */
  #fetching = 0;
  #isDraining = false;
  readonly counts: ServerCounts = new ServerCounts();

  constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#threads = new JobThreads(parts, (job) => this.#run(job));
    this.#answers = new Answers(parts.engine, parts.worker, parts.isLarge);
    this.#callers = new CallerWatch(parts.engine, parts.beat, {
      onGone: (inbox) => this.#gone(inbox),
      onUnwanted: (message) => this.control(message),
    });
  }

  get running(): number {
    return this.#threads.running;
  }

  get held(): number {
    return this.#held.size;
  }

  /** How many more jobs are wanted. */
  get room(): number {
    if (this.#isDraining) return 0;
    return this.#threads.room(this.#held.size) - this.#fetching;
  }

  /** A job has come from the queue. */
  take(delivery: Delivery, priority: Priority): void {
    const beside = besideOf(delivery);
    if (beside === undefined) return this.#take(delivery, priority, delivery.body);
    this.#fetch(beside, (bytes) => this.#take(delivery, priority, bytes), () => delivery.term());
  }

  #take(delivery: Delivery, priority: Priority, bytes: Uint8Array): void {
    const body = this.#read(() => readJob(bytes), (error) => {
      if (error.version === undefined) delivery.term();
      else void leaveToNewer(delivery, priority, error, this.#parts).catch(reportUnhandled);
    });
    if (body === undefined) return;
    if (delivery.attempt > 1) this.counts.redelivered++;
    const { id } = body;
    const held = this.#held.get(id);
    if (held === undefined && this.#answers.repeat(id)) {
      this.counts.duplicates++;
      return acknowledge(delivery);
    }
    if (this.#unwanted.has(id)) return acknowledge(delivery);
    if (held !== undefined) {
      // A letter that was redriven while its call is still being given up is another job: it comes later.
      if (held.delivery?.sequence !== delivery.sequence) return delivery.nak(this.#parts.beat);
      this.counts.duplicates++;
      return void (held.delivery = delivery);
    }
    if (this.#isDraining) return delivery.nak(0);
    this.#hold(new HeldJob(body, { priority, attempt: delivery.attempt, delivery }));
  }

  /** A job has come by a request: it is tried this once. */
  takeCall(message: Message): void {
    const beside = besideOf(message);
    if (beside === undefined) return this.#takeCall(message, message.body);
    this.#fetch(beside, (bytes) => this.#takeCall(message, bytes), () => {});
  }

  #takeCall(message: Message, bytes: Uint8Array): void {
    const body = this.#read(() => readJob(bytes), () => {});
    if (body === undefined) return;
    if (this.#unwanted.has(body.id) || this.#held.has(body.id)) return;
    const given = message.headers["priority"];
    const priority = priorities.find((each) => each === given) ?? "user-visible";
    this.#hold(new HeldJob(body, { priority, attempt: 1, reply: (answer, headers) => message.reply(answer, headers) }));
  }

  /** A caller has said something to all servers. */
  control(message: Message): void {
    const body = this.#read(() => readControl(message.body), () => {});
    for (const id of body?.ids ?? []) this.#control(body!, id);
  }

  /** Gets what lies beside a message; where it is gone, the message says nothing. */
  #fetch(name: string, take: (bytes: Uint8Array) => void, onGone: () => void): void {
    this.#fetching++;
    getBeside(this.#parts.engine, name).then(take, () => {
      this.counts.malformed++;
      onGone();
    }).catch(reportUnhandled).finally(() => {
      this.#fetching--;
      this.#parts.onFree();
    });
  }

  /** Gives back what has not been started, and takes nothing more. */
  drain(): void {
    this.#isDraining = true;
    this.#threads.takeBackUnstarted();
    for (const job of [...this.#held.values()]) if (!job.isRunning) this.#giveBack(job);
  }

  /** Stops what runs, and gives it back. */
  abort(reason: unknown): void {
    for (const job of [...this.#held.values()]) {
      this.#giveBack(job);
      job.stop(reason);
    }
  }

  #control(body: ControlBody, id: string): void {
    const job = this.#held.get(id);
    switch (body.kind) {
      case "cancel":
        this.#unwanted.add(id);
        if (job !== undefined) this.#drop(job, new DOMException("The caller no longer wants the result", "AbortError"));
        return;
      case "credit":
        if (job === undefined) return;
        job.credit += body.count;
        job.onCredit?.();
        return;
      case "ask":
        // One that waits here is as good as started: its caller asks whether anybody has it.
        if (job !== undefined) this.#answers.say(job, "started");
        else this.#answers.repeat(id);
    }
  }

  #hold(job: HeldJob): void {
    this.#held.set(job.body.id, job);
    // Before it is started: it may be over at once.
    this.#startBeating();
    this.#threads.add(job);
  }

  async #run(job: HeldJob): Promise<void> {
    const { body } = job;
    const now = loop().timers.now();
    const label = body.label ?? body.name;
    if (now >= job.endBy) return this.#answerFailed(job, new TimeoutError(label, body.timeout));
    if (now >= job.startBy) return this.#answerFailed(job, new TimeoutError(`the wait of ${label}`, body.queueTimeout));
    if (body.tellStart || body.credit !== undefined) this.#answers.say(job, "started");
    tellJob("start", job, this.#parts.worker);
    try {
      this.#done(job, await runJob(job, this.#parts.pool, this.#answers));
    } catch (error) {
      await this.#failed(job, error);
    }
  }

  #done(job: HeldJob, value: unknown): void {
    if (job.isOver) return;
    this.#answer(job, "done", value);
    this.counts.completed++;
  }

  async #failed(job: HeldJob, error: unknown): Promise<void> {
    if (job.isOver) return;
    if (error === unstarted) return this.#takeBack(job);
    const { delivery, body } = job;
    const isExit = error instanceof WorkerExitError;
    // Of a stream somebody has seen the beginning: it is not run a second time.
    if (delivery === undefined || body.credit !== undefined) {
      return isExit ? this.#answer(job, "exit", error) : this.#answerFailed(job, error);
    }
    let isRetried = isExit || isNoFunction(error, body.name);
    try {
      isRetried ||= this.#parts.retryOn?.(error) === true;
    } catch (thrown) {
      return this.#answerFailed(job, thrown);
    }
    if (!isRetried) return this.#answerFailed(job, error);
    // One that has come again while it ran counts, too. Its place is free only when this has returned.
    if (delivery.attempt >= this.#parts.attempts) return await this.#giveUp(job, error);
    this.counts.retried++;
    tellJob("retry", job, this.#parts.worker, error);
    this.#leave(job);
    delivery.nak(delayAfter(delivery.attempt, this.#parts.backoff));
  }

  #answerFailed(job: HeldJob, error: unknown): void {
    if (job.isOver) return;
    this.counts.failed++;
    this.#answer(job, "failed", error);
  }

  /** A job that the threads have not begun waits here again, or goes to who has a thread for it: that takes one of its attempts. */
  #takeBack(job: HeldJob): void {
    if (this.#isDraining || job.delivery?.attempt === 1) return this.#giveBack(job);
    this.#threads.addAgain(job);
  }

  /** The last try has failed in a way that would be tried again. */
  async #giveUp(job: HeldJob, error: unknown): Promise<void> {
    const { body, priority } = job;
    const { queue, worker } = this.#parts;
    this.counts.dead++;
    tellJob("dead", job, worker, error);
    try {
      // Not the id of the call: a letter that was redriven and dies again within two minutes would add nothing.
      const { id, body: bytes, attempt: attempts } = job.delivery!;
      const letter = { id, name: body.name, priority, body: bytes, headers: besideHeader(job.delivery!) };
      await bury(queue, letter, { error, attempts, worker });
      this.#answer(job, "dead", error);
    } finally {
      // Where it could not be put there it stays in its queue, and is told as exhausted.
      this.#leave(job);
    }
  }

  /** Says the last of a job, and is done with it. */
  #answer(job: HeldJob, kind: "done" | "failed" | "dead" | "exit", value: unknown): void {
    if (!this.#leave(job)) return;
    const { delivery } = job;
    const sent = this.#answers.say(job, kind, value, job.told);
    if (delivery === undefined) return;
    // What has not been sent comes again, to be answered again.
    if (sent === undefined) acknowledge(delivery);
    else sent.then(() => acknowledge(delivery), () => {});
  }

  /** Nobody wants a job any more. */
  #drop(job: HeldJob, reason: unknown): void {
    if (!this.#leave(job)) return;
    this.counts.cancelled++;
    if (job.delivery !== undefined) acknowledge(job.delivery);
    job.stop(reason);
  }

  #giveBack(job: HeldJob): void {
    if (job.delivery === undefined) {
      if (!job.isOver) this.#answer(job, "exit", new Error(`${this.#parts.worker} was closed`));
    } else if (this.#leave(job)) {
      job.delivery.nak(0);
    }
  }

  #leave(job: HeldJob): boolean {
    if (!job.end()) return false;
    this.#held.delete(job.body.id);
    this.#threads.delete(job);
    if (this.#held.size === 0) {
      this.#beat?.cancel();
      this.#beat = undefined;
      this.#callers.look([]);
    }
    if (!job.isRunning) this.#parts.onFree();
    return true;
  }

  /** Says at every beat that what is held goes on, and asks whether its callers are there. */
  #startBeating(): void {
    this.#beat ??= loop().timers.setTimer(
      () => {
        this.#beat = undefined;
        for (const job of this.#held.values()) job.delivery?.working();
        const before = loop().timers.now() - this.#parts.beat;
        const old = [...this.#held.values()].filter(({ came }) => came <= before);
        for (const job of old) if (job.delivery === undefined) this.#answers.say(job, "started");
        this.#callers.look(old);
        this.#startBeating();
      },
      this.#parts.beat,
      { real: true },
    );
  }

  #gone(inbox: string): void {
    const reason = new DOMException("The caller has gone", "AbortError");
    for (const job of [...this.#held.values()]) {
      if (job.body.inbox === inbox && !job.body.isDetached) this.#drop(job, reason);
    }
  }

  #read<T extends JobBody | ControlBody>(read: () => T, onError: (error: WireError) => void): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.counts.malformed++;
      onError(error);
      return undefined;
    }
  }
}

/** An acknowledgement that is lost brings the job once more, to be answered again. */
function acknowledge(delivery: Delivery): void {
  delivery.ack().catch(() => {});
}
