/**
 * What leads from a connection to its broker.
 *
 * @module
 */

import type { Ask, Told } from "./ask.ts";

/** What a line is to whoever has it. */
export interface LineEnd {
  /** Something has come. */
  told(told: Told): void;
  /** The broker is there, and knows nothing of this connection: at its beginning, and each time that it was found again. */
  found(): void;
}

/** A way to a broker. */
export interface Line {
  /** May what is asked for be lost? */
  readonly isFar: boolean;
  readonly isConnected: boolean;
  readonly reconnects: number;
  /** Asks, with a number where an answer is wanted; while the broker is not there nothing is asked. */
  ask(ask: Ask, number?: number): void;
  close(): void;
}
