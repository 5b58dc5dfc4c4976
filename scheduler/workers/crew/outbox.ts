/**
 * What is to be sent to a worker, gathered over a turn of microtasks.
 *
 * @module
 */

import { microtask } from "../../../runtime/basics/promises.ts";
import { checkAgain } from "../jobs/call_settings.ts";
import type { JobSettings, PoolJob } from "../jobs/job.ts";
import { asDataCloneError, unclonable } from "../wire/clonable.ts";
import { encodeError } from "../wire/error_codec.ts";
import { isPlain } from "../wire/plain_values.ts";
import type { Answer, JobsMessage, PoolMessage } from "../wire/protocol.ts";

/** What the outbox needs of its worker. */
export interface OutboxWorker {
  /** Are strings its cheapest messages? */
  readonly prefersText: boolean;
  post(message: PoolMessage | JobsMessage | string, transfer: Transferable[]): void;
  /** Gives the jobs of a message their numbers. */
  number(jobs: readonly PoolJob[]): void;
  /** The jobs were not posted after all: they have no numbers. */
  unnumber(jobs: readonly PoolJob[]): void;
  /** A job cannot be sent. */
  refuse(job: PoolJob, error: unknown): void;
  /** Everything has been sent; some was refused. */
  onRefused(): void;
  /** Is the job still with this worker? */
  has(job: PoolJob): boolean;
}

/** The messages to one worker, of one turn. */
export class Outbox {
  /** Jobs that have not been posted, in order. */
  readonly jobs: PoolJob[] = [];
  readonly #worker: OutboxWorker;
  /** The numbers of the names the worker knows, because a name in each message would cost more than most arguments. */
  readonly #names: Map<string, number> = new Map();
  #cancel: { job: PoolJob; reason: unknown; argument: number | undefined }[] = [];
  #credit: { job: PoolJob; count: number }[] = [];
  #answers: { job: PoolJob; answer: Omit<Answer, "id"> }[] = [];
  #scheduled = false;

  constructor(worker: OutboxWorker) {
    this.#worker = worker;
  }

  /** Adds a job; one for a worker that has nothing to do leaves at once, because the caller may go on computing. */
  addJob(job: PoolJob, isUrgent: boolean): void {
    if (isUrgent && !this.#scheduled) return this.#send([job]);
    this.jobs.push(job);
    this.#schedule();
  }

  /** Takes a job out that has not been posted; answers whether it was there. */
  removeJob(job: PoolJob): boolean {
    const index = this.jobs.lastIndexOf(job);
    if (index < 0) return false;
    this.jobs.splice(index, 1);
    return true;
  }

  addCancel(job: PoolJob, reason: unknown, argument?: number): void {
    this.#cancel.push({ job, reason, argument });
    this.#schedule();
  }

  addCredit(job: PoolJob, count: number): void {
    this.#credit.push({ job, count });
    this.#schedule();
  }

  addAnswer(job: PoolJob, answer: Omit<Answer, "id">): void {
    this.#answers.push({ job, answer });
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    microtask(this.#flush);
  }

  readonly #flush = (): void => {
    this.#scheduled = false;
    this.#send(this.jobs.splice(0));
  };

  #send(jobs: readonly PoolJob[]): void {
    let refused: boolean;
    // Calls made in turn: lists of lists would be a tenth of what such a call allocates.
    if (jobs.length === 1) refused = this.#refuses(jobs[0]!) || this.#post(jobs);
    else refused = this.#postAll(jobs);
    if (this.#cancel.length + this.#credit.length + this.#answers.length > 0) this.#postControl();
    if (refused) this.#worker.onRefused();
  }

  /** Refuses a job whose arguments cannot be sent any more; answers whether it did. */
  #refuses(job: PoolJob): boolean {
    const { settings } = job;
    if (!settings.hasBuffers && settings.transfer.length === 0) return false;
    try {
      checkAgain(settings);
      return false;
    } catch (error) {
      this.#worker.refuse(job, error);
      return true;
    }
  }

