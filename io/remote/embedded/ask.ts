/**
 * What goes between a connection and its broker: values only, so that it may go over a network.
 *
 * ```
 *   connection ──ask, with a number where an answer is wanted──> broker ──the answer, with that number──> connection
 *                ──ask that stands: listen, consume, exhausted──> ...     ──what comes of it, with its id──> ...
 * ```
 *
 * @module
 */

import type { Headers, JobMessage, JobPriority, QueueSettings } from "../engine/engine.ts";

/** Bytes on their way to a listener. */
export interface Parcel {
  readonly subject: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Where an answer goes; absent where none is asked for. */
  readonly reply?: string | undefined;
}

/** What a connection asks for. */
export type Ask =
  | { readonly op: "queue"; readonly pool: string; readonly settings: QueueSettings }
  | { readonly op: "publish" | "bury"; readonly pool: string; readonly job: JobMessage }
  | { readonly op: "remove" | "look" | "working" | "unbury"; readonly pool: string; readonly sequence: number }
  | { readonly op: "nak"; readonly pool: string; readonly sequence: number; readonly delay: number }
  /** A delivery for which there is no room any more: it does not count. */
  | { readonly op: "refuse"; readonly pool: string; readonly sequence: number; readonly attempt: number }
  | { readonly op: "counts"; readonly pool: string }
  | { readonly op: "dead"; readonly pool: string; readonly limit: number }
  | { readonly op: "send"; readonly parcel: Parcel }
  | { readonly op: "request"; readonly parcel: Parcel }
  | { readonly op: "reply"; readonly parcel: Parcel }
  | { readonly op: "put"; readonly name: string; readonly bytes: Uint8Array }
  | { readonly op: "get" | "drop"; readonly name: string }
  | { readonly op: "flush" }
  | Standing
  /** How many jobs consumers take from their beginning on: of all that share a room at once, so that the first has not got it before. */
  | { readonly op: "room"; readonly pool: string; readonly rooms: readonly ConsumerRoom[] }
  /** What stands ends, or nobody waits for the answer to a request any more. */
  | { readonly op: "leave"; readonly id: number };

/** What stands until its id leaves. */
export type Standing =
  | {
    readonly op: "consume";
    readonly id: number;
    readonly pool: string;
    readonly priority: JobPriority;
    readonly most: number;
  }
  | { readonly op: "exhausted"; readonly id: number; readonly pool: string }
  | { readonly op: "listen"; readonly id: number; readonly subject: string; readonly group?: string | undefined };

/** How many jobs a consumer takes. */
export interface ConsumerRoom {
  readonly id: number;
  readonly most: number;
}

/** A job that is delivered. */
export interface Delivered {
  readonly message: JobMessage;
  readonly sequence: number;
  readonly attempt: number;
}

/** What a broker tells a connection. */
export type Told =
  | { readonly number: number; readonly value: unknown }
  | { readonly number: number; readonly error: "full" | "nobody"; readonly message: string }
  | { readonly id: number; readonly delivered: Delivered }
  | { readonly id: number; readonly exhausted: { readonly sequence: number; readonly attempts: number } }
  | { readonly id: number; readonly parcel: Parcel };

/** Does it stand until its id leaves? */
export function isStanding(ask: Ask): ask is Standing {
  return ask.op === "listen" || ask.op === "exhausted" || ask.op === "consume";
}
