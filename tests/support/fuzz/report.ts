/**
 * What the server under the fuzzer tells of itself.
 *
 * @module
 */

import type { Run } from "./handlers.ts";

/** The server's `messageLimit`. */
export const messageLimit: number = 65_536;

/** What has happened in the server since it was last told to forget. */
export interface Report {
  readonly active: number;
  readonly queued: number;
  readonly tasks: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** The calls of handlers, in order. */
  readonly runs: readonly Run[];
  /** What `onError` was told. */
  readonly errors: readonly (readonly [url: string, message: string])[];
}