  /** Posts jobs in as few messages as may be; answers whether one was refused. */
  #postAll(jobs: readonly PoolJob[]): boolean {
    let refused = false;
    let batch: PoolJob[] = [];
    let objects: Set<object> | undefined;
    for (const job of jobs) {
      const { settings } = job;
      if (this.#refuses(job)) {
        refused = true;
        continue;
      }
      // Whatever shares a message shares its objects: one call must not see what another one does to its arguments. And
      // moved buffers go alone, because Deno detaches them even if the message fails for another call's sake.
      if (settings.transfer.length > 0 || shareOne(objects, settings.objects)) {
        refused = this.#post(batch) || refused;
        batch = [];
        objects = undefined;
      }
      if (settings.transfer.length > 0) {
        refused = this.#post([job]) || refused;
        continue;
      }
      if (settings.objects !== undefined) objects = both(objects, settings.objects);
      batch.push(job);
    }
    return this.#post(batch) || refused;
  }

  /** Posts jobs in one message; if that cannot be cloned, each in its own. Answers whether one was refused. */
  #post(jobs: readonly PoolJob[]): boolean {
    if (jobs.length === 0) return false;
    const { transfer } = jobs[0]!.settings;
    this.#worker.number(jobs);
    const list: JobsMessage = [];
    let before: PoolMessage | undefined;
    let plain = this.#worker.prefersText;
    for (const { id, settings } of jobs) {
      const { args, extra } = settings;
      let number = this.#names.get(settings.name);
      if (number === undefined) {
        this.#names.set(settings.name, number = this.#names.size);
        ((before ??= {}).names ??= []).push(settings.name);
      }
      list.push(id, number, extra, args.length);
      if (extra !== undefined) plain = false;
      for (let index = 0; index < args.length; index++) {
        const arg = args[index];
        plain &&= isPlain(arg);
        list.push(arg);
      }
      if (settings.signals !== undefined) addAborted(before ??= {}, id, settings);
    }
    if (before?.names !== undefined || before?.cancel !== undefined) this.#worker.post(before, []);
    try {
      this.#worker.post(plain ? JSON.stringify(list) : list, transfer);
      if (transfer.length > 0) jobs[0]!.moved = true;
      return false;
    } catch (error) {
      this.#worker.unnumber(jobs);
      if (jobs.length === 1) {
        const { args } = jobs[0]!.settings;
        this.#worker.refuse(jobs[0]!, asDataCloneError(args.length > 0 ? unclonable(args, "args", error) : error));
        return true;
      }
      let refused = false;
      for (const job of jobs) refused = this.#post([job]) || refused;
      return refused;
    }
  }

  #postControl(): void {
    const message: PoolMessage = {};
    for (const { job, reason, argument } of this.#cancel) {
      if (!this.#worker.has(job)) continue;
      const cancel = { id: job.id, reason: encodeError(reason) };
      (message.cancel ??= []).push(argument === undefined ? cancel : { ...cancel, argument });
    }
    for (const { job, count } of this.#credit) {
      if (this.#worker.has(job)) (message.credit ??= []).push([job.id, count]);
    }
    const answers = this.#answers;
    this.#cancel = [];
    this.#credit = [];
    this.#answers = [];
    if (message.cancel !== undefined || message.credit !== undefined) this.#worker.post(message, []);
    for (const { job, answer } of answers) {
      if (!this.#worker.has(job)) continue;
      try {
        this.#worker.post({ answers: [{ id: job.id, ...answer }] }, []);
      } catch (error) {
        this.#worker.post(
          { answers: [{ id: job.id, call: answer.call, error: encodeError(asDataCloneError(error)) }] },
          [],
        );
      }
    }
  }
}

/** Signals among the arguments that are aborted already arrive so. */
function addAborted(message: PoolMessage, id: number, { signals, extra }: JobSettings): void {
  signals!.forEach(({ aborted, reason }, index) => {
    if (!aborted) return;
    (message.cancel ??= []).push({ id, reason: encodeError(reason), argument: extra!.signals![index]! });
  });
}

function shareOne(objects: Set<object> | undefined, more: Set<object> | undefined): boolean {
  if (objects === undefined || more === undefined) return false;
  for (const object of more) if (objects.has(object)) return true;
  return false;
}

function both(objects: Set<object> | undefined, more: Set<object>): Set<object> {
  const all = objects ?? new Set();
  for (const object of more) all.add(object);
  return all;
}
