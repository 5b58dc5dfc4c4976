/**
 * The functions of a module, offered to other machines.
 *
 * @module
 */

import { checkCount, checkDuration, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import { randomHex } from "../../runtime/basics/bytes.ts";
import type { GivenWorker } from "../../runtime/port/worker.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { checkBackoff } from "../../scheduler/waits/backoff.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../scheduler/workers/mod.ts";
import {
  beats,
  checkQueue,
  type OpenedEngine,
  openEngine,
  queueKeys,
  type QueueOptions,
} from "./settings/remote_settings.ts";
import type { JobQueue } from "./engine/engine.ts";
import { ServerJobs } from "./server/server_jobs.ts";
import { TaskServer } from "./server/task_server.ts";
import { subjectsOf } from "./wire/subjects.ts";

/** How long to wait before a call is tried again: as `retry` does. */
export interface BackoffOptions {
  /** Before the second try, in ms. Default: 1000. */
  delay?: number;
  /** What each further wait is multiplied by, 1 or more. Default: 2. */
  factor?: number;
  /** No wait is longer, in ms. Default: 60,000. */
  maxDelay?: number;
  /** Which part of each wait is left to chance, 0 to 1. Default: 0. */
  jitter?: number | boolean;
}

/** How a module is to be served. */
export interface ServeTasksOptions extends QueueOptions {
  /** How many calls run at once, each in a thread. Default: as many threads as the machine runs at once. */
  size?: number;
  /** What the server is called, to callers, in dead letters and in the lists of NATS. Default: a random text. */
  name?: string;
  /** How long to wait before a call is tried again. Default: 1 s, twice as long each time, at most a minute. */
  backoff?: BackoffOptions;
  /**
   * Is asked whether a call that failed with an error is to be tried again, up to `attempts`. What it throws is the call's answer. Errors of
   * classes of yours come as an `Error` with their name, unless `workers.errors` has the class. Default: it is not.
   */
  retryOn?: (error: unknown) => boolean;
  /** For how many ms a drain lets run what runs; then it is stopped, and given back to be tried elsewhere. Default: no limit. */
  grace?: number;
  /** How the threads are to be: what a `WorkerPool` may be told of them. Default: as a `WorkerPool` has them. */
  workers?: Omit<WorkerPoolOptions, "name" | "size" | "queueLimit" | "signal" | "inline">;
}

/**
 * Offers what a module exports to the pools of a name, on other machines or in this process. Each call runs in a thread of this one; what
 * is held is kept alive by this thread, so that a function that never gives way loses nothing. A call whose server dies is tried
 * elsewhere: *a function may run more than once*, `currentJob().key` and `currentJob().attempt` tell.
 *
 * The server belongs to the scope that made it: cancelled with it, it is drained, and a group waits for it. Each call makes a server of its
 * own; two of one queue share its calls.
 *
 * @param module The URL of the module, or a function that starts a `Worker` whose code calls `serveJobs`.
 * @param options How it is to be served, and where the servers of NATS are; with none of them those in this process are served.
 * @returns The server, once its module is loaded and it takes calls.
 * @throws {TypeError} or {RangeError} (rejections) for arguments of a wrong kind or range.
 * @throws {Error} (rejection) when the module cannot be loaded, a package of NATS is not there, or the server of NATS is not or refuses.
 *
 * @example
 * ```ts
 * import { RemotePool, serveTasks } from "@millrace/millrace/remote";
 *
 * const server = await serveTasks(new URL("./tasks.ts", import.meta.url), { queue: "served", size: 1 });
 * const pool = new RemotePool<typeof import("./tasks.ts")>({ queue: "served" });
 * await pool.run("thumbnail", ["owl.png", 100]);
 * await pool.close();
 * await server.drain();
 * console.log(server.statistics().completed); // -> 1
 * ```
 */
export async function serveTasks(
  module: URL | (() => GivenWorker),
  options: ServeTasksOptions = {},
): Promise<TaskServer> {
  checkOptions(options, "serveTasks", [
    ...queueKeys,
    ...["size", "name", "backoff", "retryOn", "grace", "workers"],
  ]);
  const settings = checkQueue(options);
  const { size = loop().host.parallelism(), name = `server-${randomHex(6)}`, retryOn, grace = Infinity } = options;
  checkCount(size, "The size of serveTasks", 1);
  checkDuration(grace, "The grace of serveTasks");
  if (retryOn !== undefined) checkFunction(retryOn, "retryOn");
  checkOptions(options.backoff, "backoff", ["delay", "factor", "maxDelay", "jitter"]);
  const { delay = 1000, factor = 2, maxDelay = 60_000, jitter = 0 } = options.backoff ?? {};
  const backoff = checkBackoff(delay, factor, maxDelay, jitter, {
    initial: "The delay of backoff",
    max: "The maxDelay of backoff",
  });
  // Before anything is awaited: not every host carries the scope across that.
  const scope = currentScope();
  const pool = new WorkerPool(module, {
    min: 1,
    ...options.workers,
    name: `tasks of ${settings.name}`,
    size,
  });
  let opened: OpenedEngine | undefined;
  let queue: JobQueue;
  try {
    // A server that cannot load its module would fail the calls of all others.
    await pool.warmUp(1);
    opened = await openEngine(settings);
    queue = await opened.engine.queue(settings.name, settings.queue);
  } catch (error) {
    await Promise.allSettled([pool.close({ timeout: 0 }), opened?.isOwn && opened.engine.close()]);
    throw error;
  }
  const { engine, isOwn } = opened;
  const { attempts, ackWait } = queue.settings;
  const beat = ackWait / beats;
  const jobs: ServerJobs = new ServerJobs({
    ...{ engine, queue, pool, size, worker: name, attempts, beat, isLarge: settings.isLarge },
    ...{ backoff, retryOn },
    onFree: () => server.free(),
  });
  const server = new TaskServer({
    ...{ name, engine, isOwn, queue, pool, jobs, attempts, beat, grace, scope },
    subjects: subjectsOf(settings.name),
  });
  try {
    await server.open();
  } catch (error) {
    await server.drain({ grace: 0 });
    throw error;
  }
  return server;
}
