/**
 * Connections of one's own, and listeners for those of others.
 *
 * @module
 */

import { createNetServer, type NetAddress, type NodeNetServer, type NodeSocket, openSocket } from "../runtime/net.ts";
import { checkCount, checkDuration, checkFunction, checkOptions, show } from "../scheduler/check.ts";
import { TimeoutError } from "../scheduler/errors.ts";
import { checkSignal } from "../scheduler/join_signal.ts";
import { loop } from "../scheduler/loop.ts";
import { currentScope } from "../scheduler/scope.ts";
import { group } from "../scheduler/task_group.ts";
import { Wait } from "../scheduler/wait.ts";
import { type Connection, connectionOver } from "./connection.ts";

/** Where to connect to, and how. */
export interface ConnectOptions {
  /** The name or address of the other machine. Default: "127.0.0.1". */
  hostname?: string;
  /** Its port. */
  port?: number;
  /** The path of a Unix socket, instead of `hostname` and `port`. */
  unix?: string;
  /** How long connecting may take, in ms; then the promise rejects with `TimeoutError`. Default: no limit. */
  timeout?: number;
  /** Ends the connecting when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
}

/**
 * Connects to a server. Of several addresses of a host the next is tried before the last has failed. The connection is to be closed by
 * whoever opened it: `await using`, or `close()`. What was begun is taken back when the scope of the call is cancelled.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
 * @throws {TimeoutError} (rejection) when `timeout` has passed.
 * @throws {Error} (rejection) with the system's code, such as "ECONNREFUSED".
 *
 * @example
 * ```ts
 * import { connect, listen } from "@millrace/millrace/io";
 *
 * const listener = await listen();
 * const connection = await connect({ port: listener.port });
 * const other = await listener.accept();
 * await connection.write("hello");
 * console.log(new TextDecoder().decode(await other!.read()));
 * connection.close();
 * other!.close();
 * await listener.close();
 * // -> hello
 * ```
 */
export function connect(options: ConnectOptions): Promise<Connection> {
  const address = checkAddress(options);
  const { timeout = Infinity, signal } = options;
  checkDuration(timeout, "The timeout of a connection");
  checkSignal(signal);
  return connectTo(address, timeout, signal);
}

async function connectTo(address: NetAddress, timeout: number, signal: AbortSignal | undefined): Promise<Connection> {
  let socket: NodeSocket | undefined;
  const wait = new Wait<Connection>(currentScope(), () => socket?.destroy(), "a connection");
  if (wait.interrupted) return await wait.promise;
  function fail(error: unknown): void {
    wait.reject(error);
    socket?.destroy();
  }
  const abort = (): void => fail(signal!.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  const timer = timeout === Infinity
    ? undefined
    : loop().timers.setTimer(() => fail(new TimeoutError("connect", timeout)), timeout);
  void openSocket(address).then((opened) => {
    socket = opened;
    opened.on("error", fail);
    opened.on("connect", () => {
      opened.off("error", fail);
      const connection = connectionOver(opened);
      if (!wait.resolve(connection)) opened.destroy();
    });
    if (wait.settled || wait.interrupted) opened.destroy();
  });
  try {
    return await wait.promise;
  } finally {
    timer?.cancel();
    signal?.removeEventListener("abort", abort);
  }
}

/** Where to listen. */
export interface ListenOptions {
  /** The address to listen on. Default: "127.0.0.1". */
  hostname?: string;
  /** The port; 0 lets the system choose. Default: 0. */
  port?: number;
  /** The path of a Unix socket, instead of `hostname` and `port`. */
  unix?: string;
}

/**
 * Listens for connections. {@linkcode serveTcp} does so with a task for each.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
 * @throws {Error} (rejection) with the system's code, such as "EADDRINUSE".
 */
export function listen(options: ListenOptions = {}): Promise<Listener> {
  const address = checkAddress(options);
  return openListener(address);
}

async function openListener(address: NetAddress): Promise<Listener> {
  const server = await createNetServer();
  const wait = new Wait<Listener>(currentScope(), () => server.close(() => {}), "a listener");
  if (wait.interrupted) return await wait.promise;
  const listener = makeListener(server);
  server.on("error", (error) => wait.reject(error));
  server.once("listening", () => wait.resolve(listener));
  server.listen(address);
  return await wait.promise;
}

let makeListener: (server: NodeNetServer) => Listener;

/** An open listener; made by {@linkcode listen}. */
export class Listener implements AsyncIterable<Connection> {
  readonly #server: NodeNetServer;
  readonly #arrived: Connection[] = [];
  readonly #waits = new Set<Wait<Connection | undefined>>();
  #closed: Promise<void> | undefined = undefined;

  private constructor(server: NodeNetServer) {
    this.#server = server;
    server.on("connection", (socket) => {
      const connection = connectionOver(socket);
      for (const wait of this.#waits) {
        this.#waits.delete(wait);
        if (wait.resolve(connection)) return;
      }
      this.#arrived.push(connection);
    });
  }

  static {
    makeListener = (server) => new Listener(server);
  }

  /** The port in use; 0 for a Unix socket. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port ?? 0 : 0;
  }

  /** The next connection; `undefined` after `close`. A checkpoint. */
  async accept(): Promise<Connection | undefined> {
    const wait: Wait<Connection | undefined> = new Wait(currentScope(), () => this.#waits.delete(wait), "a client");
    if (wait.interrupted) return await wait.promise;
    const arrived = this.#arrived.shift();
    if (arrived !== undefined || this.#closed !== undefined) wait.resolve(arrived);
    else this.#waits.add(wait);
    return await wait.promise;
  }

  /** Stops listening and drops connections that nobody has accepted. A second call gives the same promise. */
  close(): Promise<void> {
    return this.#closed ??= new Promise((resolve) => {
      for (const connection of this.#arrived.splice(0)) connection.close();
      for (const wait of this.#waits) wait.resolve(undefined);
      this.#waits.clear();
      // Node calls back after the last connection has ended; the listening ends now.
      this.#server.close(() => {});
      resolve();
    });
  }

  /** The connections as they come; leaving the loop closes the listener. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Connection, undefined> {
    try {
      for (let next = await this.accept(); next !== undefined; next = await this.accept()) yield next;
    } finally {
      await this.close();
    }
  }

  /** `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** How {@linkcode serveTcp} is to go. */
export interface ServeTcpOptions extends ListenOptions {
  /** How many connections are handled at once; further ones wait. Default: no limit. */
  maxConcurrent?: number;
  /** Is told the port when it listens. */
  onListen?: (port: number) => void;
  /** Is told of errors of handlers; the others go on. Default: they fail the call, as a task's failure does its group. */
  onError?: (error: unknown) => void;
}

/**
 * Listens, with a task for each connection, until it is cancelled: then the handlers are cancelled, and their connections closed.
 * A connection is closed when its handler ends.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws {Error} (rejection) with the system's code, such as "EADDRINUSE".
 *
 * @example
 * ```ts
 * import { group } from "@millrace/millrace";
 * import { connect, readLines, serveTcp } from "@millrace/millrace/io";
 *
 * await group(async (g) => {
 *   const port = await new Promise<number>((onListen) => {
 *     g.spawn(() =>
 *       serveTcp(async (connection) => {
 *         for await (const line of readLines(connection, { maxLength: 1000 })) await connection.write(`${line}!\n`);
 *       }, { onListen })
 *     );
 *   });
 *   const connection = await connect({ port });
 *   await connection.write("hello\n");
 *   for await (const line of readLines(connection)) {
 *     console.log(line);
 *     break;
 *   }
 *   g.cancel();
 * });
 * // -> hello!
 * ```
 */
export function serveTcp(
  handler: (connection: Connection) => void | PromiseLike<void>,
  options: ServeTcpOptions = {},
): Promise<void> {
  checkFunction(handler, "The handler of serveTcp");
  const address = checkAddress(options);
  const { maxConcurrent = Infinity, onListen, onError } = options;
  checkCount(maxConcurrent, "maxConcurrent", 1);
  if (onListen !== undefined) checkFunction(onListen, "onListen");
  if (onError !== undefined) checkFunction(onError, "onError");
  return group(async (g) => {
    const listener = await openListener(address);
    /** Those whose handler has not ended, and those that wait for one: a task that is cancelled before its turn never starts. */
    const open = new Set<Connection>();
    g.defer(() => open.forEach((connection) => connection.close()));
    onListen?.(listener.port);
    for await (const connection of listener) {
      open.add(connection);
      g.spawn(async () => {
        try {
          await handler(connection);
          // What was written is still sent.
          connection.end();
        } catch (error) {
          connection.close();
          if (onError === undefined || currentScope()?.effective !== undefined) throw error;
          onError(error);
        } finally {
          open.delete(connection);
        }
      }, { name: "connection" });
    }
  }, { name: "serveTcp", limit: maxConcurrent });
}

function checkAddress(options: { hostname?: string; port?: number; unix?: string }): NetAddress {
  checkOptions(options);
  const { hostname = "127.0.0.1", port = 0, unix } = options ?? {};
  if (unix !== undefined) {
    if (typeof unix !== "string") throw new TypeError(`The path of a Unix socket is a string: received ${show(unix)}`);
    return { path: unix };
  }
  if (typeof hostname !== "string") throw new TypeError(`A hostname is a string: received ${show(hostname)}`);
  if (typeof port !== "number") throw new TypeError(`A port is a number: received ${show(port)}`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) {
    throw new RangeError(`A port is a whole number from 0 to 65535: received ${port}`);
  }
  return { host: hostname, port };
}
