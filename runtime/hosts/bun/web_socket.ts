import type { HostWebSocket, WebSocketListener } from "../../port/web_socket.ts";

/** What Bun calls a `ServerWebSocket`. */
interface BunSocket {
  readonly data: BunWebSocket;
  send(message: string | Uint8Array): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** The handlers that Bun has one of for all sockets of a server. */
export function webSocketHandlers(messageLimit: number): object {
  return {
    maxPayloadLength: messageLimit,
    // Its own timer would cut clients that are quiet.
    idleTimeout: 0,
    sendPings: false,
    closeOnBackpressureLimit: false,
    open: (socket: BunSocket) => socket.data.open(socket),
    message: (socket: BunSocket, message: string | Uint8Array) => socket.data.listener.onMessage(message),
    drain: (socket: BunSocket) => socket.data.drained(),
    close: (socket: BunSocket, code: number, reason: string) => socket.data.closed(code, reason),
  };
}

/** A WebSocket of a request; Bun opens it in `server.upgrade`. */
export class BunWebSocket implements HostWebSocket {
  readonly protocol: string;
  /** Bun cannot stop reading. */
  readonly setPaused = undefined;
  readonly listener: WebSocketListener;
  #socket: BunSocket | undefined = undefined;
  #closing: { code: number; reason: string } | undefined = undefined;
  #isClosed = false;
  #waiting: (() => void)[] = [];

  constructor(protocol: string, listener: WebSocketListener) {
    this.protocol = protocol;
    this.listener = listener;
  }

  open(socket: BunSocket): void {
    this.#socket = socket;
  }

  drained(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  closed(code: number, reason: string): void {
    this.#isClosed = true;
    // Bun says 1006 of a message that it found too long.
    const isTooBig = code === 1006 && reason === "Received too big message";
    const { code: ownCode, reason: ownReason } = this.#closing ?? { code: isTooBig ? 1009 : code, reason };
    this.listener.onClosed(ownCode, ownReason);
  }

  send(message: string | Uint8Array): Promise<void> | undefined {
    if (this.#isClosed) return new Promise(() => {});
    // Less than 0: Bun has queued it, because the client has not taken what was sent before.
    if (this.#socket!.send(message) >= 0) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined || this.#isClosed) return;
    this.#closing = { code, reason };
    this.#socket!.close(code, reason);
  }

  terminate(): void {
    this.#closing ??= { code: 1006, reason: "" };
    if (!this.#isClosed) this.#socket!.terminate();
  }
}
