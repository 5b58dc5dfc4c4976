/**
 * What a handler gets beside the request.
 *
 * @module
 */

import type { HttpExchange } from "../../runtime/port/http.ts";
import type { Task } from "../../scheduler/scopes/task.ts";
import type { Outcome } from "../../scheduler/tasks/deferred.ts";
import type { GroupNode } from "../../scheduler/tasks/group_node.ts";
import { adoptGroup, type SpawnOptions, type TaskGroup } from "../../scheduler/tasks/task_group.ts";
import type { RequestTrace } from "./request_trace.ts";
import { type ServerWebSocket, type Upgradable, type UpgradeOptions, upgradeRequest } from "./web_socket.ts";

/** What a handler gets beside the request. */
export interface RequestContext {
  /** The request's group: what is spawned in it ends before the request does. */
  readonly group: TaskGroup;
  /** `group.spawn`. */
  spawn<T>(fn: (task: Task<unknown>) => T | PromiseLike<T>, options?: SpawnOptions): Task<T>;
  /** `group.defer`. */
  defer(cleanup: (outcome: Outcome) => void | PromiseLike<void>): void;
  /** Aborted when the request is cancelled, never by its normal end; made when first read. */
  readonly signal: AbortSignal;
  /**
   * What to send as `traceparent` with requests made for this one: the trace is the client's, if it sent one; made when first read.
   */
  readonly traceparent: string;
  /** The client's address, where known. */
  readonly remoteAddress: string | undefined;
  /**
   * Makes a WebSocket of a request that asks for one, and runs `body` with it as a task of the request; the handler has to return
   * what this resolves with. The socket is closed when the body ends (1000), fails (1011) or is cancelled (1001, by a drain too). A
   * connection that is lost cancels the request. Any other request is answered 426. On Node it needs the package `ws`.
   */
  upgrade(body: (socket: ServerWebSocket) => unknown, options?: UpgradeOptions): Promise<Response>;
}

/** The group of a request, as far as its handler may reach it. */
interface RequestGroup extends GroupNode {
  readonly exchange: HttpExchange;
  readonly trace: RequestTrace;
  /** What `upgrade` needs. */
  readonly upgradable: Upgradable;
}

/** {@linkcode RequestContext}, as cheap as can be: what few handlers ask for is made when asked for. */
export class Context implements RequestContext {
  readonly #live: RequestGroup;
  #group: TaskGroup | undefined = undefined;

  constructor(live: RequestGroup) {
    this.#live = live;
  }

  get group(): TaskGroup {
    return this.#group ??= adoptGroup(this.#live);
  }

  spawn<T>(fn: (task: Task<unknown>) => T | PromiseLike<T>, options?: SpawnOptions): Task<T> {
    return this.group.spawn(fn, options);
  }

  defer(cleanup: (outcome: Outcome) => void | PromiseLike<void>): void {
    this.group.defer(cleanup);
  }

  get signal(): AbortSignal {
    return this.#live.signal;
  }

  get traceparent(): string {
    return this.#live.trace.traceparent;
  }

  get remoteAddress(): string | undefined {
    return this.#live.exchange.remoteAddress;
  }

  upgrade(body: (socket: ServerWebSocket) => unknown, options: UpgradeOptions = {}): Promise<Response> {
    return upgradeRequest(this.#live.upgradable, body, options);
  }
}
