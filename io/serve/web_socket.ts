/**
 * WebSockets of a server: each is a task of the request that became one.
 *
 * ```
 *   open ──the body ends, or fails, or is cancelled──> closing (1000, 1011, 1001) ──the client answers, or 2 s──> closed
 *     │                                                                                                           ▲
 *     ├──the client closes──> no message comes any more, send rejects; the body goes on ──> ... ──────────────────┤
 *     └──the connection is lost──> the same, and the request is cancelled ("disconnect") ─────────────────────────┘
 * ```
 *
 * @module
 */

import { checkFunction, checkOptions, show } from "../../runtime/basics/check.ts";
import type { HostWebSocket, WebSocketListener, WebSocketMessage } from "../../runtime/port/web_socket.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { OnCancel } from "../waits/on_cancel.ts";

/** How a WebSocket was closed. */
export interface WebSocketClose {
  /** The code: 1000 for a normal end, 1001 when the other side goes away, 1006 when the connection was lost. */
  readonly code: number;
  /** What was said with it. */
  readonly reason: string;
}

/** How a request is to become a WebSocket. */
export interface UpgradeOptions {
  /** The subprotocol to agree on; one of those that the client offers in `sec-websocket-protocol`. Default: none. */
  protocol?: string;
}

/** `ServerWebSocket.send` rejects with this once the socket is closed, or begins to be. */
export class WebSocketClosedError extends Error {
  /** "WebSocketClosedError". */
  override readonly name = "WebSocketClosedError";
  /** How it was closed. */
  readonly code: number;
  /** What was said with it. */
  readonly reason: string;

  /** Made by a socket. */
  constructor({ code, reason }: WebSocketClose) {
    super(`The WebSocket is closed: ${code}${reason === "" ? "" : `, ${reason}`}`);
    this.code = code;
    this.reason = reason;
  }
}

/** How long a client has to answer a close, in ms. */
const closeTime = 2000;
/** As many messages of the greatest length may be unread before the client is cut off, on hosts that cannot stop reading. */
const unreadLimit = 16;

let attach: (socket: ServerWebSocket, host: HostWebSocket) => void;
let listenerOf: (socket: ServerWebSocket, onLost: () => void) => WebSocketListener;
let terminate: (socket: ServerWebSocket) => void;
let run: (socket: ServerWebSocket, body: (socket: ServerWebSocket) => unknown) => Promise<void>;

/**
 * The server's side of a WebSocket, as long as its body runs. Its messages come by iterating or with {@linkcode receive}; both, and
 * {@linkcode send}, are checkpoints. Where the host can, no more is read from a client whose messages nobody takes; else it is cut
 * off with 1008 when they are too many.
 */
export class ServerWebSocket implements AsyncIterable<string | Uint8Array> {
  /** Resolves when the socket is closed, in whichever way; never rejects. */
  readonly closed: Promise<WebSocketClose>;
  readonly #messageLimit: number;
  #host: HostWebSocket | undefined = undefined;
  #messages: WebSocketMessage[] = [];
  #unread = 0;
  #isPaused = false;
  #close: WebSocketClose | undefined = undefined;
  #closing: WebSocketClose | undefined = undefined;
  #setClosed!: (close: WebSocketClose) => void;
  readonly #receivers: Wait<WebSocketMessage | undefined>[] = [];
  readonly #senders: Set<Wait<void>> = new Set();

