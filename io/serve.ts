/**
 * An HTTP server whose requests are scopes: each ends when the client leaves or its deadline passes, and nothing it
 * started outlives it.
 *
 * ```
 *   request ──> (queue) ──> handler ──> answer ──> body sent, children ended ──> the slot is free
 *                              │ client leaves: cancelled ("disconnect")
 *                              │ timeout: 504, cancelled ("deadline")
 *                              └ drain past its grace: 503, cancelled ("shutdown")
 * ```
 *
 * @module
 */

import type { HttpExchange, HttpListener } from "../runtime/http.ts";
import { checkCount, checkDuration, checkFunction, checkName, checkOptions } from "../scheduler/check.ts";
import { Cancelled } from "../scheduler/errors.ts";
import { GroupNode, nearestGroup } from "../scheduler/group_node.ts";
import { loop } from "../scheduler/loop.ts";
import { laneOf } from "../scheduler/run_queue.ts";
import { currentScope, Scope, Wait, within } from "../scheduler/scope.ts";
import { adoptGroup, type TaskGroup } from "../scheduler/task_group.ts";
import { sleep } from "../scheduler/sleep.ts";
import { BodyLimitError, limitBody } from "./body_limit.ts";

/** How a server is to be. */
export interface ServeOptions {
  /** The address to listen on. Default: "127.0.0.1". */
  hostname?: string;
  /** The port; 0 lets the system choose. Default: 0. */
  port?: number;
  /** A name for messages. Default: "serve". */
  name?: string;
  /** How many requests are handled at once. Default: no limit. */
  maxConcurrent?: number;
  /** How many requests wait for a slot; further ones are answered 503. Default: 0. */
  queueLimit?: number;
  /** How long a handler has for the start of its answer, in ms; then the client gets 504. Default: no limit. */
  timeout?: number;
  /** The most bytes of a request body; more is answered 413. Default: no limit. */
  bodyLimit?: number;
  /** How long an idle connection is kept, in ms. Default: 60,000. */
  keepAlive?: number;
  /** How a drain goes; see {@linkcode DrainOptions}. */
  drain?: DrainOptions;
  /** Is told of errors of handlers, once each; the client gets 500 without the text. Default: prints it. */
  onError?: (error: unknown, request: Request) => void;
}

/** The phases of a drain, in ms. */
export interface DrainOptions {
  /** How long requests are served as before, for load balancers to notice. Default: 0. */
  delay?: number;
  /** How long, from the end of `delay`, running requests have to finish before they are cancelled. Default: 10,000. */
  grace?: number;
  /** How long, from the end of `delay`, before what is left is cut. Default: `grace` and 5,000. */
  force?: number;
}

/** What became of the requests that were live when a drain began; each counts once, by its worst fate. */
export interface DrainSummary {
  /** Requests that ended by themselves. */
  readonly finished: number;
  /** Requests that were cancelled at `grace` and ended before `force`. */
  readonly cancelled: number;
  /** Requests that were cut at `force`. */
  readonly forced: number;
}

/** What a handler gets beside the request. */
export interface RequestContext {
  /** The request's group: what is spawned in it ends before the request does. */
  readonly group: TaskGroup;
  /** Aborted when the request is cancelled, never by its normal end; made when first read. */
  readonly signal: AbortSignal;
  /** The client's address, where known. */
  readonly remoteAddress: string | undefined;
}

/** Answers a request. */
export type Handler = (request: Request, context: RequestContext) => Response | PromiseLike<Response>;

/** The numbers of a server at one moment. */
export interface ServerStatistics {
  /** Requests that hold a slot. */
  readonly active: number;
  /** Tasks that requests have spawned and that have not ended. */
  readonly tasks: number;
  /** Requests that wait for one. */
  readonly queued: number;
  /** Requests that have ended, in whichever way. */
  readonly completed: number;
  /** Requests answered 503 because the server was full or draining. */
  readonly rejected: number;
  /** Requests whose client left. */
  readonly disconnected: number;
  /** Requests answered 504. */
  readonly timedOut: number;
  /** Requests whose handler failed. */
  readonly failed: number;
}

