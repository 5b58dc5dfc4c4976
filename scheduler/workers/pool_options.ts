/**
 * How a pool is to be.
 *
 * @module
 */

import { checkCount, checkDuration, checkName, checkOptions, show } from "../check.ts";
import { checkSignal } from "../join_signal.ts";
import { loop } from "../loop.ts";
import type { PoolSettings } from "./dispatcher.ts";

/** How a pool is to be. */
export interface WorkerPoolOptions {
  /** A name for messages. Default: the file name of the module. */
  name?: string;
  /**
   * The most workers; they are started on demand. Default: as many threads as the machine runs at once. While every worker is
   * taken up by a call that waits for its caller, by a stream that is not read or a callback, a few more are started.
   */
  size?: number;
  /** How many workers are kept although they have nothing to do, once they have been started. Default: 0. */
  min?: number;
  /** How many calls may wait for a worker; 0 takes only calls that a free or new worker can start. Default: no limit. */
  queueLimit?: number;
  /** How long an aborted call may go on before its worker is terminated, in ms. Default: 1000. */
  teardownTimeout?: number;
  /** After how long without a call a worker is ended, in ms. Default: 30,000. */
  idleTimeout?: number;
  /** Memory limits of each worker, as Node's `resourceLimits`; a `TypeError` where workers are web workers. */
  resourceLimits?: Record<string, number>;
  /** Closes the pool at once when aborted. */
  signal?: AbortSignal;
}

/** Node's names for the limits of a thread. */
const limits = ["maxOldGenerationSizeMb", "maxYoungGenerationSizeMb", "codeRangeSizeMb", "stackSizeMb"];

/** Checks what a pool is made with. */
export function poolSettings(module: URL, options: WorkerPoolOptions): PoolSettings {
  if (!(module instanceof URL)) throw new TypeError(`A worker module is a URL: received ${show(module)}`);
  checkOptions(options);
  const { name, size, min = 0, queueLimit = Infinity, teardownTimeout = 1000, idleTimeout = 30_000, signal } = options;
  checkName(name);
  if (size !== undefined) checkCount(size, "The size of a pool", 1);
  checkCount(min, "The min of a pool", 0);
  checkCount(queueLimit, "The queueLimit of a pool", 0);
  checkDuration(teardownTimeout, "The teardownTimeout of a pool");
  checkDuration(idleTimeout, "The idleTimeout of a pool");
  checkSignal(signal);
  const most = size ?? loop().host.parallelism();
  if (min > most) throw new RangeError(`The min of a pool is at most its size, ${most}: received ${min}`);
  return {
    module,
    name: name ?? `WorkerPool(${module.pathname.split("/").at(-1)})`,
    size: most,
    min,
    queueLimit,
    teardownTimeout,
    idleTimeout,
    resourceLimits: resourceLimitsOf(options.resourceLimits),
  };
}

function resourceLimitsOf(given: unknown): Record<string, number> | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`resourceLimits are an object: received ${show(given)}`);
  }
  if (loop().host.workerLimits !== true) {
    throw new TypeError("resourceLimits are not known to web workers, only to Node's threads");
  }
  const checked: Record<string, number> = {};
  for (const [key, value] of Object.entries(given)) {
    if (!limits.includes(key)) throw new TypeError(`resourceLimits are ${limits.join(", ")}: received ${show(key)}`);
    if (typeof value !== "number") throw new TypeError(`${key} has to be a number: received ${show(value)}`);
    if (!(value > 0)) throw new RangeError(`${key} has to be more than 0: received ${value}`);
    checked[key] = value;
  }
  return checked;
}
