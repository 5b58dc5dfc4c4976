/**
 * What the server under the fuzzer tells of itself.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import type { Run } from "./handlers.ts";

/** The server's `messageLimit`. */
export const messageLimit: number = 65_536;

/**
 * How long the server gives a request on a host, in ms. Deno does not notice that a client has left as long as it has not read what
 * the client had sent before, nor does Node if that is much.
 */
export const timeouts: Readonly<Record<MatrixHost, number>> = { node: 1500, node26: 1500, deno: 600, bun: Infinity };

/** What a report has in it: numbers, these after a collection of garbage, or all that has run too. */
export type ReportKind = "numbers" | "collected" | "all";

/** What has happened in the server since it was last told to forget. */
export interface Report {
  readonly active: number;
  readonly queued: number;
  readonly tasks: number;
  /** Handlers whose request has not ended. */
  readonly unended: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** The calls of handlers, in order; only where all was asked for. */
  readonly runs: readonly Run[];
  /** What `onError` was told. */
  readonly errors: readonly (readonly [url: string, message: string])[];
}