/**
 * Opens an HTTP server and resolves when it listens. Each request runs in a group of its own, which the client's
 * leaving, its timeout and a drain cancel. The server belongs to the group it was opened in: that waits for it, and
 * cancelling it drains the server.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {Error} (rejection) with the system's code, such as "EADDRINUSE", when it cannot listen.
 *
 * @example
 * ```ts
 * import { serve } from "@millrace/millrace/io";
 *
 * const server = await serve(() => new Response("hello"));
 * const response = await fetch(server.url);
 * console.log(await response.text());
 * await server.drain();
 * ```
 */
export function serve(handler: Handler, options: ServeOptions = {}): Promise<Server> {
  checkFunction(handler, "The handler of serve");
  const settings = checkServeOptions(options);
  const scope = currentScope();
  if (scope?.effective !== undefined) return new Wait<Server>(scope).promise;
  const server = new Server(handler, settings);
  const group = nearestGroup(scope);
  if (group === undefined) return open(server).then(() => server);
  const opened = new Wait<Server>(scope);
  group.spawn(() => live(server, opened), settings.name, laneOf("user-visible"), false);
  return opened.promise;
}

/** The task that a server is in its group: it ends with the server, and drains it when cancelled. */
async function live(server: Server, opened: Wait<Server>): Promise<void> {
  const scope = new Scope(currentScope());
  scope.setShield(true);
  try {
    await within(scope, open, server);
  } catch (error) {
    scope.close();
    return void opened.reject(error);
  }
  opened.resolve(server);
  const wait = new Wait<void>(currentScope(), () => void server.drain({ delay: 0 }));
  if (wait.interrupted) void server.drain({ delay: 0 });
  void server.finished.then(() => wait.resolve());
  try {
    await wait.promise;
  } finally {
    await server.finished;
    scope.close();
  }
}

interface Settings {
  name: string;
  hostname: string;
  port: number;
  maxConcurrent: number;
  queueLimit: number;
  timeout: number;
  bodyLimit: number;
  keepAlive: number;
  drain: Required<DrainOptions>;
  onError: (error: unknown, request: Request) => void;
}

let open: (server: Server) => Promise<void>;

/** An open server; made by {@linkcode serve}. */
export class Server {
  /** Resolves with the summary of the drain when the server has ended. */
  readonly finished: Promise<DrainSummary>;
  readonly #handler: Handler;
  readonly #settings: Settings;
  readonly #live: Set<LiveRequest> = new Set();
  readonly #queue: LiveRequest[] = [];
  readonly #counts = { completed: 0, rejected: 0, disconnected: 0, timedOut: 0, failed: 0 };
  #listener!: HttpListener;
  #scope: Scope | undefined = undefined;
  #draining: Promise<DrainSummary> | undefined = undefined;
  #refusing = false;
  #finish!: (summary: DrainSummary) => void;
  /** Called when no request is left, while a drain waits for that. */
  #emptied: (() => void) | undefined = undefined;

