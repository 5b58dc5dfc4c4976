/**
 * How a pool is to be.
 *
 * @module
 */

import {
  checkCount,
  checkDuration,
  checkFunction,
  checkName,
  checkOptions,
  show,
} from "../../../runtime/basics/check.ts";
import { threadsOf } from "../../../runtime/host_threads.ts";
import type { GivenWorker, ThreadOptions } from "../../../runtime/port/worker.ts";
import { loop } from "../../queue/loop.ts";
import { checkSignal } from "../../scopes/foreign_signal.ts";
import type { WorkerExitInfo } from "../crew/worker_settings.ts";
import type { PoolSettings } from "../crew/worker_settings.ts";
import { Inspection } from "../wire/clonable.ts";
import { takeApart } from "../wire/parts.ts";
import type { ErrorClass, KnownClasses } from "../wire/error_codec.ts";

/**
 * How a pool is to be. A key that is none of these, or that an object inherits, is a `TypeError`: a misspelt limit would be
 * none, and what has been put into `Object.prototype` is nobody's wish.
 */
export interface WorkerPoolOptions {
  /** A name for messages. Default: the name of the module's file, or of the function that starts the workers. */
  name?: string;
  /**
   * The most workers; they are started on demand. Default: as many threads as the machine runs at once. While every worker is
   * taken up by a call that waits for its caller, by a stream that is not read or a callback, up to 64 more are started. One more for
   * each call that does not heed its abort: see `teardownTimeout`.
   */
  size?: number;
  /** How many workers are kept although they have nothing to do, once they have been started. Default: 0. */
  min?: number;
  /** How many calls may wait for a worker; 0 takes only calls that a free or new worker can start. Default: no limit. */
  queueLimit?: number;
  /**
   * How long an aborted call may go on before its worker is terminated, in ms. Shortly before that a thread is started to take its place,
   * which may be one more than `size`. Default: 1000.
   */
  teardownTimeout?: number;
  /** After how long without a call a worker is ended, in ms. Default: 30,000. */
  idleTimeout?: number;
  /**
   * How long a worker may take until it has loaded the module, in ms. It is given up then, and the calls that wait for it reject with
   * `TimeoutError`. Default: 30,000.
   */
  startTimeout?: number;
  /**
   * A worker that has more bytes than this in use when a call has ended, garbage included, is replaced: it starts no further call.
   * Default: no limit. A `TypeError` in browsers, which do not tell.
   */
  maxMemory?: number;
  /** After how many calls a worker is replaced; a stream is one, and so is a chunk of `map`. Default: no limit. */
  maxCalls?: number;
  /** What `workerData()` gives in each worker: copied when a worker starts. Default: `undefined`. */
  workerData?: unknown;
  /**
   * The environment of the workers. Node and Bun; elsewhere a `TypeError`, as for all that a host's threads do not know.
   * Default: a copy of the process's.
   */
  env?: Record<string, string | undefined>;
  /** What workers find in `process.argv` behind the program. Node and Bun. Default: nothing. */
  argv?: string[];
  /** Flags for the workers' runtime. Node; Bun shows them in `process.execArgv`. Default: those of the process. */
  execArgv?: string[];
  /** Memory limits of each worker: Node's `resourceLimits`. Default: those of the host. */
  resourceLimits?: Record<string, number>;
  /**
   * Permissions of the workers on Deno, as of `new Worker(url, { deno: { permissions } })`. They must let the module be read, and
   * Deno wants the flag `--unstable-worker-options`: it ends the process without. Default: those of the program.
   */
  permissions?: "inherit" | "none" | Record<string, unknown>;
  /**
   * Runs calls of functions that are found to be cheap in this thread, each in a turn of its own: those that never take longer
   * than the way to a worker and back or, given as a number, than so many ms. It is all as in a worker, except that the
   * module is loaded here too, with a state of its own, and that nothing stops a function that does not heed its abort.
   * Streams, `map` and calls with a `runTimeout` stay with the workers. Not together with options for threads or `workerData`.
   * Default: false.
   */
  inline?: boolean | number;
  /**
   * Classes of errors: what the functions throw of these, or of classes with the same names, comes back as an instance. Their
   * constructors are not called, so that private fields are missing. Default: only the built-in ones.
   */
  errors?: readonly (new (...args: never) => Error)[];
  /**
   * Is told of each worker that has ended, for logs and counters. What it throws, or rejects with, goes to `onUnhandled`.
   */
  onWorkerExit?: (exit: WorkerExitInfo) => unknown;
  /** Closes the pool at once when aborted. */
  signal?: AbortSignal;
}

