import { BadHandshakeError, closeTime, type HostWebSocket, type WebSocketListener } from "../../port/web_socket.ts";
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

/** So many fragments a message may have, however short messages are. */
const leastFragments = 64;
/** In so many pieces a message may come from the network: in pieces of one byte, if it has 64 KiB. */
const maxBufferedChunks = 70_000;

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
    // A fragment costs more than its bytes, and an empty one no bytes at all.
    maxFragments: Math.min(16_384, leastFragments + Math.ceil(messageLimit / 64)),
    maxBufferedChunks,
    closeTimeout: closeTime,
    handleProtocols: () => protocol ?? false,
  });
  let upgraded: HostWebSocket | undefined;
  server.handleUpgrade(incoming, raw.socket, raw.head, (socket) => upgraded = new NodeWebSocket(socket, listener));
  // It has answered the client with what is wrong, or found that there is none any more.
  if (upgraded === undefined) throw new BadHandshakeError();
  return upgraded;
}

/** What `ws` closes with for what a client did wrong, where that is not 1002. */
const sentFor: Record<string, number | undefined> = {
  WS_ERR_UNSUPPORTED_MESSAGE_LENGTH: 1009,
  WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH: 1009,
  WS_ERR_TOO_MANY_BUFFERED_PARTS: 1008,
  WS_ERR_INVALID_UTF8: 1007,
};

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
    // "close" follows, but says nothing of what was wrong.
    socket.on("error", ({ code }) => {
      const sent = code === undefined ? undefined : sentFor[code];
      if (sent !== undefined) this.#closing ??= { code: sent, reason: "" };
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
