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
import {
  BadHandshakeError,
  closeTime,
  type HostWebSocket,
  type Upgraded,
  type WebSocketListener,
  type WebSocketMessage,
} from "../../runtime/port/web_socket.ts";
import { loop } from "../../scheduler/queue/loop.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { Wait } from "../../scheduler/waits/wait.ts";
import { OnCancel } from "../waits/on_cancel.ts";
import { isToken, refusalOf } from "./handshake.ts";
import { isLonger, UnreadMessages } from "./unread_messages.ts";

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

/** As many messages of the greatest length may be unread before the client is cut off, on hosts that cannot stop reading. */
const unreadLimit = 4;
/** As many bytes may be unread however short messages have to be: they may come in one piece, before the body could take any. */
const leastUnread = 16 * 1024;
/** Errors that say no more than that a client has closed its socket, or had to be cut off. */
const ofClients = new WeakSet<object>();

let attach: (socket: ServerWebSocket, host: HostWebSocket) => void;
let listenerOf: (socket: ServerWebSocket, onLost: () => void) => WebSocketListener;
let run: (socket: ServerWebSocket, body: (socket: ServerWebSocket) => unknown) => Promise<void>;
let abandon: (socket: ServerWebSocket) => void;

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
  readonly #messages = new UnreadMessages();
  #isPaused = false;
  #close: WebSocketClose | undefined = undefined;
  #closing: WebSocketClose | undefined = undefined;
  /** Was it the handler that closed it? */
  #isOwnClose = false;
  /** Cuts off a client that does not answer a close. */
  #closeTimer: { cancel(): void } | undefined = undefined;
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
    abandon = (socket) => socket.#closeWith({ code: 1001, reason: "" });
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
      () => {
        const place = receivers.indexOf(wait);
        if (place >= 0) receivers.splice(place, 1);
      },
      "a message of a WebSocket",
    );
    if (wait.interrupted) return wait.promise;
    if (this.#messages.size > 0 && receivers.length === 0) wait.resolve(this.#take());
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
      wait.reject(this.#closedError(close));
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
   * @throws {TypeError} for a reason that is no string.
   */
  close(code = 1000, reason = ""): void {
    if (code !== 1000 && !(Number.isInteger(code) && code >= 3000 && code <= 4999)) {
      throw new RangeError(`The code of a close is 1000 or from 3000 to 4999: received ${show(code)}`);
    }
    if (typeof reason !== "string") {
      throw new TypeError(`The reason of a close is a string: received ${show(reason)}`);
    }
    if (isLonger(reason, 123)) {
      throw new RangeError(`The reason of a close has at most 123 bytes: received ${show(reason)}`);
    }
    if (this.#close === undefined && this.#closing === undefined) this.#isOwnClose = true;
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
      // A client may close at any moment, in the middle of an answer to it.
      if (!isOfClient(error)) throw error;
    } finally {
      hook.leave();
      this.#closeWith(scope.effective === undefined ? close : { code: 1001, reason: "" });
      this.#messages.clear();
      await this.closed;
    }
  }

  static {
    run = (socket, body) => socket.#run(body);
  }

  #closeWith(close: WebSocketClose): void {
    if (this.#closing !== undefined || this.#close !== undefined) return;
    this.#closing = close;
    // Its answer is behind what was not read.
    this.#pause(false);
    this.#closeTimer = loop().timers.setTimer(() => this.#host?.terminate(), closeTime, { real: true });
    this.#host?.close(close.code, close.reason);
    this.#failSenders(close);
  }

  #came(message: WebSocketMessage): void {
    // After a close nothing is delivered any more.
    if (this.#closing !== undefined && this.#host !== undefined) return;
    if (isLonger(message, this.#messageLimit)) {
      return this.#closeWith({ code: 1009, reason: "The message is too long" });
    }
    // One whose cancellation it has not been told of takes nothing.
    for (let receiver = this.#receivers.shift(); receiver !== undefined; receiver = this.#receivers.shift()) {
      if (receiver.resolve(message)) return;
    }
    this.#messages.push(message);
    const { cost } = this.#messages;
    if (cost <= this.#messageLimit) return;
    if (this.#host?.setPaused !== undefined) this.#pause(true);
    else if (cost > Math.max(leastUnread, this.#messageLimit * unreadLimit)) {
      this.#closeWith({ code: 1008, reason: "Too many messages are unread" });
    }
  }

  #take(): WebSocketMessage {
    const message = this.#messages.take();
    if (this.#messages.cost <= this.#messageLimit) this.#pause(false);
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
    this.#closeTimer?.cancel();
    this.#failSenders(close);
    for (const wait of this.#receivers.splice(0)) wait.resolve(undefined);
    this.#setClosed(close);
  }

  #failSenders(close: WebSocketClose): void {
    for (const wait of this.#senders) wait.reject(this.#closedError(close));
    this.#senders.clear();
  }

  #closedError(close: WebSocketClose): WebSocketClosedError {
    const error = new WebSocketClosedError(close);
    if (!this.#isOwnClose) ofClients.add(error);
    return error;
  }
}

/** Does an error say no more than that a client has closed its socket, or had to be cut off? */
export function isOfClient(error: unknown): boolean {
  return error instanceof WebSocketClosedError && ofClients.has(error);
}

/** What making a socket of a request needs of the request. */
export interface Upgradable {
  readonly request: Request;
  readonly messageLimit: number;
  /** `HttpExchange.upgrade`. */
  upgrade(listener: WebSocketListener, protocol: string | undefined): Promise<Upgraded>;
  /** Starts the task of the socket. */
  spawn(task: () => Promise<void>): PromiseLike<unknown>;
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
  if (protocol !== undefined && !isToken(protocol)) {
    throw new TypeError(`A subprotocol is a name without spaces and separators: received ${show(protocol)}`);
  }
  const refusal = refusalOf(live.request, protocol);
  return refusal === undefined ? open(live, body, protocol) : Promise.resolve(refusal);
}

async function open(
  live: Upgradable,
  body: (socket: ServerWebSocket) => unknown,
  protocol: string | undefined,
): Promise<Response> {
  const socket = new ServerWebSocket(live.messageLimit);
  let upgraded: Upgraded;
  try {
    upgraded = await live.upgrade(listenerOf(socket, () => live.lost()), protocol);
  } catch (error) {
    if (!(error instanceof BadHandshakeError)) throw error;
    return new Response("The handshake is not valid\n", { status: 400 });
  }
  attach(socket, upgraded.socket);
  let hasBegun = false;
  const task = live.spawn(() => {
    hasBegun = true;
    return run(socket, body);
  });
  // A task that was cancelled before it began has closed nothing.
  task.then(undefined, () => hasBegun || abandon(socket));
  return upgraded.response;
}