/** The keys there are, and which of them are for threads. */
const threadKeys = ["env", "argv", "execArgv", "resourceLimits", "permissions"] as const;
const keys: readonly string[] = [
  ...["name", "size", "min", "queueLimit", "teardownTimeout", "idleTimeout", "startTimeout", "maxMemory", "maxCalls"],
  ...["inline", "workerData", "errors", "onWorkerExit", "signal", ...threadKeys],
];

/** Node's names for the limits of a thread. */
const limits = ["maxOldGenerationSizeMb", "maxYoungGenerationSizeMb", "codeRangeSizeMb", "stackSizeMb"];

/** Checks what a pool is made with. */
export function poolSettings(module: URL | (() => GivenWorker), options: WorkerPoolOptions): PoolSettings {
  const isGiven = typeof module === "function";
  if (!isGiven && !(module instanceof URL)) {
    throw new TypeError(`A worker module is a URL, or a function that starts a Worker: received ${show(module)}`);
  }
  checkOptions(options, "a pool", keys);
  checkKeys(options, keys, "The options of a pool");
  const { name, size, min = 0, queueLimit = Infinity, signal, onWorkerExit } = options;
  const { teardownTimeout = 1000, idleTimeout = 30_000, startTimeout = 30_000 } = options;
  checkName(name);
  if (size !== undefined) checkCount(size, "The size of a pool", 1);
  checkCount(min, "The min of a pool", 0);
  checkCount(queueLimit, "The queueLimit of a pool", 0);
  checkDuration(teardownTimeout, "The teardownTimeout of a pool");
  checkDuration(idleTimeout, "The idleTimeout of a pool");
  checkDuration(startTimeout, "The startTimeout of a pool");
  if (onWorkerExit !== undefined) checkFunction(onWorkerExit, "onWorkerExit");
  checkSignal(signal);
  const { maxMemory = Infinity, maxCalls = Infinity } = options;
  checkCount(maxMemory, "The maxMemory of a pool", 1);
  checkCount(maxCalls, "The maxCalls of a pool", 1);
  if (maxMemory !== Infinity && threadsOf(loop().host).tellsMemory !== true) {
    throw new TypeError(`The option maxMemory is not known to the workers of ${loop().host.name}`);
  }
  if (isGiven) checkGiven(options);
  const most = size ?? loop().host.parallelism();
  if (min > most) throw new RangeError(`The min of a pool is at most its size, ${most}: received ${min}`);
  const inspection = new Inspection();
  inspection.check(options.workerData, "workerData");
  return {
    module,
    name: name ?? `WorkerPool(${isGiven ? module.name || "given workers" : module.pathname.split("/").at(-1)})`,
    size: most,
    min,
    queueLimit,
    teardownTimeout,
    idleTimeout,
    startTimeout,
    maxMemory,
    maxCalls,
    inline: checkedInline(options),
    errors: checkedErrors(options.errors),
    onWorkerExit,
    thread: threadOptions(options),
    // What is changed after the pool was made is no concern of workers that start later.
    workerData: structuredClone(takeApart([options.workerData], inspection.parts ?? new Set())),
  };
}

/** Refuses keys that are not known, and those that come from a prototype. */
function checkKeys(given: object, known: readonly string[], what: string): void {
  for (const key in given) {
    if (!known.includes(key)) throw new TypeError(`${what} are ${known.join(", ")}: received ${show(key)}`);
  }
  for (const key of known) {
    // What a prototype hides from the loop above is read all the same.
    if (key in given && !Object.hasOwn(given, key)) throw new TypeError(`${what}: ${show(key)} is inherited`);
  }
}

