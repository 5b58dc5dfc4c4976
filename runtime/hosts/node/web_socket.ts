import type { HostWebSocket, WebSocketListener } from "../../port/web_socket.ts";
import type { Incoming } from "./http_body.ts";

/** A connection, once `node:http` has let go of it. */
export interface RawSocket {
  unshift(bytes: Uint8Array): void;
  destroy(): void;
  destroySoon(): void;
  on(event: "error" | "close", listener: () => void): void;
}

/** The package `ws`, as far as it is used. */
interface Ws {
  WebSocketServer: new (options: object) => {
    handleUpgrade(incoming: Incoming, socket: RawSocket, head: Uint8Array, done: (socket: WsSocket) => void): void;
  };
}

interface WsSocket {
  readonly readyState: number;
  readonly protocol: string;
  send(message: string | Uint8Array, options: { binary: boolean }, sent: () => void): void;
  close(code: number, reason: string): void;
  terminate(): void;
  pause(): void;
  resume(): void;
  on(event: "message", listener: (message: Uint8Array, isBinary: boolean) => void): void;
  on(event: "close", listener: (code: number, reason: Uint8Array) => void): void;
  on(event: "error", listener: (error: { code?: string }) => void): void;
}

/** Loads `ws`, which is not Millrace's to bring along: few servers need it. */
export async function loadWs(): Promise<Ws> {
  // As a variable, so that no bundler and no type check goes looking for it.
  const name = "ws";
  try {
    const module = await import(/* webpackIgnore: true */ /* @vite-ignore */ name) as { default: Ws } & Ws;
    return module.WebSocketServer === undefined ? module.default : module;
  } catch (cause) {
    throw new Error('WebSockets on Node need the package "ws": install it with npm install ws', { cause });
  }
}

/** Makes a WebSocket of a request. */
export function upgrade(
  { WebSocketServer }: Ws,
  incoming: Incoming,
  raw: { socket: RawSocket; head: Uint8Array },
  protocol: string | undefined,
  messageLimit: number,
  listener: WebSocketListener,
): HostWebSocket {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: messageLimit,
    handleProtocols: () => protocol ?? false,
  });
  let upgraded: HostWebSocket | undefined;
  server.handleUpgrade(incoming, raw.socket, raw.head, (socket) => upgraded = new NodeWebSocket(socket, listener));
  // It has answered the client with what is wrong.
  if (upgraded === undefined) throw new TypeError("The request is not a valid WebSocket handshake");
  return upgraded;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

class NodeWebSocket implements HostWebSocket {
  readonly protocol: string;
  readonly #socket: WsSocket;
  #closing: { code: number; reason: string } | undefined = undefined;

  constructor(socket: WsSocket, listener: WebSocketListener) {
    this.protocol = socket.protocol;
    this.#socket = socket;
    socket.on("message", (message, isBinary) => {
      const bytes = new Uint8Array(message.buffer, message.byteOffset, message.byteLength);
      listener.onMessage(isBinary ? bytes : decoder.decode(bytes));
    });
    // "close" follows, but says nothing of a message that was too long.
    socket.on("error", ({ code }) => {
      if (code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH") this.#closing = { code: 1009, reason: "" };
    });
    socket.on("close", (code, reason) => {
      const { code: ownCode, reason: ownReason } = this.#closing ?? { code, reason: decoder.decode(reason) };
      listener.onClosed(ownCode, ownReason);
    });
  }

  readonly setPaused = (paused: boolean): void => {
    if (this.#socket.readyState !== 1) return;
    if (paused) this.#socket.pause();
    else this.#socket.resume();
  };

  send(message: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState !== 1) return;
      this.#socket.send(message, { binary: typeof message !== "string" }, resolve);
    });
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined || this.#socket.readyState > 1) return;
    this.#closing = { code, reason };
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#closing ??= { code: 1006, reason: "" };
    this.#socket.terminate();
  }
}
