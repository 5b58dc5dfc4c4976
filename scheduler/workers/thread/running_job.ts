/**
 * One call of a function of the user's module, in the worker.
 *
 * @module
 */

import { type CallScope, threadWork } from "../../../runtime/basics/thread_work.ts";
import { checkTransfer, dataCloneError, Inspection } from "../wire/clonable.ts";
import { decodeError, type EncodedError, encodeError } from "../wire/error_codec.ts";
import { Transfer } from "../wire/markers.ts";
import { noFunction } from "../wire/no_function.ts";
import { putTogether, takeApart } from "../wire/parts.ts";
import {
  type Answer,
  cellCount,
  cells,
  type JobMessage,
  replies,
  type ReplyKind,
  withParts,
} from "../wire/protocol.ts";
import { askInLoops, isAborted } from "./abort_in_loops.ts";
import type { Job } from "./current_job.ts";
import { exportOf, functionNames } from "./worker_module.ts";
import { callTold, tellReturned } from "./worker_trace.ts";

/** Where a job's replies go. `list` is what is moved. */
export type SendReply = (id: number, kind: ReplyKind, value: unknown, list?: readonly Transferable[]) => void;

/** A call on its way. */
export class RunningJob implements Job {
  readonly id: number;
  readonly #message: JobMessage;
  #args: unknown[];
  readonly #cells: Int32Array | undefined;
  readonly #reply: SendReply;
  #controller: AbortController | undefined = undefined;
  #cancelled: { reason: unknown } | undefined = undefined;
  #arguments: ReadonlyMap<number, AbortController> | undefined = undefined;
  #credit: number;
  #wake: (() => void) | undefined = undefined;
  #lastCall = 0;
  #calls: Map<number, { resolve(value: unknown): void; reject(error: unknown): void }> | undefined = undefined;
  #ended = false;
  /** That of what the function waits for, where the module has loaded something that waits. */
  #scope: CallScope | undefined = undefined;

  constructor(message: JobMessage, cells: Int32Array | undefined, reply: SendReply) {
    this.id = message.id;
    this.#message = message;
    this.#args = message.args;
    this.#cells = cells;
    this.#reply = reply;
    this.#credit = message.extra?.credit ?? 0;
    if (message.extra !== undefined) this.#replaceArguments();
  }

  get name(): string {
    return this.#message.extra?.label ?? this.#message.name;
  }

  get task(): string {
    return this.#message.extra?.path ?? "";
  }

  get traceparent(): string | undefined {
    return this.#message.extra?.traceparent;
  }

  get key(): string | undefined {
    return this.#message.extra?.key;
  }

  get attempt(): number {
    return this.#message.extra?.attempt ?? 1;
  }