  /** Made by `serve`. */
  constructor(handler: Handler, settings: Settings) {
    this.#handler = handler;
    this.#settings = settings;
    this.finished = new Promise((resolve) => this.#finish = resolve);
  }

  static {
    open = (server) => server.#open();
  }

  /** Where the server listens. */
  get url(): URL {
    const { hostname } = this.#settings;
    const name = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname;
    return new URL(`http://${name.includes(":") ? `[${name}]` : name}:${this.port}/`);
  }

  /** The port in use. */
  get port(): number {
    return this.#listener.port;
  }

  /** The numbers of the server at this moment. */
  statistics(): ServerStatistics {
    let tasks = 0;
    for (const { node } of this.#live) tasks += node?.live ?? 0;
    return Object.freeze({ active: this.#live.size, tasks, queued: this.#queue.length, ...this.#counts });
  }

  /**
   * Ends the server: stops accepting after `delay`, lets requests finish until `grace`, cancels them, and cuts what is
   * left at `force`. A second call gives the same promise.
   */
  drain(options: DrainOptions = {}): Promise<DrainSummary> {
    const { delay, grace, force } = checkDrain({ ...this.#settings.drain, ...options });
    return this.#draining ??= this.#drain(delay, grace, force);
  }

  /** Drains the server and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #open(): Promise<void> {
    this.#scope = currentScope();
    const { hostname, port, keepAlive } = this.#settings;
    try {
      this.#listener = await loop().host.listenHttp({
        hostname,
        port,
        keepAlive,
        handle: (exchange) => this.#handle(exchange),
      });
    } catch (error) {
      throw describeListenError(error, hostname, port);
    }
  }

  #handle(exchange: HttpExchange): Promise<Response> | Response {
    const { maxConcurrent, queueLimit, bodyLimit } = this.#settings;
    if (this.#refusing) return this.#refuse(exchange);
    const declared = Number(exchange.request.headers.get("content-length") ?? 0);
    if (declared > bodyLimit) return plain(413, "The request body is too large", { connection: "close" });
    const live = new LiveRequest(exchange);
    if (this.#live.size < maxConcurrent) {
      this.#start(live);
    } else if (this.#queue.length < queueLimit) {
      this.#queue.push(live);
      exchange.onDisconnect = () => {
        this.#queue.splice(this.#queue.indexOf(live), 1);
        this.#counts.disconnected++;
        live.answer(plain(499, ""));
      };
    } else {
      return this.#refuse(exchange);
    }
    return live.answered;
  }

  #refuse(exchange: HttpExchange): Response {
    this.#counts.rejected++;
    void exchange;
    return plain(503, "The server is busy", { "retry-after": "1" });
  }

  #start(live: LiveRequest): void {
    this.#live.add(live);
    within(this.#scope, () => void this.#run(live), undefined);
  }

  async #run(live: LiveRequest): Promise<void> {
    const { exchange } = live;
    const { timeout, bodyLimit } = this.#settings;
    const { method, url } = exchange.request;
    const node = live.node = new GroupNode(this.#scope, {
      name: `${method} ${new URL(url).pathname}`,
      signal: undefined,
      timeout: undefined,
      teardownTimeout: Infinity,
      limit: Infinity,
      lane: laneOf("user-visible"),
    });
    const request = limitBody(exchange.request, bodyLimit);
    let left = false;
    exchange.onDisconnect = () => {
      left = true;
      this.#counts.disconnected++;
      node.cancel("disconnect");
    };
    const sent = new Promise<void>((resolve) => exchange.onFinish = resolve);
    const timer = timeout === Infinity ? undefined : loop().timers.setTimer(() => {
      this.#counts.timedOut++;
      node.cancel("deadline", `The request had ${timeout} ms`);
      live.answer(plain(504, "The request took too long", { connection: "close" }));
    }, timeout);
    const context: RequestContext = {
      group: adoptGroup(node),
      get signal() {
        return node.signal;
      },
      remoteAddress: exchange.remoteAddress,
    };
    try {
      await node.runBody(async () => {
        const response = await this.#handler(request, context);
        if (!(response instanceof Response)) {
          throw new TypeError(`A handler has to return a Response: received ${String(response)}`);
        }
        timer?.cancel();
        if (!live.answer(response)) await response.body?.cancel();
        await sent;
      }, undefined);
    } catch (error) {
      this.#failed(live, error, left);
    } finally {
      timer?.cancel();
      // A handler that ended by its cancellation has given no answer.
      live.answer(plain(503, "The request was cancelled", { connection: "close" }));
      this.#ended(live);
    }
  }

  #failed(live: LiveRequest, error: unknown, left: boolean): void {
    if (error instanceof BodyLimitError) {
      live.answer(plain(413, error.message, { connection: "close" }));
      return;
    }
    if (left || (error instanceof Cancelled && live.node?.request !== undefined)) return;
    this.#counts.failed++;
    live.answer(plain(500, "Internal Server Error"));
    try {
      this.#settings.onError(error, live.exchange.request);
    } catch (hookError) {
      loop().host.report(`The onError of ${this.#settings.name} threw ${String(hookError)}`);
    }
  }

  #ended(live: LiveRequest): void {
    this.#live.delete(live);
    this.#counts.completed++;
    const next = this.#queue.shift();
    if (next !== undefined) this.#start(next);
    if (this.#live.size === 0 && this.#queue.length === 0) this.#emptied?.();
  }

  async #drain(delay: number, grace: number, force: number): Promise<DrainSummary> {
    if (delay > 0) await sleepOutside(delay);
    const stopped = this.#listener.stop();
    this.#refusing = true;
    for (const live of this.#queue.splice(0)) live.answer(this.#refuse(live.exchange));
    const began = [...this.#live];
    const cancelled = new Set<LiveRequest>();
    let forced = 0;
    if (!await this.#emptyWithin(grace)) {
      for (const live of this.#live) {
        cancelled.add(live);
        live.node?.cancel("shutdown");
        live.answer(plain(503, "The server is shutting down", { connection: "close" }));
      }
      if (!await this.#emptyWithin(force - grace)) {
        forced = this.#live.size;
        for (const live of this.#live) cancelled.delete(live);
        this.#listener.abort();
      }
    }
    // What still holds a connection now is idle, or slow to read its answer.
    if (!await settledWithin(stopped, Math.max(100, force - grace))) this.#listener.abort();
    const summary = Object.freeze({
      finished: began.length - cancelled.size - forced,
      cancelled: cancelled.size,
      forced,
    });
    this.#finish(summary);
    return summary;
  }

  #emptyWithin(ms: number): Promise<boolean> {
    if (this.#live.size === 0) return Promise.resolve(true);
    return settledWithin(new Promise<void>((resolve) => this.#emptied = resolve), ms);
  }
}

/** One request, from its head to the end of all it started. */
class LiveRequest {
  readonly exchange: HttpExchange;
  readonly answered: Promise<Response>;
  node: GroupNode | undefined = undefined;
  #answer: ((response: Response) => void) | undefined;

  constructor(exchange: HttpExchange) {
    this.exchange = exchange;
    this.answered = new Promise((resolve) => this.#answer = resolve);
  }

  /** Gives the answer, unless one was given; answers whether it was this one. */
  answer(response: Response): boolean {
    const answer = this.#answer;
    this.#answer = undefined;
    answer?.(response);
    return answer !== undefined;
  }
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  // 499 is nobody's to read: the client has left.
  return new Response(text + "\n", { status, headers: { "content-type": "text/plain; charset=utf-8", ...headers } });
}

/** Sleeps apart from the cancellation that may be the reason for the sleep. */
function sleepOutside(ms: number): Promise<void> {
  return within(undefined, sleep, ms);
}

async function settledWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  if (ms === Infinity) return promise.then(() => true);
  let timer: { cancel(): void } | undefined;
  const late = new Promise<boolean>((resolve) => timer = loop().timers.setTimer(() => resolve(false), ms));
  const result = await Promise.race([promise.then(() => true), late]);
  timer!.cancel();
  return result;
}

/** An error of listening that names where, with the system's code. */
function describeListenError(error: unknown, hostname: string, port: number): Error {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  const known = code ?? (name === "AddrInUse" ? "EADDRINUSE" : name === "PermissionDenied" ? "EACCES" : undefined);
  const why = known === "EADDRINUSE" ? "the port is in use" : message ?? String(error);
  return Object.assign(new Error(`Cannot listen on ${hostname}:${port}: ${why}`, { cause: error }), { code: known });
}

function checkServeOptions(options: ServeOptions): Settings {
  checkOptions(options);
  const { hostname = "127.0.0.1", port = 0, name = "serve", keepAlive = 60_000, timeout = Infinity } = options;
  const { maxConcurrent = Infinity, queueLimit = 0, bodyLimit = Infinity } = options;
  if (typeof hostname !== "string") throw new TypeError(`A hostname is a string: received ${String(hostname)}`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`A port is a whole number from 0 to 65535: received ${String(port)}`);
  }
  checkName(name);
  checkDuration(keepAlive, "keepAlive");
  checkDuration(timeout, "The timeout of a request");
  checkCount(maxConcurrent, "maxConcurrent", 1);
  checkCount(queueLimit, "queueLimit", 0);
  checkCount(bodyLimit, "bodyLimit", 0);
  if (options.onError !== undefined) checkFunction(options.onError, "onError");
  const onError = options.onError ?? ((error, request) => {
    const text = error instanceof Error ? error.stack ?? error.message : String(error);
    loop().host.report(`${request.method} ${request.url} failed: ${text}`);
  });
  const drain = checkDrain(options.drain ?? {});
  return { name, hostname, port, maxConcurrent, queueLimit, timeout, bodyLimit, keepAlive, drain, onError };
}

function checkDrain(options: DrainOptions): Required<DrainOptions> {
  checkOptions(options);
  const { delay = 0, grace = 10_000, force = grace + 5000 } = options;
  checkDuration(delay, "The delay of a drain");
  checkDuration(grace, "The grace of a drain");
  checkDuration(force, "The force of a drain");
  if (force < grace) {
    throw new RangeError(`The force of a drain is not before its grace: received ${force} and ${grace}`);
  }
  return { delay, grace, force };
}
