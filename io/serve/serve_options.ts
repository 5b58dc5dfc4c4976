/**
 * How a server is to be, and the checks of that.
 *
 * @module
 */

import { isHostName } from "../../runtime/basics/authority.ts";
import {
  checkBoolean,
  checkCount,
  checkDuration,
  checkFunction,
  checkName,
  checkOptions,
  show,
} from "../../runtime/basics/check.ts";
import type { TlsOptions } from "../net/tls.ts";

/** How a server is to be. */
export interface ServeOptions {
  /** The address to listen on. Default: "127.0.0.1". */
  hostname?: string;
  /** The port; 0 lets the system choose. Default: 0. */
  port?: number;
  /** The path of a Unix socket to listen on, instead of `hostname` and `port`. Default: none. */
  unix?: string;
  /** Certificate chain and private key, as PEM: the server then speaks TLS. Default: no TLS. */
  tls?: TlsOptions;
  /**
   * The host names served, without ports; a request for another one is answered 421. `".example.org"` stands for `example.org` and all
   * below it, an IPv6 address has its brackets. A server of one's own machine needs it: else any web site could have its name resolve
   * to 127.0.0.1, and read what is served there with its visitors' browsers (DNS rebinding). Default: any.
   *
   * @example
   * ```ts
   * import { serve } from "@millrace/millrace/io";
   *
   * const server = await serve(() => new Response("mine"), { allowedHosts: ["localhost", "127.0.0.1", "[::1]"] });
   * console.log((await fetch(server.url)).status);
   * await server.drain();
   * ```
   */
  allowedHosts?: readonly string[];
  /** A name for messages and for the tree of tasks. Default: "serve". */
  name?: string;
  /** How many requests are handled at once. Default: no limit. */
  maxConcurrent?: number;
  /** How many requests wait for a slot; further ones are answered 503. Default: 0. */
  queueLimit?: number;
  /** When to turn requests away because the loop is late; see {@linkcode ShedOptions}. Default: never. */
  shed?: ShedOptions;
  /**
   * How long a request may take to the start of its answer, the wait for a slot included, in ms; then the client gets 504. On Deno, and
   * for large bodies on Node, it is also when a client is noticed that has left in the middle of what nobody reads. Default: no limit.
   */
  timeout?: number;
  /** The most bytes of a request body; more is answered 413. Default: no limit. */
  bodyLimit?: number;
  /** How long an idle connection is kept, in ms, where the host can be told. Default: 60,000. */
  keepAlive?: number;
  /**
   * How long the head of a request may take to come, in ms, where the host can be told; then the connection is closed, on Node with
   * 408. Default: 60,000.
   */
  headerTimeout?: number;
  /**
   * How long a read of a request's body may wait for the client, in ms; then it fails with `BodyTimeoutError`, which uncaught is 408.
   * Default: 60,000.
   */
  bodyTimeout?: number;
  /** How long a client may take nothing of its answer, in ms; then it counts as gone, and the connection is cut. Default: 60,000. */
  sendTimeout?: number;
  /** The most bytes of a WebSocket message; more closes the socket with 1009. Default: 1 MiB. */
  messageLimit?: number;
  /**
   * Is a request made only when more of it is used than its url, its method and its fields? On Node that saves about half of what a short
   * request costs. It is an instance of `Request` and behaves as one; but Node 24 and later hide the state of theirs in private fields, so that
   * `fetch(request)` and `new Request(request)` throw a `TypeError` there: give them `nativeRequest(request)`. Deno and Bun have requests
   * of that kind themselves. Default: true where nothing can tell the difference, as on Node 20 and 22.
   *
   * @example
   * ```ts
   * import { nativeRequest, serve } from "@millrace/millrace/io";
   *
   * const server = await serve((request) => {
   *   const copy = new Request(nativeRequest(request), { headers: { "x-by": "me" } });
   *   return new Response(`${copy.method} by ${copy.headers.get("x-by")}`);
   * }, { lazyRequests: true });
   * console.log(await (await fetch(server.url)).text());
   * // -> GET by me
   * await server.drain();
   * ```
   */
  lazyRequests?: boolean;
  /**
   * Does the open server hold the process? Not where it only tells of a program that does something else, as one for metrics does. An answer
   * that is under way holds it on Deno all the same. Default: true.
   */
  hold?: boolean;
  /** How a drain goes; see {@linkcode DrainOptions}. Default: with the defaults there. */
  drain?: DrainOptions;
  /** Is told of errors of handlers, once each; the client gets 500 without the text. Default: `configure`'s `onUnhandled`. */
  onError?: (error: unknown, request: Request) => void;
  /** Is told of each request that had a handler when it has ended, for logs. What it throws goes to `onUnhandled`. */
  onRequest?: (request: Request, record: RequestRecord) => void;
}

