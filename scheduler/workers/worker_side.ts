/**
 * The worker's side of a pool: loads the user's module and runs one call of it at a time, in the order in which they came.
 *
 * @module
 */

import { parentOfThread } from "../../runtime/hosts/parent.ts";
import type { HostParent } from "../../runtime/worker_port.ts";
import { type Job, setCurrentJob, Transfer } from "./current_job.ts";
import { decodeError, encodeError } from "./error_codec.ts";
import {
  cellCount,
  cells,
  type Hello,
  type JobMessage,
  type PoolMessage,
  type Reply,
  type WorkerMessage,
} from "./protocol.ts";

/** Replies wait for one another at most this long, in ms, while further jobs run. */
const replyDelay = 1;

class WorkerSide {
  readonly #parent: HostParent;
  #cells: Int32Array | undefined = undefined;
  #module: Record<string, unknown> | undefined = undefined;
  readonly #jobs: JobMessage[] = [];
  #running: RunningJob | undefined = undefined;
  /** Cancellations of jobs that have come but not started. */
  #early: NonNullable<PoolMessage["cancel"]> = [];
  #replies: Reply[] = [];
  #transfer: Transferable[] = [];
  #oldestReply = 0;

  constructor(parent: HostParent) {
    this.#parent = parent;
    parent.listen((message) => {
      if (this.#module === undefined && "module" in (message as Hello)) void this.#load(message as Hello);
      else this.#take(message as PoolMessage);
    });
  }

  async #load(hello: Hello): Promise<void> {
    if (hello.shared !== undefined) this.#cells = new Int32Array(hello.shared);
    try {
      this.#module = await import(hello.module);
    } catch (error) {
      this.#parent.post({ broken: encodeError(error) } satisfies WorkerMessage, []);
      return;
    }
    this.#parent.post({ ready: true } satisfies WorkerMessage, []);
    void this.#runAll();
  }