function checkedErrors(given: unknown): KnownClasses | undefined {
  if (given === undefined) return undefined;
  if (!Array.isArray(given)) throw new TypeError(`errors are an array of classes: received ${show(given)}`);
  const known = new Map<string, ErrorClass>();
  for (const each of given) {
    if (typeof each !== "function" || !(each.prototype instanceof Error)) {
      throw new TypeError(`errors are classes that extend Error: received ${show(each)}`);
    }
    known.set(each.name, each);
  }
  return known;
}

/** What is about the start of a thread would be lost where the program starts it. */
function checkGiven(options: WorkerPoolOptions): void {
  for (const key of threadKeys) {
    if (options[key] === undefined) continue;
    throw new TypeError(`A pool whose workers are started by a function takes no ${key}: give it to the Worker there`);
  }
  if (options.inline !== undefined && options.inline !== false) {
    throw new TypeError("A pool whose workers are started by a function knows no module to run inline calls of");
  }
}

/** What is for workers alone would be missing where a call is run in the thread that made it. */
function checkedInline(options: WorkerPoolOptions): boolean | number {
  const { inline = false } = options;
  if (inline === false) return false;
  if (inline !== true) checkDuration(inline, "The inline of a pool");
  for (const key of ["workerData", ...threadKeys] as const) {
    if (options[key] !== undefined) {
      throw new TypeError(`A pool with inline calls cannot have ${key}: they have no thread`);
    }
  }
  return inline;
}

/** Checks what the host is to be told of each thread; refuses what it could not do. */
function threadOptions(options: WorkerPoolOptions): ThreadOptions {
  const { host } = loop();
  const threads = threadsOf(host);
  for (const key of threadKeys) {
    if (options[key] === undefined || threads.options.includes(key)) continue;
    const known = threads.options.length === 0 ? "none" : threads.options.join(", ");
    throw new TypeError(`The option ${key} is not known to the workers of ${host.name}, which have ${known}`);
  }
  const { env, argv, execArgv, resourceLimits, permissions } = options;
  return {
    ...(env !== undefined && { env: checkedEnv(env) }),
    ...(argv !== undefined && { argv: checkedList(argv, "argv") }),
    ...(execArgv !== undefined && { execArgv: checkedList(execArgv, "execArgv") }),
    ...(resourceLimits !== undefined && { resourceLimits: checkedLimits(resourceLimits) }),
    ...(permissions !== undefined && { permissions: checkedPermissions(permissions) }),
  };
}

function checkedEnv(given: unknown): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of entriesOf(given, "env")) {
    if (value === undefined) continue;
    if (typeof value !== "string") throw new TypeError(`env.${key} has to be a string: received ${show(value)}`);
    env[key] = value;
  }
  return env;
}

function checkedList(given: unknown, what: string): string[] {
  if (!Array.isArray(given)) throw new TypeError(`${what} is an array of strings: received ${show(given)}`);
  for (const item of given) {
    if (typeof item !== "string") throw new TypeError(`${what} is an array of strings: it has ${show(item)}`);
  }
  return [...given];
}

function checkedLimits(given: unknown): Record<string, number> {
  const checked: Record<string, number> = {};
  for (const [key, value] of entriesOf(given, "resourceLimits")) {
    if (!limits.includes(key)) throw new TypeError(`resourceLimits are ${limits.join(", ")}: received ${show(key)}`);
    if (typeof value !== "number") throw new TypeError(`${key} has to be a number: received ${show(value)}`);
    if (!(value > 0)) throw new RangeError(`${key} has to be more than 0: received ${value}`);
    checked[key] = value;
  }
  return checked;
}

function checkedPermissions(given: unknown): "inherit" | "none" | Record<string, unknown> {
  if (given === "inherit" || given === "none") return given;
  return Object.fromEntries(entriesOf(given, "permissions"));
}

function entriesOf(given: unknown, what: string): [string, unknown][] {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(`${what} has to be an object: received ${show(given)}`);
  }
  const entries = Object.entries(given);
  checkKeys(given, entries.map(([key]) => key), `The keys of ${what}`);
  return entries;
}
