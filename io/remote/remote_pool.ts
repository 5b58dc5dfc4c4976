/**
 * The pool of other machines.
 *
 * @module
 */

import { checkCount, checkDuration, checkOptions, show } from "../../runtime/basics/check.ts";
import { wallClock } from "../../runtime/basics/wall_clock.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { mapConcurrent } from "../../scheduler/combinators/mod.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { TimeoutError } from "../../scheduler/scopes/errors.ts";
import { onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import type { Scope } from "../../scheduler/scopes/scope.ts";
import { withTimeout } from "../../scheduler/scopes/mod.ts";
import type {
  Arguments,
  CloseOptions,
  Item,
  PoolFunctions,
  Result,
  RunnableName,
  StreamableName,
  StreamedValue,
} from "../../scheduler/workers/mod.ts";
import { CallWait, settingsOf, streamOf } from "../../scheduler/workers/pool/for_machines.ts";
import type { Engine, JobMessage } from "./engine/engine.ts";
import { callOptionsOf, makeCall } from "./pool/make_call.ts";
import type {
  DeadLetter,
  DeadLettersOptions,
  RemoteMapOptions,
  RemotePoolOptions,
  RemotePoolStatistics,
  RemoteRunOptions,
  RemoteStreamOptions,
} from "./pool/pool_options.ts";
import type { RemoteCall } from "./pool/remote_call.ts";
import type { CallsSettings } from "./pool/call_sender.ts";
import { RemoteCalls } from "./pool/remote_calls.ts";
import { publishError } from "./pool/remote_errors.ts";
import { checkQueue, knownErrors, queueKeys } from "./settings/remote_settings.ts";
import { firstId, idOfAgain } from "./wire/dead_letters.ts";
import { besideOf, getBeside, putBeside } from "./wire/large.ts";
import { readJob, writeBody } from "./wire/messages.ts";
import type { deadHeaders } from "./wire/subjects.ts";

/**
 * Runs the functions of a module that others serve with `serveTasks`: at least once. A function may run more than once, when its worker
 * dies before it has answered; `currentJob().key` is the same each time. Names, arguments and results are typed as for a `WorkerPool`.
 *
 * A call belongs to the scope that made it: cancelled with it, it rejects at once, and its worker is told.
 *
 * With `servers` or a `connection` calls go through NATS JetStream; with neither, to those who serve in this process.
 *
 * @typeParam M The type of the module: `typeof import("./tasks.ts")`.
 *
 * @example
 * ```ts
 * import { RemotePool, serveTasks } from "@millrace/millrace/remote";
 *
 * const server = await serveTasks(new URL("./tasks.ts", import.meta.url), { queue: "called", size: 1 });
 * const pool = new RemotePool<typeof import("./tasks.ts")>({ queue: "called" });
 * console.log(await pool.run("thumbnail", ["owl.png", 100])); // -> owl.png at 100 px
 * await pool.close();
 * await server.drain();
 * ```
 */
export class RemotePool<M = Record<string, (...args: unknown[]) => unknown>> {
  readonly #calls: RemoteCalls;
  readonly #leaveSignal: (() => void) | undefined;
  #functions: PoolFunctions<M> | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  /**
   * Makes a pool; it connects with its first call. A connection that fails is the error of the calls that waited for it, and the next one
   * tries anew.
   *
   * @throws {TypeError} or {RangeError} for options of a wrong kind or range.
   */
  constructor(options: RemotePoolOptions = {}) {
    checkOptions(options, "a remote pool", [...queueKeys, "delivery", "errors", "signal"]);
    const { delivery = "at-least-once", errors, signal } = options;
    if (delivery !== "at-least-once" && delivery !== "at-most-once") {
      throw new TypeError(`A delivery is "at-least-once" or "at-most-once": received ${show(delivery)}`);
    }
    const settings: CallsSettings = {
      ...checkQueue(options),
      isOnce: delivery === "at-most-once",
      known: knownErrors(errors),
    };
    this.#calls = new RemoteCalls(settings);
    this.#leaveSignal = signal && onAbort(signal, (reason) => void this.#close(0, reason));
  }

  /** The functions of the module, to be called as if they were here. */
  get functions(): PoolFunctions<M> {
    return this.#functions ??= new Proxy(Object.freeze(Object.create(null)), {
      // Not for `then`: whoever awaits the object would call it.
      get: (_, name) =>
        typeof name !== "string" || name === "then"
          ? undefined
          : (...args: unknown[]) => this.run(name as RunnableName<M>, args as never),
    });
  }

  /**
   * Calls a function where it is served, and resolves to its result; rejects with what the function throws.
   *
   * Cancelled with its scope or aborted by `signal`, it rejects at once; a call that is queued never runs, and one that runs is told through
   * `currentJob()`, its thread replaced where it pays no heed.
   *
   * @throws {TypeError}, {RangeError} or {DOMException} ("DataCloneError") at the call, for wrong arguments and those that cannot be sent.
   * @throws {DeadLetterError} (rejection) when it was tried as often as it may be.
   * @throws {TimeoutError} (rejection) when its `timeout`, `queueTimeout` or `runTimeout` has passed.
   * @throws {QueueFullError} (rejection) when as many calls as may be are queued or running.
   * @throws {NoWorkerError} (rejection) when it is made at most once, and nobody serves the queue.
   * @throws {WorkerExitError} (rejection) when it is made at most once and its worker has died, or its answer was lost for good.
   * @throws {RangeError} (rejection) when its arguments or its result are too large for a message, without `largePayloads`.
   * @throws {PoolClosedError} (rejection) when the pool is closed.
   */
  run<K extends RunnableName<M>>(
    name: K,
    args: Arguments<M, K>,
    options: RemoteRunOptions = {},
  ): Promise<Result<M, K>> {
    const call = makeCall(this.#calls, name, args, options);
    const wait = new CallWait<Result<M, K>>(currentScope(), name, this.#calls.size);
    if (wait.interrupted) return wait.promise;
    const { signal } = options;
    if (signal?.aborted) {
      wait.reject(signal.reason);
    } else if (this.#calls.closed !== undefined) {
      wait.reject(this.#calls.closedError());
    } else {
      call.job.receiver = {
        resolve: (value: never) => (this.#calls.counts.completed++, wait.resolve(value)),
        reject: (reason) => (this.#calls.counts.cancelled++, wait.reject(reason)),
        fail: (error) => (this.#calls.counts.failed++, wait.fail(error)),
      };
      wait.call = { abort: (reason) => this.#calls.giveUp(call, reason) };
      this.#submit(call, options);
    }
    return wait.promise;
  }

  /**
   * Calls a function that returns an iterable, and gives its values as they come; the call starts at the first `next()`. A stream whose
   * worker dies fails with `WorkerExitError`: no generator is run twice once a value was seen. Leaving the loop, cancelling its scope or
   * aborting `signal` ends the generator where it runs.
   *
   * @throws as {@linkcode run} does: at the call, and by `next()`.
   *
   * @example
   * ```ts
   * import { RemotePool, serveTasks } from "@millrace/millrace/remote";
   *
   * const server = await serveTasks(new URL("./tasks.ts", import.meta.url), { queue: "streamed", size: 1 });
   * const pool = new RemotePool<typeof import("./tasks.ts")>({ queue: "streamed" });
   * for await (const page of pool.stream("pages", [2])) console.log(page);
   * // -> page 1
   * // -> page 2
   * await pool.close();
   * await server.drain();
   * ```
   */
  stream<K extends StreamableName<M>>(
    name: K,
    args: Arguments<M, K>,
    options: RemoteStreamOptions = {},
  ): AsyncIterableIterator<StreamedValue<M, K>> {
    const { highWaterMark = 64, ...rest } = options;
    checkCount(highWaterMark, "The highWaterMark of a stream", 1);
    const call = makeCall(this.#calls, name, args, rest, highWaterMark);
    const calls = this.#calls;
    return streamOf<StreamedValue<M, K>>(call.job, {
      highWaterMark,
      start: (_: Scope | undefined) => {
        if (rest.signal?.aborted) throw rest.signal.reason;
        if (calls.closed !== undefined) throw calls.closedError();
        this.#submit(call, rest);
      },
      abort: (reason) => calls.giveUp(call, reason),
      addCredit: (count) => calls.tell({ kind: "credit", ids: [call.id], count }),
      parked: () => {},
      unattended: () => {},
    });
  }

  /**
   * Calls a function once for each item, the single argument, and resolves to the results in order. The first error rejects as itself, and
   * cancels what runs; so does a cancellation. Items are pulled as there is room for their calls.
   *
   * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
   * @throws as {@linkcode run} does (rejections), and {TimeoutError} when the `timeout` of the whole has passed.
   *
   * @example
   * ```ts
   * import { RemotePool, serveTasks } from "@millrace/millrace/remote";
   *
   * const server = await serveTasks(new URL("./tasks.ts", import.meta.url), { queue: "mapped", size: 2 });
   * const pool = new RemotePool<typeof import("./tasks.ts")>({ queue: "mapped" });
   * console.log((await pool.map("count", [new Uint8Array(3), new Uint8Array(5)])).join()); // -> 3,5
   * await pool.close();
   * await server.drain();
   * ```
   */
  map<K extends RunnableName<M>>(
    name: K,
    items: Iterable<Item<M, K>> | AsyncIterable<Item<M, K>>,
    options: RemoteMapOptions = {},
  ): Promise<Result<M, K>[]> {
    const { limit = 64, timeout, signal, ...each } = options;
    checkCount(limit, "The limit of map", 1);
    settingsOf(name, [], callOptionsOf(each));
    const all = (): Promise<Result<M, K>[]> =>
      mapConcurrent(items, (item) => this.run(name, [item] as Arguments<M, K>, each), {
        limit,
        ...(signal !== undefined && { signal }),
        name: `map of ${name}`,
      });
    return timeout === undefined || timeout === Infinity ? all() : withTimeout(timeout, all);
  }

  /**
   * Calls that were given up, the oldest first.
   *
   * @throws {TypeError} or {RangeError} (rejections) for options of a wrong kind or range.
   */
  async deadLetters(options: DeadLettersOptions = {}): Promise<DeadLetter[]> {
    checkOptions(options, "deadLetters", ["limit"]);
    const { limit = 100 } = options;
    checkCount(limit, "The limit of deadLetters", 1);
    const { queue, engine } = await this.#calls.connect();
    const letters = await queue.dead.list(limit);
    return await Promise.all(letters.map(async (letter) => {
      const { id, name, headers } = letter;
      let args: readonly unknown[] | undefined;
      try {
        ({ args } = readJob(await bytesOf(letter, engine)));
      } catch {
        // It may be what nobody could read.
      }
      const texts = headers as Partial<Record<keyof typeof deadHeaders, string>>;
      const { error = "", worker = "", attempts, at = "" } = texts;
      return { id: firstId(id), name, args, error, worker, attempts: Number(attempts ?? 0), at };
    }));
  }

  /**
   * Takes a call from the dead letters and publishes it anew, with all its attempts before it and without its timeouts; nobody waits for its
   * result. Answers whether it was there: a second call for the same id answers false.
   *
   * @example
   * ```ts
   * import { RemotePool } from "@millrace/millrace/remote";
   *
   * const pool = new RemotePool({ queue: "mended" });
   * for (const { id, name, error } of await pool.deadLetters()) {
   *   console.log(name, error);
   *   await pool.redrive(id);
   * }
   * await pool.close();
   * ```
   */
  async redrive(id: string): Promise<boolean> {
    const { queue, engine } = await this.#calls.connect();
    const job = (await queue.dead.list(mostDead)).find((each) => firstId(each.id) === id);
    if (job === undefined) return false;
    const { timeout: _, queueTimeout: __, ...call } = readJob(await bytesOf(job, engine));
    const bytes = writeBody({ ...call, at: wallClock(), isDetached: true });
    const beside = besideOf(job);
    const { body, headers } = beside === undefined
      ? { body: bytes, headers: {} }
      : await putBeside(engine, beside, bytes);
    await queue.publish({ ...job, id: idOfAgain(id, job.sequence), headers, body })
      .catch((error) => Promise.reject(publishError(error, this.#calls.settings.name, queue)));
    return await queue.dead.remove(job.sequence);
  }

  /** The numbers of the pool at this moment. */
  statistics(): RemotePoolStatistics {
    const { counts, size: pending, engine, leftovers: { size: cancelling } } = this.#calls;
    const running = [...this.#calls.all()].filter(({ isStarted }) => isStarted).length;
    const { reconnects, isConnected } = engine?.state ?? { reconnects: 0, isConnected: false };
    const now = { pending, queued: pending - running, running, cancelling };
    return Object.freeze({ ...now, ...counts, reconnects, isConnected });
  }

  /**
   * Closes the pool: it refuses new calls and waits for those there are; what is left after `timeout` ms (no limit) is cancelled, and
   * rejects with `PoolClosedError`. Then its connection ends, unless it was handed in. A second call gives the same promise; with a `timeout`
   * it cancels sooner.
   *
   * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
   */
  close(options: Pick<CloseOptions, "timeout"> = {}): Promise<void> {
    checkOptions(options, "close", ["timeout"]);
    const { timeout = Infinity } = options;
    checkDuration(timeout, "The timeout of close");
    return this.#close(timeout, undefined);
  }

  /** The same as `close({ timeout: 0 })`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close({ timeout: 0 });
  }

  #close(timeout: number, cause: unknown): Promise<void> {
    const calls = this.#calls;
    calls.closed ??= { cause };
    this.#closing ??= calls.empty().then(() => {
      this.#leaveSignal?.();
      return calls.end();
    });
    const abort = (): void => [...calls.all()].forEach((call) => calls.giveUp(call, calls.closedError()));
    if (timeout === 0) abort();
    else if (timeout !== Infinity && calls.size > 0) {
      const timer = loop().timers.setTimer(abort, timeout, { real: true });
      this.#closing.finally(() => timer.cancel()).catch(() => {});
    }
    return this.#closing;
  }

  #submit(call: RemoteCall, { signal }: RemoteRunOptions): void {
    const { label, body } = call;
    const calls = this.#calls;
    if (signal !== undefined) call.whenSettled(onAbort(signal, (reason) => calls.giveUp(call, reason)));
    call.limit(body.timeout, () => new TimeoutError(label, body.timeout), false);
    call.limit(body.queueTimeout, () => new TimeoutError(`the wait of ${label}`, body.queueTimeout), true);
    calls.submit(call);
  }
}

/** Among how many dead letters one is looked for. */
const mostDead = 100_000;

/** The bytes of a job, which may lie beside it. */
async function bytesOf(job: JobMessage, engine: Engine): Promise<Uint8Array> {
  const beside = besideOf(job);
  return beside === undefined ? job.body : await getBeside(engine, beside);
}
