/**
 * An open server: which request runs, which waits, and which is refused.
 *
 * ```
 *   a request ──a slot is free──> live ──> ended: its slot goes to the first that is queued
 *      │   └──────none is───────> queued ──a slot is free──> live
 *      └──the queue is full, or the server drains (drain.ts), or the loop is late: 503; its body is too long: 413
 * ```
 *
 * @module
 */

import { networkOf } from "../../runtime/host_network.ts";
import type { Answer, HttpExchange, HttpListener } from "../../runtime/port/http.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import type { Scope } from "../../scheduler/scopes/scope.ts";
import { reportUnhandled } from "../../scheduler/scopes/unhandled.ts";
import { tooLarge, unavailable } from "./answers.ts";
import { DelayGauge } from "./delay_gauge.ts";
import { Drain, type DrainSummary } from "./drain.ts";
import { LiveRequest } from "./live_request.ts";
import { listServer, type RequestState, unlistServer } from "./live_servers.ts";
import { RequestDeadlines } from "./request_deadlines.ts";
import type { Handler, RequestOwner } from "./request_owner.ts";
import { isTraced, publishEnd, publishError, runStarted } from "./request_trace.ts";
import { checkDrain, type DrainOptions, type ServeSettings } from "./serve_options.ts";
import { SlowClients } from "./slow_clients.ts";

/** The numbers of a server at one moment. */
export interface ServerStatistics {
  /** Requests that have a slot. */
  readonly active: number;
  /** Tasks that requests have spawned and that have not ended. */
  readonly tasks: number;
  /** Requests that wait for one. */
  readonly queued: number;
  /** Requests that have ended, in whichever way. */
  readonly completed: number;
  /** Requests answered 503 because the server was full or draining. */
  readonly rejected: number;
  /** Requests answered 503 because the loop was late. */
  readonly shed: number;
  /** Requests whose client left. */
  readonly disconnected: number;
  /** Requests answered 504. */
  readonly timedOut: number;
  /** Requests given up because their client sent its body, or took its answer, too slowly. */
  readonly stalled: number;
  /** Requests that failed: their handler, a task of theirs, or the stream of their answer. */
  readonly failed: number;
}

/** Opens the server in the current scope; for `serve` alone. */
export let open: (server: Server) => Promise<void>;
/** Drains the server without further delay; for `serve` alone. */
export let shutDown: (server: Server) => void;

/** An open server; made by `serve`. */
export class Server {
  /** Resolves with the summary of the drain when the server has ended. */
  readonly finished: Promise<DrainSummary>;
  readonly #settings: ServeSettings;
  readonly #owner: RequestOwner<LiveRequest>;
  readonly #active: Set<LiveRequest> = new Set();
  /** In order of arrival. */
  readonly #queue: Set<LiveRequest> = new Set();
  readonly #counts = { completed: 0, rejected: 0, shed: 0, disconnected: 0, timedOut: 0, stalled: 0, failed: 0 };
  readonly #gauge: DelayGauge | undefined;
  readonly #slowClients: readonly SlowClients<LiveRequest>[];
  readonly #drain: Drain;
  #listener: HttpListener | undefined = undefined;
  #scope: Scope | undefined = undefined;

