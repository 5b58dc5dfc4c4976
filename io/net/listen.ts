/**
 * Listeners for the connections of others.
 *
 * @module
 */

import { checkCount } from "../../runtime/basics/check.ts";
import { networkOf } from "../../runtime/host_network.ts";
import type { HostNetServer, HostSocket, NetAddress, SecureServerSettings } from "../../runtime/port/net.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { checkAddress } from "./address.ts";
import { checkConnection, type ConnectionOptions, connectionOptions, setUp } from "./connect.ts";
import { type Connection, connectionOver } from "./connection.ts";
import { checkListenTls, type ListenTlsOptions } from "./tls.ts";

/** Where to listen, and how. */
export interface ListenOptions extends ConnectionOptions {
  /** The address to listen on. Default: "127.0.0.1". */
  hostname?: string;
  /** The port; 0 lets the system choose. Default: 0. */
  port?: number;
  /** The path of a Unix socket, instead of `hostname` and `port`. Default: none. */
  unix?: string;
  /** Speaks TLS with this certificate and key. Default: no TLS. */
  tls?: ListenTlsOptions;
  /** How many connections may wait to be accepted; what comes beyond them is closed at once. Default: 511. */
  backlog?: number;
}

/**
 * Listens for connections. {@linkcode serveTcp} does so with a task for each. With `tls` a connection comes when its handshake is done;
 * clients whose handshake fails never come.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
 * @throws {Error} (rejection) with the system's code, such as "EADDRINUSE".
 */
export function listen(options: ListenOptions = {}): Promise<Listener> {
  return openListener(checkListen(options, "listen"));
}

/** {@linkcode ListenOptions}, checked. */
export interface ListenSettings {
  readonly address: NetAddress;
  readonly tls: SecureServerSettings | undefined;
  readonly backlog: number;
  readonly connection: ConnectionOptions;
}

/** Refuses wrong options, and fills in what is left out. */
export function checkListen(options: ListenOptions, what: string, more: readonly string[] = []): ListenSettings {
  const address = checkAddress(options, what, [...connectionOptions, "tls", "backlog", ...more]);
  const { backlog = 511, tls } = options;
  checkCount(backlog, "backlog", 0);
  checkConnection(options);
  return { address, tls: checkListenTls(tls), backlog, connection: options };
}

/** `listen`, with options that are checked. */
export async function openListener(settings: ListenSettings): Promise<Listener> {
  let server: HostNetServer | undefined;
  const wait = new Wait<Listener>(currentScope(), () => server?.close(() => {}), "a listener");
  if (wait.interrupted) return await wait.promise;
  try {
    const opened = server = networkOf(loop().host).net().createServer(settings.tls);
    const listener = makeListener(opened, settings);
    opened.on("error", (error) => wait.reject(error));
    opened.once("listening", () => {
      if (!wait.resolve(listener)) opened.close(() => {});
    });
    opened.listen(settings.address);
  } catch (error) {
    // Of a certificate that cannot be read, or of an address that no listener can have.
    wait.reject(error);
  }
  return await wait.promise;
}

let makeListener: (server: HostNetServer, settings: ListenSettings) => Listener;

/** An open listener; made by {@linkcode listen}. */
export class Listener implements AsyncIterable<Connection> {
  readonly #server: HostNetServer;
  readonly #settings: ListenSettings;
  readonly #arrived: Connection[] = [];
  readonly #waits = new Set<Wait<Connection | undefined>>();
  #closed: Promise<void> | undefined = undefined;

  private constructor(server: HostNetServer, settings: ListenSettings) {
    this.#server = server;
    this.#settings = settings;
    server.on(settings.tls === undefined ? "connection" : "secureConnection", (socket) => this.#arrive(socket));
    // Whose handshake fails is turned away; nobody here is to blame.
    server.on("tlsClientError", () => {});
  }

  static {
    makeListener = (server, settings) => new Listener(server, settings);
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

  #arrive(socket: HostSocket): void {
    if (this.#closed !== undefined) return socket.destroy();
    const { backlog, connection: options } = this.#settings;
    setUp(socket, options);
    const connection = connectionOver(socket, options);
    for (const wait of this.#waits) {
      this.#waits.delete(wait);
      if (wait.resolve(connection)) return;
    }
    if (this.#arrived.length < backlog) this.#arrived.push(connection);
    else connection.close();
  }
}
