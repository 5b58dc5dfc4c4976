/**
 * Calls that are run in the thread that made them, because the way to a worker and back would take longer than they do.
 *
 * Everything is as if there were a worker: arguments and results are copied or moved, errors go through the codec, each call
 * has a turn of its own, and one call runs at a time. One that turns out to be asynchronous goes on here, and is the last
 * of its function to do so.
 *
 * @module
 */

import { microtask } from "../../../runtime/basics/promises.ts";
import { Entry } from "../../queue/entry.ts";
import { loop } from "../../queue/loop.ts";
import { type JobListener, tellReply } from "../crew/replies.ts";
import type { JobWorker, PoolJob } from "../jobs/job.ts";
import { RunningJob } from "../thread/running_job.ts";
import { asDataCloneError, unclonable } from "../wire/clonable.ts";
import { decodeError, type EncodedError, encodeError, type KnownClasses } from "../wire/error_codec.ts";
import { putTogether } from "../wire/parts.ts";
import { type Answer, isLast, type JobMessage, replies, type ReplyKind } from "../wire/protocol.ts";
import { InlineCosts } from "./inline_costs.ts";
import { runAs } from "./inlined_jobs.ts";

/** What becomes of the calls, as for a worker; `onUnloadable` is told why none can be run here. */
export interface InlineListener extends JobListener {
  /** A call cannot be run here after all. */
  onElsewhere(job: PoolJob): void;
  onUnloadable(error: unknown): void;
}

/** With as many calls waiting for their turns here, further ones go to workers: together they share the way there. */
const few = 8;

/** What the calls are; checked already. */
export interface InlineSettings {
  readonly module: URL;
  /** Below how many ms a function is cheap; `true` for the way to a worker. */
  readonly inline: true | number;
  readonly errors: KnownClasses | undefined;
}

/** Runs calls in this thread. */
export class InlineRunner implements JobWorker {
  readonly costs: InlineCosts;
  /** How many calls have been started here. */
  started = 0;
  readonly #module: URL;
  readonly #errors: KnownClasses | undefined;
  readonly #listener: InlineListener;
  readonly #calls: Map<PoolJob, InlineCall> = new Map();
  /** The functions; `undefined` as long as none was found cheap, and while they are loaded. */
  #functions: Record<string, unknown> | undefined = undefined;
  #loading = false;
  /** The calls that go on in promises: one, and those with moved buffers that were on their way. */
  readonly #pending: Set<InlineCall> = new Set();

  constructor({ module, inline, errors }: InlineSettings, listener: InlineListener) {
    this.#module = module;
    this.#errors = errors;
    this.costs = new InlineCosts(inline === true ? undefined : inline);
    this.#listener = listener;
  }

  get count(): number {
    return this.#calls.size;
  }

  /** How many calls have been started and not ended. */
  get running(): number {
    return this.#pending.size;
  }

