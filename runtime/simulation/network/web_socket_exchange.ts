/**
 * A request for a WebSocket at its server, on a simulated network, and what becomes of it.
 *
 * ```
 *   asked ──upgrade──> open ──either side closes, and the other answers──> both halves end ──> closed
 *     │                  └──the connection is lost, terminate──────────────────────────────> closed (1006)
 *     └──any other answer──> refused
 * ```
 *
 * @module
 */

import { discard, responseOf } from "../../port/http.ts";
import {
  BadHandshakeError,
  type HostWebSocket,
  type Upgraded,
  type WebSocketListener,
  type WebSocketMessage,
} from "../../port/web_socket.ts";
import { ServedExchange, type SimulatedServer } from "./http_server.ts";
import type { SocketEnd } from "./socket_end.ts";
import { closeOf, type FrameKind, frameKinds, Frames, textOf } from "./web_socket_frames.ts";

/** What a client asks with. */
export interface AskedSocket {
  readonly url: string;
  readonly protocols: readonly string[];
}

/** A key as clients send them; nobody looks at what it is. */
const key = "c2ltdWxhdGVkIHNvY2tldA==";

/** Takes the connection of a client that asks a server for a WebSocket. */
export function takeWebSocket(server: SimulatedServer, socket: SocketEnd): void {
  let exchange: WebSocketExchange | undefined;
  const frames = new Frames(socket, (kind, bytes) => {
    if (exchange !== undefined) return exchange.take(kind, bytes);
    exchange = new WebSocketExchange(server, JSON.parse(textOf(bytes)) as AskedSocket, socket, frames);
    exchange.handle();
  });
}

/** A request that asks for a WebSocket. */
class WebSocketExchange extends ServedExchange {
  readonly request: Request;
  readonly remoteAddress: string;
  readonly #server: SimulatedServer;
  readonly #socket: SocketEnd;
  readonly #frames: Frames;
  #upgraded: ServerEnd | undefined = undefined;

  constructor(server: SimulatedServer, { url, protocols }: AskedSocket, socket: SocketEnd, frames: Frames) {
    super(server);
    this.#server = server;
    this.#socket = socket;
    this.#frames = frames;
    this.remoteAddress = socket.remoteAddress;
    this.request = new Request(url);
    const headers = new Headers({
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
    });
    if (protocols.length > 0) headers.set("sec-websocket-protocol", protocols.join(", "));
    // A page lets no request have such fields.
    Object.defineProperty(this.request, "headers", { value: headers });
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      this.finish("left");
      this.#upgraded?.ended();
    });
  }

  handle(): void {
    this.#server.enter(async () => {
      const answer = await this.#server.options.handle(this);
      if (this.#upgraded !== undefined) return;
      discard(answer);
      this.#frames.send(frameKinds.refused, String(responseOf(answer).status));
      this.#socket.end();
      this.finish("sent");
    });
  }

  take(kind: FrameKind, bytes: Uint8Array<ArrayBuffer>): void {
    this.#upgraded?.take(kind, bytes);
  }

  // deno-lint-ignore require-await -- what it throws is a rejection.
  override async upgrade(listener: WebSocketListener, protocol: string = ""): Promise<Upgraded> {
    if (this.end !== undefined) throw new BadHandshakeError();
    this.#frames.send(frameKinds.accepted, protocol);
    const socket = this.#upgraded = new ServerEnd(protocol, this.#socket, this.#frames, listener);
    this.finish("sent");
    return { socket, response: new Response(null) };
  }

  failBody(): void {}

  cut(): void {
    this.#upgraded?.terminate();
    this.#socket.destroy();
    this.finish("cut");
  }

  lose(): void {
    this.#socket.fail("ECONNRESET", "read ECONNRESET");
  }
}

/** The server's end of a WebSocket. */
class ServerEnd implements HostWebSocket {
  readonly protocol: string;
  readonly #socket: SocketEnd;
  readonly #frames: Frames;
  readonly #listener: WebSocketListener;
  /** With what it was closed by this end, or by the other one. */
  #closing: { code: number; reason: string } | undefined = undefined;
  #isClosed = false;
  #isAnswered = false;
  #taken: (() => void)[] = [];

  constructor(protocol: string, socket: SocketEnd, frames: Frames, listener: WebSocketListener) {
    this.protocol = protocol;
    this.#socket = socket;
    this.#frames = frames;
    this.#listener = listener;
    socket.on("drain", () => {
      for (const taken of this.#taken.splice(0)) taken();
    });
  }

  readonly setPaused = (paused: boolean): void => this.#frames.setPaused(paused);

  send(message: WebSocketMessage): Promise<void> | undefined {
    if (this.#closing !== undefined || this.#socket.destroyed) return new Promise(() => {});
    if (this.#frames.send(typeof message === "string" ? frameKinds.text : frameKinds.bytes, message)) return undefined;
    return new Promise((resolve) => this.#taken.push(resolve));
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason };
    this.#frames.close(code, reason);
  }

  terminate(): void {
    this.#closing ??= { code: 1006, reason: "" };
    this.#socket.destroy();
  }

  take(kind: FrameKind, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isAnswered) return;
    if (kind === frameKinds.text) this.#listener.onMessage(textOf(bytes));
    else if (kind === frameKinds.bytes) this.#listener.onMessage(bytes);
    else if (kind === frameKinds.close) this.#answered(closeOf(bytes));
  }

  #answered(close: { code: number; reason: string }): void {
    this.#isAnswered = true;
    if (this.#closing === undefined) this.#frames.close(close.code, close.reason);
    this.#closing ??= close;
    this.#socket.end();
  }

  /** The connection is over. */
  ended(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { code, reason } = this.#closing ?? { code: 1006, reason: "" };
    this.#listener.onClosed(code, reason);
  }
}