  get cancelled(): boolean {
    return this.#cancelled !== undefined ||
      (this.#cells !== undefined && !this.#ended &&
        Atomics.load(this.#cells, this.id % cellCount) === cells.cancelled);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      const controller = this.#controller = new AbortController();
      if (this.#cancelled !== undefined) this.#abort();
      else if (this.#cells !== undefined) askInLoops(controller.signal, () => this.cancelled, () => this.#abort());
    }
    return this.#controller.signal;
  }

  progress(value: unknown): void {
    const inspection = new Inspection();
    inspection.check(value, "progress");
    if (!this.#ended) this.#say(replies.progress, value, inspection);
  }

  /** The caller no longer wants the result, or has aborted a signal among the arguments. */
  cancel(reason?: unknown, argument?: number): void {
    if (argument !== undefined) return this.#arguments?.get(argument)?.abort(reason);
    this.#cancelled ??= { reason };
    this.#abort();
    this.#scope?.cancel(reason);
    this.#wake?.();
    for (const call of this.#calls?.values() ?? []) call.reject(reason);
    this.#calls?.clear();
  }

  addCredit(count: number): void {
    this.#credit += count;
    this.#wake?.();
  }

  /** What a function of the caller's gave. */
  answered({ call, value, apart, error }: Answer): void {
    const waiting = this.#calls?.get(call);
    this.#calls?.delete(call);
    if (error !== undefined) waiting?.reject(decodeError(error));
    else waiting?.resolve(apart === undefined ? value : putTogether(apart)[0]);
  }

  /** Calls the function; answers with a promise if the call goes on. */
  start(module: Record<string, unknown>): Promise<void> | undefined {
    const { name, extra } = this.#message;
    const args = this.#args;
    try {
      const fn = exportOf(module, name) as ((...args: unknown[]) => unknown) | undefined;
      if (typeof fn !== "function") {
        throw new TypeError(`${noFunction(name)}: it has ${functionNames(module)}`);
      }
      this.#scope = threadWork.openCall?.();
      if (this.#cancelled !== undefined) this.#scope?.cancel(this.#cancelled.reason);
      if (extra?.each || extra?.credit !== undefined) {
        // A generator runs where its values are asked for.
        const going = callTold(
          this,
          () => extra.each ? this.#startEach(fn, args[0] as unknown[]) : this.#stream(this.#within(() => fn(...args))),
        );
        return going?.catch((error) => this.#fail(error));
      }
      const result: unknown = callTold(this, () => this.#within(() => fn(...args)));
      if (isThenable(result)) return this.#doneLater(result);
      this.#done(result);
    } catch (error) {
      this.#fail(error);
    }
    return undefined;
  }

  async #doneLater(result: PromiseLike<unknown>): Promise<void> {
    try {
      this.#done(await result);
    } catch (error) {
      this.#fail(error);
    }
  }

  #within<T>(fn: () => T): T {
    return this.#scope === undefined ? fn() : this.#scope.run(fn);
  }

  #end(error?: unknown): void {
    this.#ended = true;
    tellReturned(this, error);
    this.#scope?.end();
  }

  /** Calls the function with each of the items; goes on in a promise as soon as it gives one. */
  #startEach(fn: (item: unknown) => unknown, items: unknown[]): Promise<void> | undefined {
    // Grown, not allocated at once: V8 sends an array that ever had holes place by place, in four times the time.
    const results: unknown[] = [];
    const pending = this.#within(() => {
      for (let index = 0; index < items.length && !this.cancelled; index++) {
        const result = fn(items[index]);
        if (isThenable(result)) return result;
        results.push(result);
      }
      return undefined;
    });
    if (pending !== undefined) {
      return this.#finishEach(fn, items, results, pending);
    }
    this.#doneEach(results);
    return undefined;
  }

  async #finishEach(
    fn: (item: unknown) => unknown,
    items: unknown[],
    results: unknown[],
    pending: PromiseLike<unknown>,
  ): Promise<void> {
    results.push(await pending);
    while (results.length < items.length && !this.cancelled) {
      results.push(await this.#within(() => fn(items[results.length])));
    }
    this.#doneEach(results);
  }

  #doneEach(results: unknown[]): void {
    const list: Transferable[] = [];
    for (let index = 0; index < results.length; index++) {
      const result = results[index];
      if (typeof result !== "object" || !(result instanceof Transfer)) continue;
      results[index] = result.value;
      list.push(...result.list);
    }
    this.#done(list.length === 0 ? results : new Transfer(results, list));
  }

  #done(value: unknown): void {
    if ((typeof value !== "object" || value === null) && typeof value !== "function" && typeof value !== "symbol") {
      this.#end();
      return this.#reply(this.id, replies.done, value);
    }
    let list: readonly Transferable[] | undefined;
    let inspection: Inspection;
    try {
      // A hostile proxy throws here.
      if (value instanceof Transfer) ({ value, list } = value as Transfer<unknown>);
      if (list !== undefined) checkResultTransfer(list);
      inspection = new Inspection(list);
      inspection.check(value, `the result of ${this.#message.name}`);
    } catch (error) {
      return this.#fail(error);
    }
    this.#end();
    this.#say(replies.done, value, inspection, list);
  }