  /** Made by `serve`. */
  constructor(handler: Handler, settings: ServeSettings) {
    this.#settings = settings;
    this.#gauge = settings.shedDelay === Infinity ? undefined : new DelayGauge(settings.shedDelay);
    this.#drain = new Drain({
      requests: () => [...this.#active, ...this.#queue],
      stopTimers: () => this.#stopTimers(),
    });
    this.finished = this.#drain.finished;
    const getScope = (): Scope | undefined => this.#scope;
    this.#owner = {
      handler,
      timeout: settings.timeout,
      deadlines: settings.timeout === Infinity ? undefined : new RequestDeadlines(settings.timeout),
      bodyLimit: settings.bodyLimit,
      bodyTimeout: settings.bodyTimeout,
      messageLimit: settings.messageLimit,
      get scope() {
        return getScope();
      },
      count: (what) => this.#counts[what]++,
      unqueue: (live) => this.#queue.delete(live),
      failed: (error, live) => this.#failed(error, live),
      ended: (live) => this.#ended(live),
    };
    const { bodyTimeout, sendTimeout } = settings;
    this.#slowClients = [
      new SlowClients(this.#active, bodyTimeout, (live) => live.bodyProgress, (live) => live.bodyStalled()),
      new SlowClients(this.#active, sendTimeout, (live) => live.exchange.sendProgress, (live) => live.sendStalled()),
    ];
  }

  static {
    open = (server) => server.#open();
    shutDown = (server) => {
      // One that does not listen yet is shut down by whoever opens it.
      if (server.#listener === undefined) return;
      void server.drain({ delay: 0 });
      server.#drain.hurry();
    };
  }

  /** Where the server listens; for a Unix socket, the file. */
  get url(): URL {
    const { hostname, unix, tls } = this.#settings;
    if (unix !== undefined) return new URL(`unix:${unix}`);
    const name = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname;
    return new URL(`${tls ? "https" : "http"}://${name.includes(":") ? `[${name}]` : name}:${this.port}/`);
  }

  /** The port in use; 0 for a Unix socket. */
  get port(): number {
    return this.#listener!.port;
  }

  /** Is the server to be sent requests? Not once a drain has begun, while they are still served. */
  get ready(): boolean {
    return !this.#drain.begun;
  }

  /** The numbers of the server at this moment. */
  statistics(): ServerStatistics {
    let tasks = 0;
    for (const { live } of this.#active) tasks += live;
    return Object.freeze({ active: this.#active.size, tasks, queued: this.#queue.size, ...this.#counts });
  }

  /**
   * Ends the server: stops accepting after `delay`, lets requests finish until `grace`, those that wait for a slot too, then cancels
   * them, and cuts what is left at `force`. A second call gives the same promise.
   *
   * @throws {RangeError} or {TypeError} at the call, for options of a wrong kind or range.
   */
  drain(options: DrainOptions = {}): Promise<DrainSummary> {
    return this.#drain.run(this.#listener!, checkDrain({ ...this.#settings.drain, ...options }));
  }

  /** Drains the server and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.drain();
  }

  async #open(): Promise<void> {
    this.#scope = currentScope();
    // Holds the channels from now on: Bun (1.4.5) collects one that nobody holds, with those who listen to it.
    isTraced();
    const { hostname, port, unix, tls, allowedHosts, keepAlive, headerTimeout, messageLimit, lazyRequests, hold } =
      this.#settings;
    const handle = (exchange: HttpExchange): Promise<Answer> | Answer => this.#handle(exchange);
    try {
      this.#listener = await networkOf(loop().host).listenHttp({
        hostname,
        port,
        unix,
        tls,
        allowedHosts,
        keepAlive,
        headerTimeout,
        messageLimit,
        lazyRequests,
        hold,
        handle,
      });
    } catch (error) {
      throw describeListenError(error, unix ?? `${hostname}:${port}`);
    }
    this.#gauge?.start();
    for (const each of this.#slowClients) each.start();
    listServer(this, (most) => this.#requests(most));
    void this.finished.then(() => unlistServer(this));
  }

  #handle(exchange: HttpExchange): Promise<Answer> | Answer {
    const { maxConcurrent, queueLimit, bodyLimit } = this.#settings;
    if (this.#drain.refusing) return this.#refuse("The server is shutting down");
    const hasSlot = this.#active.size < maxConcurrent;
    if (!hasSlot && this.#queue.size >= queueLimit) return this.#refuse("The server is busy");
    if (bodyLimit !== Infinity && hasBodyAbove(bodyLimit, exchange.request)) return tooLarge();
    if (this.#gauge?.overloaded) {
      this.#counts.shed++;
      return unavailable("The server is overloaded");
    }
    // Throws for one that is not valid, before anything is made for it.
    void exchange.request;
    const live = new LiveRequest(this.#owner, exchange);
    if (this.#settings.onRequest !== undefined) live.remember();
    if (isTraced()) runStarted(live.trace, () => this.#admit(live, hasSlot));
    else this.#admit(live, hasSlot);
    return live.answer();
  }

  #admit(live: LiveRequest, hasSlot: boolean): void {
    if (hasSlot) return this.#start(live);
    this.#queue.add(live);
    // It will start where another one ends: what observers have bound to this one goes on with it.
    if (isTraced()) live.flow = loop().context.capture();
  }

  #refuse(text: string): Answer {
    this.#counts.rejected++;
    return unavailable(text);
  }

  #start(live: LiveRequest): void {
    this.#active.add(live);
    if (live.flow === undefined) live.start();
    else loop().context.resume(live.flow, start, live);
  }

  #failed(error: unknown, live: LiveRequest): void {
    this.#counts.failed++;
    if (isTraced()) publishError(live.trace, error);
    const { onError } = this.#settings;
    if (onError === undefined) return reportUnhandled(error, live);
    try {
      const result: unknown = onError(error, live.exchange.request);
      // An async hook's failure is no more anybody's than a thrown one.
      if (result instanceof Promise) result.catch((hookError) => reportUnhandled(hookError, live));
    } catch (hookError) {
      reportUnhandled(hookError, live);
    }
  }

  #ended(live: LiveRequest): void {
    this.#counts.completed++;
    if (this.#settings.onRequest !== undefined || isTraced()) this.#record(live);
    if (this.#active.delete(live)) {
      const [next] = this.#queue;
      if (next !== undefined) {
        this.#queue.delete(next);
        this.#start(next);
      }
    }
    if (this.#active.size === 0 && this.#queue.size === 0) this.#drain.emptied();
  }

  #record(live: LiveRequest): void {
    const { status, began, exchange } = live;
    const record = Object.freeze({ status, end: exchange.end ?? "sent", duration: loop().host.now() - began });
    if (isTraced()) publishEnd(live.trace, record);
    // One that never had a handler is none of its business.
    if (!this.#active.has(live)) return;
    try {
      this.#settings.onRequest?.(exchange.request, record);
    } catch (error) {
      reportUnhandled(error, live);
    }
  }

  #requests(most: number): RequestState[] {
    const now = loop().host.now();
    const found: RequestState[] = [];
    for (const live of [...this.#active, ...this.#queue]) {
      if (found.length === most) break;
      const isQueued = this.#queue.has(live);
      const state = live.effective !== undefined ? "cancelling" : isQueued ? "queued" : "running";
      found.push({ name: live.name, state, age: now - live.began, tasks: live.live });
    }
    return found;
  }

  #stopTimers(): void {
    this.#gauge?.stop();
    for (const each of this.#slowClients) each.stop();
    this.#owner.deadlines?.stop();
  }
}

function start(live: LiveRequest): void {
  live.start();
}

/** Does a request declare a body longer than that? Those of GET and HEAD have none, and looking at headers costs 2 us on Bun. */
function hasBodyAbove(limit: number, { method, headers }: Request): boolean {
  return method !== "GET" && method !== "HEAD" && Number(headers.get("content-length")) > limit;
}

/** An error of listening that names where, with the system's code. */
function describeListenError(error: unknown, where: string): Error {
  const { code, name, message } = error as { code?: string; name?: string; message?: string };
  const known = code ?? (name === "AddrInUse" ? "EADDRINUSE" : name === "PermissionDenied" ? "EACCES" : undefined);
  const why = known === "EADDRINUSE" ? "the port is in use" : message ?? String(error);
  return Object.assign(new Error(`Cannot listen on ${where}: ${why}`, { cause: error }), { code: known });
}