  /** Is a call to be run here? A stream, a chunk of a map and a call with a clock of its own are not. */
  takes({ settings }: PoolJob): boolean {
    if (!this.costs.isCheap(settings.name) || this.#pending.size > 0 || settings.runTimeout !== Infinity) {
      return false;
    }
    if (settings.extra?.credit !== undefined || settings.extra?.each || this.#calls.size >= few) return false;
    if (this.#functions === undefined && !this.#loading) void this.#load();
    return this.#functions !== undefined;
  }

  /** Copies the arguments and runs the call in a turn to come. */
  send(job: PoolJob): void {
    const { args, extra, objects, transfer } = job.settings;
    job.worker = this;
    let copies: unknown[];
    try {
      if (extra?.apart !== undefined) copies = putTogether(structuredClone(extra.apart, { transfer }));
      else copies = objects === undefined && transfer.length === 0 ? [...args] : structuredClone(args, { transfer });
    } catch (error) {
      return this.#listener.onFailed(job, asDataCloneError(error));
    }
    const call = new InlineCall(job, copies, (call) => this.#start(call));
    this.#calls.set(job, call);
    loop().queue.enqueue(call, job.lane);
  }

  /** The jobs that have been sent and not ended, in order. */
  jobs(): PoolJob[] {
    return [...this.#calls.keys()];
  }

  takeBack(job: PoolJob): boolean {
    const call = this.#calls.get(job);
    if (call === undefined || call.running !== undefined) return false;
    loop().queue.remove(call);
    this.#calls.delete(job);
    job.worker = undefined;
    return true;
  }

  /** Nothing waits behind a call that runs here. */
  takeBackBehind(): PoolJob[] {
    return [];
  }

  cancel(job: PoolJob, reason: unknown): PoolJob[] {
    this.#calls.get(job)?.running?.cancel(copyOfError(reason), undefined);
    return [];
  }

  abortArgument(job: PoolJob, argument: number, reason: unknown): void {
    const call = this.#calls.get(job);
    if (call?.running === undefined) call?.aborted.push([argument, reason]);
    else call.running.cancel(copyOfError(reason), argument);
  }

  /** Streams are not run here. */
  addCredit(): void {}

  /** The turns that the calls have hold it. */
  holdProcess(): void {}

  answer(job: PoolJob, answer: Omit<Answer, "id">): void {
    let copy: Omit<Answer, "id">;
    try {
      copy = structuredClone(answer);
    } catch (error) {
      copy = { call: answer.call, error: encodeError(asDataCloneError(error)) };
    }
    this.#calls.get(job)?.running?.answered({ id: 0, ...copy });
  }

  /** No thread will have to be replaced. */
  late(): void {}

  /** Nothing can end a function that runs in this thread: the call that does not heed its abort is given up. */
  stop(job: PoolJob): void {
    const call = this.#calls.get(job);
    if (call === undefined || !this.#pending.has(call)) return;
    call.given = true;
    this.#listener.onFailed(call.job, undefined);
    this.#ended(call);
  }

  async #load(): Promise<void> {
    this.#loading = true;
    try {
      // A bundler that looked into this would put a table of modules in its place, in which the user's is not.
      this.#functions = await import(/* webpackIgnore: true */ /* @vite-ignore */ this.#module.href);
    } catch (error) {
      this.#listener.onUnloadable(error);
    }
  }

  #start(call: InlineCall): void {
    const { settings } = call.job;
    // The one before has turned out to be asynchronous. What was moved has nowhere to go but here.
    if (this.#pending.size > 0 && settings.transfer.length === 0) {
      this.takeBack(call.job);
      return this.#listener.onElsewhere(call.job);
    }
    const extra = settings.extra?.apart === undefined ? settings.extra : { ...settings.extra, apart: undefined };
    const message = { id: 0, name: settings.name, args: call.args, extra } as JobMessage;
    const running = call.running = new RunningJob(message, undefined, (_, kind, value, list) => {
      try {
        call.replies.push([kind, isObject(value) ? structuredClone(value, { transfer: [...list ?? []] }) : value]);
      } catch (error) {
        // As in a worker: what comes in the middle of a call and cannot be sent is its own error.
        if (!isLast(kind)) throw error;
        call.replies.push([replies.failed, encodeError(unclonable(value, "the result", error))]);
      }
      // The last one is told with the time it took.
      if (this.#pending.has(call) && !isLast(kind)) microtask(() => this.#deliver(call));
    });
    settings.signals?.forEach(({ aborted, reason }, index) => {
      if (aborted) call.aborted.push([settings.extra!.signals![index]!, reason]);
    });
    for (const [argument, reason] of call.aborted) running.cancel(copyOfError(reason), argument);
    this.started++;
    call.began = loop().host.now();
    // As in a worker, the caller's task is not that of the function.
    const { value: pending, end } = loop().context.run(
      undefined,
      (functions) => runAs(running, () => running.start(functions)),
      this.#functions!,
    );
    call.leave = end;
    if (pending === undefined) return this.#finish(call, false);
    this.#pending.add(call);
    this.#deliver(call);
    void pending.then(() => {
      if (!call.given) this.#finish(call, true);
    });
  }

  #finish(call: InlineCall, asynchronous: boolean): void {
    const now = loop().host.now();
    const last = call.replies.pop()!;
    this.#deliver(call);
    this.#listener.onRan(call.job, now - call.began, now, asynchronous);
    call.replies.push(last);
    this.#ended(call);
    this.#deliver(call);
  }

  #ended(call: InlineCall): void {
    const { job, leave } = call;
    this.#calls.delete(job);
    this.#pending.delete(call);
    leave?.();
    job.worker = undefined;
  }

  #deliver(call: InlineCall): void {
    for (const [kind, value] of call.replies.splice(0)) {
      if (call.given) return;
      tellReply(this.#listener, this.#errors, call.job, kind, value);
    }
  }
}

/** A call and its turn. */
class InlineCall extends Entry {
  readonly job: PoolJob;
  readonly args: unknown[];
  running: RunningJob | undefined = undefined;
  /** Signals among the arguments that were aborted before the start. */
  readonly aborted: [argument: number, reason: unknown][] = [];
  /** What the function has said and the pool has not heard. */
  readonly replies: [kind: ReplyKind, value: unknown][] = [];
  began = 0;
  /** Nobody waits any more until it ends. */
  given = false;
  /** What runs from now on is no longer its code. */
  leave: (() => void) | undefined = undefined;
  readonly #start: (call: InlineCall) => void;

  constructor(job: PoolJob, args: unknown[], start: (call: InlineCall) => void) {
    super();
    this.job = job;
    this.args = args;
    this.#start = start;
  }

  override describe(): string {
    return `inline call of ${this.job.settings.name}`;
  }

  override run(): void {
    this.#start(this);
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

/** An error as a worker would get it. */
function copyOfError(error: unknown): unknown {
  return decodeError(clonedError(error));
}

/** The data of an error, cloned; a getter in it may give something else the second time. */
function clonedError(error: unknown): EncodedError {
  try {
    return structuredClone(encodeError(error));
  } catch (cloneError) {
    return encodeError(asDataCloneError(cloneError));
  }
}