  #take(message: PoolMessage): void {
    for (const cancel of message.cancel ?? []) {
      if (this.#running?.id === cancel.id) this.#running.cancel(decodeError(cancel.reason), cancel.argument);
      else this.#early.push(cancel);
    }
    for (const [id, count] of message.credit ?? []) {
      if (this.#running?.id === id) this.#running.addCredit(count);
    }
    if (message.jobs === undefined) return;
    this.#jobs.push(...message.jobs);
    if (this.#running === undefined && this.#module !== undefined) void this.#runAll();
  }

  async #runAll(): Promise<void> {
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      const cell = job.id % cellCount;
      // Taken back while it waited: somebody else runs it, or nobody.
      if (this.#cells && Atomics.compareExchange(this.#cells, cell, cells.sent, cells.started) !== cells.sent) continue;
      const running = this.#running = new RunningJob(job, this.#cells, (reply, list) => this.#reply(reply, list));
      setCurrentJob(running);
      for (const { id, reason, argument } of this.#early) {
        if (id === job.id) running.cancel(decodeError(reason), argument);
      }
      if (this.#early.length > 0) this.#early = this.#early.filter(({ id }) => id > job.id);
      const pending = running.start(this.#module!);
      // A synchronous function has ended: no microtask for it.
      if (pending !== undefined) {
        this.flush();
        await pending;
      }
      setCurrentJob(undefined);
      this.#running = undefined;
      if (this.#jobs.length === 0 || this.#parent.now() - this.#oldestReply > replyDelay) this.flush();
    }
    this.flush();
  }

  #reply(reply: Reply, list?: readonly Transferable[]): void {
    if (this.#replies.length === 0) this.#oldestReply = this.#parent.now();
    this.#replies.push(reply);
    if (list !== undefined) this.#transfer.push(...list);
    // What is sent in the middle of a job is waited for now.
    if (reply.kind === "progress" || reply.kind === "values") this.flush();
  }

  /** Sends the replies that have gathered. */
  flush(): void {
    if (this.#replies.length === 0) return;
    const replies = this.#replies;
    const list = this.#transfer;
    this.#replies = [];
    this.#transfer = [];
    try {
      this.#parent.post({ replies } satisfies WorkerMessage, list);
    } catch (error) {
      if (replies.length === 1) return this.#parent.post({ replies: [refused(replies[0]!, error)] }, []);
      // One of them cannot be cloned: each goes alone, so that it harms no other. Moved buffers go with the first
      // that needs them.
      for (const reply of replies) {
        this.#replies = [reply];
        this.#transfer = list.filter((item) => uses(reply, item));
        this.flush();
      }
    }
  }
}

/** The reply in place of one that could not be cloned. */
function refused(reply: Reply, error: unknown): Reply {
  return { id: reply.id, kind: "failed", error: encodeError(error) };
}

function uses(reply: Reply, item: Transferable): boolean {
  const value = reply.kind === "done" ? reply.value : undefined;
  return value === item || (ArrayBuffer.isView(value) && value.buffer === item);
}

/** One call of a function of the user's module. */
class RunningJob implements Job {
  readonly id: number;
  readonly #message: JobMessage;
  readonly #cells: Int32Array | undefined;
  readonly #reply: (reply: Reply, list?: readonly Transferable[]) => void;
  #controller: AbortController | undefined = undefined;
  #cancelled: { reason: unknown } | undefined = undefined;
  readonly #argumentControllers: ReadonlyMap<number, AbortController>;
  #credit: number;
  #wake: (() => void) | undefined = undefined;

  constructor(
    message: JobMessage,
    cells: Int32Array | undefined,
    reply: (reply: Reply, list?: readonly Transferable[]) => void,
  ) {
    this.id = message.id;
    this.#message = message;
    this.#cells = cells;
    this.#reply = reply;
    this.#credit = message.credit ?? 0;
    this.#argumentControllers = new Map((message.signals ?? []).map((position) => [position, new AbortController()]));
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined ||
      (this.#cells !== undefined && Atomics.load(this.#cells, this.id % cellCount) === cells.cancelled);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      if (this.cancelled) this.#abort();
      else this.#pollInLoops(controller.signal);
    }
    return this.#controller.signal;
  }

  progress(value: unknown): void {
    this.#reply({ id: this.id, kind: "progress", value });
  }

  cancel(reason: unknown, argument: number | undefined): void {
    if (argument !== undefined) return this.#argumentControllers.get(argument)?.abort(reason);
    this.#cancelled ??= { reason };
    this.#abort();
    this.#wake?.();
  }

  addCredit(count: number): void {
    this.#credit += count;
    this.#wake?.();
  }

  /** Calls the function; answers with a promise if the call goes on. */
  start(module: Record<string, unknown>): Promise<void> | undefined {
    const { name } = this.#message;
    const fn = module[name];
    if (typeof fn !== "function") {
      this.#fail(
        new TypeError(`The worker module exports no function ${JSON.stringify(name)}: it has ${listOf(module)}`),
      );
      return undefined;
    }
    try {
      const result: unknown = fn(...this.#arguments());
      if (this.#message.credit !== undefined) return this.#stream(result).catch((error) => this.#fail(error));
      if (typeof (result as PromiseLike<unknown> | undefined)?.then !== "function") {
        this.#done(result);
        return undefined;
      }
      return Promise.resolve(result as PromiseLike<unknown>).then(
        (value) => this.#done(value),
        (error) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
  }

  #arguments(): unknown[] {
    const args = [...this.#message.args];
    for (const [position, controller] of this.#argumentControllers) args[position] = controller.signal;
    return args;
  }

  #done(value: unknown): void {
    if (value instanceof Transfer) this.#reply({ id: this.id, kind: "done", value: value.value }, value.list);
    else this.#reply({ id: this.id, kind: "done", value });
  }

  #fail(error: unknown): void {
    this.#reply({ id: this.id, kind: "failed", error: encodeError(error) });
  }

  /** Sends what an iterable gives, never more ahead than the credit; its `finally` has run before the last reply. */
  async #stream(source: unknown): Promise<void> {
    const iterable = source as Partial<AsyncIterable<unknown> & Iterable<unknown>> | null | undefined;
    const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.();
    if (iterator === undefined) {
      throw new TypeError(
        `stream() takes a function that returns an iterable: ${this.#message.name} returned ${String(source)}`,
      );
    }
    for (;;) {
      while (this.#credit === 0 && !this.cancelled) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      if (this.cancelled) {
        await iterator.return?.();
        return this.#done(undefined);
      }
      const step = await iterator.next();
      if (step.done) return this.#done(undefined);
      this.#credit--;
      try {
        structuredCloneCheck(step.value);
        this.#reply({ id: this.id, kind: "values", values: [step.value] });
      } catch (error) {
        await iterator.return?.();
        throw error;
      }
    }
  }

  #abort(): void {
    if (this.#controller === undefined || aborted(this.#controller.signal)) return;
    this.#controller.abort(this.#cancelled?.reason);
  }

  /**
   * Makes `signal.aborted` look at the shared flag, because no message arrives inside a synchronous loop. Deno's own
   * code reads `aborted` while it aborts: the plain property has to answer then.
   */
  #pollInLoops(signal: AbortSignal): void {
    if (this.#cells === undefined) return;
    let aborting = false;
    Object.defineProperty(signal, "aborted", {
      configurable: true,
      get: () => {
        if (aborted(signal)) return true;
        if (aborting || !this.cancelled) return false;
        aborting = true;
        this.#abort();
        aborting = false;
        return true;
      },
    });
  }
}

const abortedGetter = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")!.get!;

/** Whether a signal is aborted, by the class's own property. */
function aborted(signal: AbortSignal): boolean {
  return abortedGetter.call(signal);
}

/** Finds out whether a value of a stream can be cloned; only what could fail is tried. */
function structuredCloneCheck(value: unknown): void {
  if (typeof value === "function" || typeof value === "symbol") structuredClone(value);
}

function listOf(module: Record<string, unknown>): string {
  const names = Object.keys(module).filter((name) => typeof module[name] === "function");
  return names.length === 0 ? "none" : names.join(", ");
}

new WorkerSide(parentOfThread());
