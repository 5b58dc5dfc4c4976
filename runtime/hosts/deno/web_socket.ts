import {
  BadHandshakeError,
  closeTime,
  type HostWebSocket,
  sendHighWater,
  type Upgraded,
  type WebSocketListener,
} from "../../port/web_socket.ts";
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
export function upgrade(request: Request, listener: WebSocketListener, protocol: string | undefined): Upgraded {
  const { Deno } = globalThis as unknown as { Deno: DenoWebSockets };
  // Its own pings would cut clients that are quiet.
  const options = { idleTimeout: 0, ...(protocol === undefined ? {} : { protocol }) };
  try {
    const { socket, response } = Deno.upgradeWebSocket(request, options);
    return { socket: new DenoWebSocket(socket, protocol ?? "", listener), response };
  } catch {
    throw new BadHandshakeError();
  }
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

  constructor(socket: WebSocket, protocol: string, listener: WebSocketListener) {
    this.protocol = protocol;
    this.#socket = socket;
    this.#listener = listener;
    socket.binaryType = "arraybuffer";
    // Deno says nothing of a socket whose client had left before it got it.
    const timer = setTimer(() => this.terminate(), closeTime);
    this.#opened = new Promise((resolve) => {
      socket.addEventListener("open", () => {
        timer.cancel();
        resolve();
      });
    });
    socket.addEventListener("message", ({ data }: MessageEvent<string | ArrayBuffer>) => {
      listener.onMessage(typeof data === "string" ? data : new Uint8Array(data));
    });
    socket.addEventListener("close", ({ code, reason, wasClean }: CloseEvent) => {
      timer.cancel();
      this.#end({ code: wasClean ? code : 1006, reason });
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
    this.#end({ code: 1006, reason: "" });
    cutOff(this.#socket);
  }

  #end({ code, reason }: { code: number; reason: string }): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { code: ownCode, reason: ownReason } = this.#closing ?? { code, reason };
    this.#listener.onClosed(ownCode, ownReason);
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

/**
 * Closes the connection of a socket, whatever its client does. Deno can publicly be asked only for a close that waits for the client's
 * answer; without what this uses it is asked that.
 */
function cutOff(socket: WebSocket): void {
  const { Deno } = globalThis as unknown as { Deno: { internal?: symbol } & Record<symbol, Internals | undefined> };
  const resource = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "[[rid]]");
  const id = resource === undefined ? undefined : (socket as unknown as Record<symbol, unknown>)[resource];
  const core = Deno.internal === undefined ? undefined : Deno[Deno.internal]?.core;
  if (typeof id === "number" && core?.tryClose !== undefined) core.tryClose(id);
  else if (socket.readyState === 1) socket.close();
}

interface Internals {
  readonly core?: { tryClose?(resource: number): void };
}
