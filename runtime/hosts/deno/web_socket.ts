import { type HostWebSocket, sendHighWater, type Upgraded, type WebSocketListener } from "../../port/web_socket.ts";
import { setTimer } from "../common/timers.ts";

interface DenoWebSockets {
  upgradeWebSocket(
    request: Request,
    options: { protocol?: string; idleTimeout: number },
  ): { socket: WebSocket; response: Response };
}

/** How often it is looked at whether a slow client has taken what was sent, in ms: Deno does not tell. */
const lookInterval = 5;

/** `HttpExchange.upgrade` over `Deno.upgradeWebSocket`. */
export function upgrade(
  request: Request,
  listener: WebSocketListener,
  protocol: string | undefined,
  messageLimit: number,
): Upgraded {
  const { Deno } = globalThis as unknown as { Deno: DenoWebSockets };
  // Its own pings would cut clients that are quiet.
  const options = { idleTimeout: 0, ...(protocol === undefined ? {} : { protocol }) };
  const { socket, response } = Deno.upgradeWebSocket(request, options);
  return { socket: new DenoWebSocket(socket, protocol ?? "", listener, messageLimit), response };
}

class DenoWebSocket implements HostWebSocket {
  readonly protocol: string;
  /** Deno cannot stop reading. */
  readonly setPaused = undefined;
  readonly #socket: WebSocket;
  readonly #listener: WebSocketListener;
  #isEnded = false;
  readonly #opened: Promise<void>;
  /** Deno tells of no code when it was this side that closed. */
  #closing: { code: number; reason: string } | undefined = undefined;

  constructor(socket: WebSocket, protocol: string, listener: WebSocketListener, messageLimit: number) {
    this.protocol = protocol;
    this.#socket = socket;
    this.#listener = listener;
    socket.binaryType = "arraybuffer";
    this.#opened = new Promise((resolve) => socket.addEventListener("open", () => resolve()));
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const message = typeof data === "string" ? data : new Uint8Array(data);
      // It is in memory already: Deno knows no limit.
      if (this.#closing === undefined && sizeOf(message) > messageLimit) this.close(1009, "The message is too long");
      else if (this.#closing === undefined) listener.onMessage(message);
    });
    socket.addEventListener("close", ({ code, reason, wasClean }: CloseEvent) => {
      this.#end(this.#closing ?? { code: wasClean ? code : 1006, reason });
    });
    // "close" follows.
    socket.addEventListener("error", (event: Event) => event.preventDefault());
  }

  send(message: string | Uint8Array): Promise<void> | undefined {
    if (this.#socket.readyState === 0) return this.#opened.then(() => this.send(message));
    if (this.#socket.readyState !== 1) return new Promise(() => {});
    this.#socket.send(message as Uint8Array<ArrayBuffer>);
    return this.#socket.bufferedAmount > sendHighWater ? this.#taken() : undefined;
  }

  close(code: number, reason: string): void {
    if (this.#closing !== undefined) return;
    this.#closing = { code, reason };
    if (this.#socket.readyState === 0) void this.#opened.then(() => this.#socket.close(code, reason));
    else if (this.#socket.readyState === 1) this.#socket.close(code, reason);
  }

  terminate(): void {
    // Deno can only ask, and says nothing of a socket that its client has never got.
    this.close(1001, "");
    this.#end({ code: 1006, reason: "" });
  }

  #end({ code, reason }: { code: number; reason: string }): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#listener.onClosed(code, reason);
  }

  #taken(): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.#socket.bufferedAmount <= sendHighWater) resolve();
        else if (this.#socket.readyState === 1) setTimer(look, lookInterval);
      };
      look();
    });
  }
}

function sizeOf(message: string | Uint8Array): number {
  return typeof message === "string" ? message.length : message.byteLength;
}
