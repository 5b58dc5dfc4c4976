/**
 * How a connection to NATS is to be.
 *
 * @module
 */

import { checkCount, checkDuration, show } from "../../../runtime/basics/check.ts";
import type { NatsConnection, NatsConnectOptions } from "./connection.ts";

/** Where the servers are, who asks, and how jobs are kept. */
export interface NatsEngineOptions extends NatsConnectOptions {
  /** A connection that is there; it stays open when the engine is closed. Default: one of its own, to `servers`. */
  readonly connection?: NatsConnection;
  /** Where the server keeps jobs. With `"memory"` all of them are lost as it ends. Default: `"file"`. */
  readonly storage?: "file" | "memory";
  /** On how many servers of a cluster jobs are kept. Default: 1. */
  readonly replicas?: number;
  /** For how many ms something that has to be kept is tried while servers come and go. Default: 30,000. */
  readonly deadline?: number;
  /** For how many ms large bytes are kept. Default: a week. */
  readonly keepObjects?: number;
}

/** Those that are texts. */
const texts = ["user", "pass", "token", "name", "inboxPrefix"] as const;

/** The keys of the options. */
export const natsKeys: readonly string[] = [
  ...texts,
  ...["servers", "connection", "tls", "connectTimeout", "storage", "replicas", "deadline", "keepObjects"],
];

/** Refuses options of a wrong kind or range. */
export function checkNatsOptions(options: NatsEngineOptions): void {
  const { servers, connection, tls, connectTimeout = 0, storage = "file" } = options;
  if (servers !== undefined && connection !== undefined) {
    throw new TypeError("A remote pool has servers or a connection: received both");
  }
  const urls = typeof servers === "string" ? [servers] : servers ?? [""];
  if (!Array.isArray(urls) || urls.length === 0 || urls.some((url) => typeof url !== "string")) {
    throw new TypeError(`The servers are a URL or several: received ${show(servers)}`);
  }
  if (connection !== undefined && typeof connection?.subscribe !== "function") {
    throw new TypeError(
      `A connection is what "connect" of @nats-io/transport-node gives: received ${show(connection)}`,
    );
  }
  if (tls !== undefined && (typeof tls !== "object" || tls === null)) {
    throw new TypeError(`The tls of a connection is an object: received ${show(tls)}`);
  }
  for (const key of texts) {
    const value: unknown = options[key];
    if (value !== undefined && typeof value !== "string") {
      throw new TypeError(`The ${key} of a connection is a string: received ${show(value)}`);
    }
  }
  if (storage !== "file" && storage !== "memory") {
    throw new TypeError(`A storage is "file" or "memory": received ${show(storage)}`);
  }
  checkCount(options.replicas ?? 1, "The replicas", 1);
  checkDuration(connectTimeout, "The connectTimeout");
  checkDuration(options.deadline ?? 0, "The deadline");
  checkDuration(options.keepObjects ?? 0, "The keepObjects");
}
