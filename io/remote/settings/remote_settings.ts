/**
 * What pools and those who serve them are made with.
 *
 * @module
 */

import { checkBoolean, checkCount, checkFiniteDuration, show } from "../../../runtime/basics/check.ts";
import { PoolClosedError, QueueFullError, WorkerExitError } from "../../../scheduler/workers/mod.ts";
import { TimeoutError } from "../../../scheduler/scopes/errors.ts";
import type { ErrorClass, KnownClasses } from "../../../scheduler/workers/pool/for_machines.ts";
import { EmbeddedEngine } from "../embedded/embedded_engine.ts";
import type { Engine, QueueSettings } from "../engine/engine.ts";
import { natsEngine } from "../nats/nats_engine.ts";
import { checkNatsOptions, type NatsEngineOptions, natsKeys } from "../nats/nats_options.ts";

/**
 * What both sides of a pool have to be told alike. With `servers` or a `connection` the calls go through NATS JetStream; with neither they
 * go through an engine in this process, for development and tests, and what is said of the connection counts for nothing.
 */
export interface QueueOptions extends Omit<NatsEngineOptions, "deadline" | "keepObjects"> {
  /** The name of the queue that a pool and its servers meet at: letters, digits, "_" and "-". Default: "default". */
  queue?: string;
  /** For how many ms nothing may be heard of a worker before its jobs go to another one; at least 100. Default: 30,000. */
  ackWait?: number;
  /** How often a call is tried at most. Default: 3. */
  attempts?: number;
  /** How many calls may be queued or running. Default: 100,000. */
  queueLimit?: number;
  /**
   * May arguments and results be larger than a message, which is 1 MiB where nobody has said otherwise? They go through the engine's store
   * then. Default: false, and such a call fails with a `RangeError`.
   */
  largePayloads?: boolean;
}

/** How often in `ackWait` those who hold something say so. */
export const beats = 3;

/** The keys of those. */
export const queueKeys: readonly string[] = [
  ...natsKeys,
  ...["queue", "ackWait", "attempts", "queueLimit", "largePayloads"],
];

/** Those, checked. */
export interface CheckedQueue {
  readonly name: string;
  readonly queue: QueueSettings;
  readonly isLarge: boolean;
  /** How it is carried. */
  readonly carrier: Pick<QueueOptions, Carrying>;
}

/** What is said of the connection. */
type Carrying = Exclude<keyof NatsEngineOptions, "deadline" | "keepObjects">;

/** Checks what both sides are made with. */
export function checkQueue(options: QueueOptions): CheckedQueue {
  const { queue: name = "default", ackWait = 30_000, attempts = 3, queueLimit = 100_000 } = options;
  if (typeof name !== "string" || !/^[\w-]{1,128}$/.test(name)) {
    throw new TypeError(`The name of a queue is letters, digits, "_" and "-": received ${show(name)}`);
  }
  checkFiniteDuration(ackWait, "The ackWait");
  if (ackWait < 100) throw new RangeError(`The ackWait is at least 100 ms: received ${ackWait}`);
  checkFinite(attempts, "The attempts");
  checkFinite(queueLimit, "The queueLimit");
  checkBoolean(options.largePayloads, "largePayloads");
  const carrier = Object.fromEntries(Object.entries(options).filter(([key]) => natsKeys.includes(key)));
  if (!(options.connection instanceof EmbeddedEngine)) checkNatsOptions(carrier);
  const isLarge = options.largePayloads === true;
  return { name, isLarge, queue: { ackWait, attempts, limit: queueLimit }, carrier };
}

/** An engine, and whether it was opened here, to be closed here. */
export interface OpenedEngine {
  readonly engine: Engine;
  readonly isOwn: boolean;
}

/** Connects to NATS, or to the engine in this process. */
export async function openEngine({ carrier }: CheckedQueue): Promise<OpenedEngine> {
  const { servers, connection } = carrier;
  // Tests end connections to the engine in this process as if their machine had died.
  if (connection instanceof EmbeddedEngine) return { engine: connection, isOwn: false };
  const isEmbedded = servers === undefined && connection === undefined;
  return { engine: isEmbedded ? new EmbeddedEngine("default") : await natsEngine(carrier), isOwn: true };
}

/** The library's errors come back as themselves, and those of the user's classes. */
export function knownErrors(given: unknown): KnownClasses {
  const known = new Map<string, ErrorClass>();
  for (const each of [TimeoutError, WorkerExitError, QueueFullError, PoolClosedError]) known.set(each.name, each);
  if (given === undefined) return known;
  if (!Array.isArray(given)) throw new TypeError(`errors are an array of classes: received ${show(given)}`);
  for (const each of given) {
    if (typeof each !== "function" || !(each.prototype instanceof Error)) {
      throw new TypeError(`errors are classes that extend Error: received ${show(each)}`);
    }
    known.set(each.name, each);
  }
  return known;
}

/** Refuses what is not a whole number from 1 that ends. */
function checkFinite(value: unknown, what: string): void {
  checkCount(value, what, 1);
  if (value === Infinity) throw new RangeError(`${what} have to be a finite number`);
}
