/**
 * Connections of one's own.
 *
 * @module
 */

import { checkBoolean, checkDuration } from "../../runtime/basics/check.ts";
import { networkOf } from "../../runtime/host_network.ts";
import type { HostSocket, NetAddress, SecureSettings } from "../../runtime/port/net.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { TimeoutError } from "../../scheduler/scopes/errors.ts";
import { checkSignal, onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { checkAddress } from "./address.ts";
import { type Connection, connectionOver } from "./connection.ts";
import { type Attempt, type AttemptListener, connectOnce, connectToHost, isAddress } from "./happy_eyeballs.ts";
import { checkConnectTls, type ConnectTlsOptions } from "./tls.ts";

/** What connections of both sides can be told. */
export interface ConnectionOptions {
  /** Sends small writes at once instead of gathering them. Default: true. */
  noDelay?: boolean;
  /** Asks a silent peer whether it is still there; a number is after how many ms of silence. Default: true, after the system's time. */
  keepAlive?: boolean | number;
  /** Do the two halves end by themselves? If not, the other side's end ends ours when all that was written is sent. Default: true. */
  allowHalfOpen?: boolean;
}

/** Their names. */
export const connectionOptions: readonly (keyof ConnectionOptions)[] = ["noDelay", "keepAlive", "allowHalfOpen"];

/** Where to connect to, and how. */
export interface ConnectOptions extends ConnectionOptions {
  /** The name or address of the other machine. Default: "127.0.0.1". */
  hostname?: string;
  /** Its port. Default: none; there has to be one, or `unix`. */
  port?: number;
  /** The path of a Unix socket, instead of `hostname` and `port`. Default: none. */
  unix?: string;
  /** Speaks TLS: `true`, or how. Default: false. */
  tls?: boolean | ConnectTlsOptions;
  /** Of several addresses of a host, how long each has before the next is tried beside it, in ms. Default: 250. */
  attemptDelay?: number;
  /** How long connecting may take, the handshake of TLS included, in ms; then the promise rejects with `TimeoutError`. Default: no limit. */
  timeout?: number;
  /** Ends the connecting when aborted; the promise then rejects with the signal's reason itself. */
  signal?: AbortSignal;
}

/**
 * Connects to a server. Of several addresses of a host each has `attemptDelay` ms before the next is tried beside it, and the first to
 * answer is taken (RFC 8305). The connection is to be closed by whoever opened it: `await using`, or `close()`. What was begun is taken
 * back when the scope of the call is cancelled.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
 * @throws {TimeoutError} (rejection) when `timeout` has passed.
 * @throws {Error} (rejection) with the system's code, such as "ECONNREFUSED", "ENOTFOUND", or that of TLS, such as "DEPTH_ZERO_SELF_SIGNED_CERT".
 * @throws {AggregateError} (rejection) with the errors of all attempts, where a host has several addresses; its code is the first one's.
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
  const address = checkAddress(options, "connect", [...connectionOptions, "tls", "attemptDelay", "timeout", "signal"]);
  const { timeout = Infinity, attemptDelay = 250, signal } = options;
  checkDuration(timeout, "The timeout of a connection");
  checkDuration(attemptDelay, "attemptDelay");
  checkSignal(signal);
  checkConnection(options);
  const named = "host" in address && !isAddress(address.host) ? address.host : undefined;
  return new Connecting(address, checkConnectTls(options.tls, named), options, attemptDelay).run(timeout, signal);
}

/** One call of `connect`. */
class Connecting implements AttemptListener {
  readonly #address: NetAddress;
  readonly #tls: SecureSettings | undefined;
  readonly #options: ConnectionOptions;
  readonly #wait: Wait<Connection>;
  readonly #attemptDelay: number;
  #attempt: Attempt | undefined = undefined;

  constructor(
    address: NetAddress,
    tls: SecureSettings | undefined,
    options: ConnectionOptions,
    attemptDelay: number,
  ) {
    this.#address = address;
    this.#tls = tls;
    this.#options = options;
    this.#attemptDelay = attemptDelay;
    this.#wait = new Wait<Connection>(currentScope(), () => this.#attempt?.cancel(), "a connection");
  }

  async run(timeout: number, signal: AbortSignal | undefined): Promise<Connection> {
    if (this.#wait.interrupted) return await this.#wait.promise;
    if (signal?.aborted) {
      this.#wait.reject(signal.reason);
      return await this.#wait.promise;
    }
    const leaveSignal = signal && onAbort(signal, (reason) => this.failed(reason));
    const timer = timeout === Infinity
      ? undefined
      : loop().timers.setTimer(() => this.failed(new TimeoutError("connect", timeout)), timeout);
    try {
      this.#begin();
      return await this.#wait.promise;
    } finally {
      timer?.cancel();
      leaveSignal?.();
    }
  }

  #begin(): void {
    const address = this.#address;
    try {
      const net = networkOf(loop().host).net();
      this.#attempt = "host" in address
        ? connectToHost(net, address.host, address.port, this.#attemptDelay, this)
        : connectOnce(() => net.connect(address), this);
    } catch (error) {
      // Where there are no connections, as in a browser.
      this.#wait.reject(error);
    }
  }

  connected(socket: HostSocket): void {
    setUp(socket, this.#options);
    if (this.#tls === undefined) this.#finish(socket);
    else this.#secure(socket, this.#tls);
  }

  failed(error: unknown): void {
    this.#wait.reject(error);
    this.#attempt?.cancel();
  }

  #secure(raw: HostSocket, settings: SecureSettings): void {
    let over = false;
    const fail = (error: unknown): void => {
      if (over) return;
      over = true;
      secure?.destroy();
      raw.destroy();
      this.#wait.reject(error);
    };
    let secure: HostSocket | undefined;
    this.#attempt = { cancel: () => fail(undefined) };
    try {
      secure = networkOf(loop().host).net().secure(raw, settings);
    } catch (error) {
      // Of a certificate that cannot be read.
      return fail(error);
    }
    secure.on("error", fail);
    secure.on("secureConnect", () => {
      if (over) return;
      over = true;
      this.#finish(secure);
    });
  }

  #finish(socket: HostSocket): void {
    const connection = connectionOver(socket, this.#options);
    if (!this.#wait.resolve(connection)) socket.destroy();
  }
}

/** Tells a socket what its options say. */
export function setUp(socket: HostSocket, { noDelay = true, keepAlive = true }: ConnectionOptions): void {
  if (noDelay) socket.setNoDelay(true);
  if (keepAlive !== false) socket.setKeepAlive(true, typeof keepAlive === "number" ? keepAlive : 0);
}

/** Refuses wrong options of a connection. */
export function checkConnection({ noDelay, keepAlive, allowHalfOpen }: ConnectionOptions): void {
  checkBoolean(noDelay, "noDelay");
  checkBoolean(allowHalfOpen, "allowHalfOpen");
  if (keepAlive !== undefined && typeof keepAlive !== "boolean") checkDuration(keepAlive, "keepAlive");
}
