/**
 * What a request needs of its server.
 *
 * @module
 */

import type { Scope } from "../../scheduler/scopes/scope.ts";
import type { RequestContext } from "./request_context.ts";
import type { RequestDeadlines } from "./request_deadlines.ts";

/** Answers a request. */
export type Handler = (request: Request, context: RequestContext) => Response | PromiseLike<Response>;

/** What became of a request during a drain. */
export type Fate = "finished" | "cancelled" | "forced";

/** What a request needs of its server; `R` is what a request is. */
export interface RequestOwner<R> {
  readonly handler: Handler;
  readonly timeout: number;
  /** Of those that have no answer yet, where there is a timeout. */
  readonly deadlines: RequestDeadlines | undefined;
  readonly bodyLimit: number;
  readonly bodyTimeout: number;
  readonly messageLimit: number;
  /** The scope that requests are opened in. */
  readonly scope: Scope | undefined;
  /** A request's client has left, its time is over, or its client is too slow. */
  count(what: "disconnected" | "timedOut" | "stalled"): void;
  /** A request that had no slot yet is given up. */
  unqueue(live: R): void;
  /** A handler, one of its tasks, or its body has failed. */
  failed(error: unknown, live: R): void;
  /** A request has ended, with all that it started. */
  ended(live: R): void;
}