  /** Made by `serve`. */
  constructor(messageLimit: number) {
    this.#messageLimit = messageLimit;
    this.closed = new Promise((resolve) => this.#setClosed = resolve);
  }

  static {
    attach = (socket, host) => {
      socket.#host = host;
      if (socket.#closing !== undefined) host.close(socket.#closing.code, socket.#closing.reason);
    };
    listenerOf = (socket, onLost) => ({
      onMessage: (message) => socket.#came(message),
      onClosed: (code, reason) => {
        socket.#ended({ code, reason });
        if (code === 1006) onLost();
      },
    });
    terminate = (socket) => socket.#host?.terminate();
  }

  /** The subprotocol that was agreed on; empty for none. */
  get protocol(): string {
    return this.#host?.protocol ?? "";
  }

  /** The next message: a text, or bytes; `undefined` when the socket is closed and all have been taken. */
  receive(): Promise<string | Uint8Array | undefined> {
    const receivers = this.#receivers;
    const wait: Wait<WebSocketMessage | undefined> = new Wait(
      currentScope(),
      () => receivers.splice(receivers.indexOf(wait), 1),
      "a message of a WebSocket",
    );
    if (wait.interrupted) return wait.promise;
    if (this.#messages.length > 0 && receivers.length === 0) wait.resolve(this.#take());
    else if (this.#close !== undefined) wait.resolve(undefined);
    else receivers.push(wait);
    return wait.promise;
  }

  /** The messages, up to the close. Leaving the loop early closes nothing. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array, void, undefined> {
    for (let message = await this.receive(); message !== undefined; message = await this.receive()) yield message;
  }

  /**
   * Sends a text or bytes. It settles when the client has taken so much of what was sent before that more may be sent.
   *
   * @throws {TypeError} at the call, for anything else.
   * @throws {WebSocketClosedError} (rejection) once the socket is closed.
   */
  send(message: string | Uint8Array): Promise<void> {
    if (typeof message !== "string" && !(message instanceof Uint8Array)) {
      throw new TypeError(`A message is a string or a Uint8Array: received ${show(message)}`);
    }
    const wait: Wait<void> = new Wait(currentScope(), () => this.#senders.delete(wait), "a WebSocket's client");
    if (wait.interrupted) return wait.promise;
    const close = this.#close ?? this.#closing;
    if (close !== undefined) {
      wait.reject(new WebSocketClosedError(close));
      return wait.promise;
    }
    const taken = this.#host!.send(message);
    if (taken === undefined) {
      wait.resolve();
    } else {
      this.#senders.add(wait);
      void taken.then(() => this.#senders.delete(wait) && wait.resolve());
    }
    return wait.promise;
  }

  /**
   * Begins to close the socket; a second call does nothing. Messages that have come may still be received.
   *
   * @throws {RangeError} for a code that is neither 1000 nor from 3000 to 4999, or a reason of more than 123 bytes.
   */
  close(code = 1000, reason = ""): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      throw new RangeError(`The code of a close is 1000 or from 3000 to 4999: received ${show(code)}`);
    }
    if (new TextEncoder().encode(reason).length > 123) {
      throw new RangeError(`The reason of a close has at most 123 bytes: received ${show(reason)}`);
    }
    this.#closeWith({ code, reason });
  }

  /** Runs a body with this socket and closes it; ends when it is closed. */
  async #run(body: (socket: ServerWebSocket) => unknown): Promise<void> {
    const scope = currentScope()!;
    // A body that does not look at its cancellation is no reason to keep the client.
    const hook = new OnCancel(scope, () => this.#closeWith({ code: 1001, reason: "" }));
    let close = { code: 1000, reason: "" };
    try {
      await body(this);
    } catch (error) {
      close = { code: scope.effective === undefined ? 1011 : 1001, reason: "" };
      throw error;
    } finally {
      hook.leave();
      this.#closeWith(scope.effective === undefined ? close : { code: 1001, reason: "" });
      this.#messages = [];
      this.#pause(false);
      const timer = loop().timers.setTimer(() => terminate(this), closeTime, { real: true });
      await this.closed;
      timer.cancel();
    }
  }

  static {
    run = (socket, body) => socket.#run(body);
  }

  #closeWith(close: WebSocketClose): void {
    if (this.#closing !== undefined || this.#close !== undefined) return;
    this.#closing = close;
    this.#host?.close(close.code, close.reason);
    for (const wait of this.#senders) wait.reject(new WebSocketClosedError(close));
    this.#senders.clear();
  }

  #came(message: WebSocketMessage): void {
    const receiver = this.#receivers.shift();
    if (receiver !== undefined) return void receiver.resolve(message);
    // After the end of the body nobody is going to take it.
    if (this.#closing !== undefined && this.#host !== undefined) return;
    this.#messages.push(message);
    this.#unread += message.length;
    if (this.#unread <= this.#messageLimit) return;
    if (this.#host?.setPaused !== undefined) this.#pause(true);
    else if (this.#unread > this.#messageLimit * unreadLimit) {
      this.#closeWith({ code: 1008, reason: "Too many messages are unread" });
    }
  }

  #take(): WebSocketMessage {
    const message = this.#messages.shift()!;
    this.#unread -= message.length;
    if (this.#unread <= this.#messageLimit) this.#pause(false);
    return message;
  }

  #pause(paused: boolean): void {
    if (this.#isPaused === paused) return;
    this.#isPaused = paused;
    this.#host?.setPaused?.(paused);
  }

  #ended(close: WebSocketClose): void {
    if (this.#close !== undefined) return;
    this.#close = close;
    for (const wait of this.#senders) wait.reject(new WebSocketClosedError(close));
    this.#senders.clear();
    for (const wait of this.#receivers.splice(0)) wait.resolve(undefined);
    this.#setClosed(close);
  }
}

/** What making a socket of a request needs of the request. */
export interface Upgradable {
  readonly request: Request;
  readonly messageLimit: number;
  /** `HttpExchange.upgrade`. */
  upgrade(
    listener: WebSocketListener,
    protocol: string | undefined,
  ): Promise<{ socket: HostWebSocket; response: Response }>;
  /** Starts the task of the socket. */
  spawn(task: () => Promise<void>): void;
  /** The connection was lost. */
  lost(): void;
}

/** `RequestContext.upgrade`. */
export function upgradeRequest(
  live: Upgradable,
  body: (socket: ServerWebSocket) => unknown,
  options: UpgradeOptions,
): Promise<Response> {
  checkFunction(body, "The body of a WebSocket");
  checkOptions(options, "upgrade", ["protocol"]);
  const { protocol } = options;
  if (protocol !== undefined && typeof protocol !== "string") {
    throw new TypeError(`A subprotocol is a string: received ${show(protocol)}`);
  }
  const { headers } = live.request;
  if (headers.get("upgrade")?.toLowerCase() !== "websocket") {
    const text = "This is for WebSockets\n";
    const response = new Response(text, { status: 426, headers: { upgrade: "websocket", connection: "upgrade" } });
    return Promise.resolve(response);
  }
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  if (protocol !== undefined && !offered.includes(protocol)) {
    return Promise.resolve(new Response(`The subprotocol is ${protocol}\n`, { status: 400 }));
  }
  return open(live, body, protocol);
}

async function open(
  live: Upgradable,
  body: (socket: ServerWebSocket) => unknown,
  protocol: string | undefined,
): Promise<Response> {
  const socket = new ServerWebSocket(live.messageLimit);
  const { socket: host, response } = await live.upgrade(listenerOf(socket, () => live.lost()), protocol);
  attach(socket, host);
  live.spawn(() => run(socket, body));
  return response;
}