/** When a server turns requests away. */
export interface ShedOptions {
  /** While the loop is later than so many ms, again and again, requests are answered 503 with `Retry-After`, before their body is read. */
  delay: number;
}

/** What became of a request. */
export interface RequestRecord {
  /** The status of the answer; 499 if the client disconnected before there was one. */
  readonly status: number;
  /** How the answer ended: it was sent, the client disconnected, its body failed, or the server cut it at the end of a drain. */
  readonly end: "sent" | "left" | "failed" | "cut";
  /** From the head of the request to the end of all that it started, in ms. */
  readonly duration: number;
}

/** The phases of a drain, in ms. */
export interface DrainOptions {
  /** How long requests are served as before, for load balancers to notice. Default: 0. */
  delay?: number;
  /** How long, from the end of `delay`, requests have to finish before they are cancelled. Default: 10,000. */
  grace?: number;
  /** How long, from the end of `delay`, before what is left is cut. Default: `grace` and 5,000. */
  force?: number;
}

/** {@linkcode ServeOptions}, checked and complete. */
export interface ServeSettings {
  readonly name: string;
  readonly hostname: string;
  readonly port: number;
  readonly unix: string | undefined;
  readonly tls: TlsOptions | undefined;
  readonly allowedHosts: readonly string[] | undefined;
  readonly maxConcurrent: number;
  readonly queueLimit: number;
  readonly timeout: number;
  readonly bodyLimit: number;
  readonly keepAlive: number;
  readonly headerTimeout: number;
  readonly bodyTimeout: number;
  readonly sendTimeout: number;
  readonly messageLimit: number;
  readonly lazyRequests: boolean | undefined;
  readonly hold: boolean;
  readonly drain: DrainOptions;
  /** Infinity: never. */
  readonly shedDelay: number;
  readonly onError: ((error: unknown, request: Request) => void) | undefined;
  readonly onRequest: ((request: Request, record: RequestRecord) => void) | undefined;
}