  /** Sends a value that may have parts which have to travel apart. */
  #say(kind: ReplyKind, value: unknown, { parts }: Inspection, list?: readonly Transferable[]): void {
    if (parts === undefined) this.#reply(this.id, kind, value, list);
    else this.#reply(this.id, (kind | withParts) as ReplyKind, takeApart([value], parts), list);
  }

  #fail(error: unknown): void {
    this.#end(error);
    this.#reply(this.id, replies.failed, encodeError(error) satisfies EncodedError);
  }

  #replaceArguments(): void {
    const { extra } = this.#message;
    const args = this.#args = extra?.apart === undefined ? this.#message.args : putTogether(extra.apart);
    if (extra?.signals !== undefined) {
      const controllers = this.#arguments = new Map(
        extra.signals.map((position) => [position, new AbortController()]),
      );
      for (const [position, controller] of controllers) args[position] = controller.signal;
    }
    for (const position of extra?.callbacks ?? []) {
      args[position] = (...values: unknown[]) => this.#call(position, values);
    }
  }

  /** Calls a function of the caller's. */
  #call(callback: number, args: unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) throw new Error(`A callback was called after the call of ${this.name} had ended`);
      if (this.#cancelled !== undefined) throw this.#cancelled.reason;
      const inspection = new Inspection();
      args.forEach((arg, index) => inspection.check(arg, `args[${index}] of a callback`));
      const number = ++this.#lastCall;
      (this.#calls ??= new Map()).set(number, { resolve, reject });
      const { list, gaps } = inspection.parts === undefined ? { list: args } : takeApart(args, inspection.parts);
      this.#reply(this.id, replies.call, { number, callback, args: list, gaps });
    });
  }

  /** Sends what an iterable gives, never more ahead than the credit; its `finally` has run before the last reply. */
  async #stream(source: unknown): Promise<void> {
    const iterable = (isThenable(source) ? await source : source) as
      | Partial<AsyncIterable<unknown> & Iterable<unknown>>
      | null
      | undefined;
    const iterator = iterable?.[Symbol.asyncIterator]?.() ?? iterable?.[Symbol.iterator]?.();
    if (iterator === undefined) {
      throw new TypeError(
        `stream() takes a function that returns an iterable: ${this.#message.name} returned ${String(iterable)}`,
      );
    }
    for (;;) {
      while (this.#credit === 0 && !this.cancelled) {
        await new Promise<void>((resolve) => this.#wake = resolve);
      }
      if (this.cancelled) {
        await this.#within(() => iterator.return?.());
        return this.#done(undefined);
      }
      const step = await this.#within(() => iterator.next());
      if (typeof step !== "object" || step === null) {
        throw new TypeError(
          `The iterator of ${this.#message.name} returned no result object: ${String(step)}`,
        );
      }
      if (step.done) return this.#done(undefined);
      this.#credit--;
      // As for await does with a synchronous iterable of promises.
      let value = isThenable(step.value) ? await step.value : step.value;
      let list: readonly Transferable[] | undefined;
      if (value instanceof Transfer) ({ value, list } = value as Transfer<unknown>);
      try {
        if (list !== undefined) checkResultTransfer(list);
        const inspection = new Inspection(list);
        inspection.check(value, `a value of ${this.#message.name}`);
        this.#say(replies.value, value, inspection, list);
      } catch (error) {
        await this.#within(() => iterator.return?.());
        throw error;
      }
    }
  }

  #abort(): void {
    if (this.#controller === undefined || isAborted(this.#controller.signal)) return;
    this.#controller.abort(this.#cancelled?.reason);
  }
}

/** A list that is wrong fails like a result that cannot be cloned: its caller has given nothing of a wrong type. */
function checkResultTransfer(list: readonly unknown[]): void {
  try {
    checkTransfer(list);
  } catch (error) {
    throw error instanceof TypeError ? dataCloneError(error.message) : error;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return ((typeof value === "object" && value !== null) || typeof value === "function") &&
    typeof (value as PromiseLike<unknown>).then === "function";
}