/** Refuses wrong options, and fills in what is left out. */
export function checkServeOptions(options: ServeOptions): ServeSettings {
  checkOptions(options, "serve", [
    "hostname",
    "port",
    "unix",
    "tls",
    "allowedHosts",
    "name",
    "maxConcurrent",
    "queueLimit",
    "shed",
    "timeout",
    "bodyLimit",
    "keepAlive",
    "headerTimeout",
    "bodyTimeout",
    "sendTimeout",
    "messageLimit",
    "lazyRequests",
    "hold",
    "drain",
    "onError",
    "onRequest",
  ]);
  const { hostname = "127.0.0.1", port = 0, unix, tls, name = "serve", keepAlive = 60_000, timeout = Infinity } =
    options;
  const {
    allowedHosts,
    maxConcurrent = Infinity,
    queueLimit = 0,
    bodyLimit = Infinity,
    drain = {},
    shed,
    lazyRequests,
    hold = true,
    onError,
    onRequest,
  } = options;
  const { headerTimeout = 60_000, bodyTimeout = 60_000, sendTimeout = 60_000, messageLimit = 2 ** 20 } = options;
  if (typeof hostname !== "string") throw new TypeError(`A hostname is a string: received ${show(hostname)}`);
  checkPort(port);
  if (unix !== undefined && typeof unix !== "string") {
    throw new TypeError(`The path of a Unix socket is a string: received ${show(unix)}`);
  }
  if (unix !== undefined && (options.hostname !== undefined || options.port !== undefined)) {
    throw new TypeError("A server listens on a Unix socket or on a hostname and port: received both");
  }
  if (tls !== undefined) checkTls(tls);
  if (allowedHosts !== undefined) checkAllowedHosts(allowedHosts);
  checkName(name);
  checkDuration(keepAlive, "keepAlive");
  checkTimeout(headerTimeout, "headerTimeout");
  checkTimeout(bodyTimeout, "bodyTimeout");
  checkTimeout(sendTimeout, "sendTimeout");
  checkDuration(timeout, "The timeout of a request");
  checkCount(maxConcurrent, "maxConcurrent", 1);
  checkCount(queueLimit, "queueLimit", 0);
  checkCount(bodyLimit, "bodyLimit", 0);
  checkCount(messageLimit, "messageLimit", 1);
  if (lazyRequests !== undefined && typeof lazyRequests !== "boolean") {
    throw new TypeError(`lazyRequests is true or false: received ${show(lazyRequests)}`);
  }
  checkBoolean(hold, "hold");
  if (onError !== undefined) checkFunction(onError, "onError");
  if (onRequest !== undefined) checkFunction(onRequest, "onRequest");
  if (shed !== undefined) {
    checkOptions(shed, "shed", ["delay"]);
    checkDuration(shed.delay, "The delay at which requests are shed");
  }
  checkDrain(drain);
  return {
    name,
    hostname,
    port,
    unix,
    tls,
    allowedHosts,
    maxConcurrent,
    queueLimit,
    timeout,
    bodyLimit,
    keepAlive,
    headerTimeout,
    bodyTimeout,
    sendTimeout,
    messageLimit,
    lazyRequests,
    hold,
    drain,
    shedDelay: shed?.delay ?? Infinity,
    onError,
    onRequest,
  };
}

/** A time for clients; none at all would be no time to do anything. */
function checkTimeout(ms: unknown, what: string): void {
  checkDuration(ms, what);
  if (ms === 0) throw new RangeError(`${what} is more than 0 ms: received 0`);
}

function checkPort(port: unknown): void {
  if (typeof port !== "number") throw new TypeError(`A port is a number: received ${show(port)}`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`A port is a whole number from 0 to 65535: received ${port}`);
  }
}

function checkTls(tls: TlsOptions): void {
  checkOptions(tls, "tls", ["cert", "key"]);
  if (typeof tls?.cert !== "string" || typeof tls.key !== "string") {
    throw new TypeError(`tls has a cert and a key, both PEM texts: received ${show(tls)}`);
  }
}

function checkAllowedHosts(names: unknown): void {
  if (!Array.isArray(names)) throw new TypeError(`allowedHosts is a list of names: received ${show(names)}`);
  for (const name of names) {
    if (typeof name !== "string" || !isHostName(name)) {
      throw new TypeError(
        `allowedHosts has names of hosts without scheme and port, such as "localhost": received ${show(name)}`,
      );
    }
  }
}

/** Refuses wrong options of a drain, and fills in what is left out. */
export function checkDrain(options: DrainOptions): Required<DrainOptions> {
  checkOptions(options, "a drain", ["delay", "grace", "force"]);
  const { delay = 0, grace = 10_000 } = options;
  checkDuration(delay, "The delay of a drain");
  checkDuration(grace, "The grace of a drain");
  const { force = grace + 5000 } = options;
  checkDuration(force, "The force of a drain");
  if (force < grace) {
    throw new RangeError(`The force of a drain cannot be less than its grace: received ${force} and ${grace}`);
  }
  return { delay, grace, force };
}
