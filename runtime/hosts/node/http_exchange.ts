import type { HostWebSocket, Upgraded, WebSocketListener } from "../../port/web_socket.ts";
import { Exchange, isHost } from "../common/exchange.ts";
import { bodyOf, type Incoming } from "./http_body.ts";
import { loadWs, type RawSocket, upgrade } from "./web_socket.ts";

/** An answer of `node:http`, as far as it is used. */
export interface Outgoing {
  readonly writableFinished: boolean;
  /** `null` while the answer waits for those to earlier requests of its connection. */
  readonly socket: object | null;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  readonly headersSent: boolean;
  writeHead(status: number, statusText: string | undefined, headers: string[]): void;
  write(chunk: Uint8Array): boolean;
  writeContinue(): void;
  flushHeaders(): void;
  end(chunk?: string | Uint8Array, encoding?: "latin1"): void;
  destroy(): void;
  assignSocket(socket: RawSocket): void;
  detachSocket(socket: RawSocket): void;
  shouldKeepAlive: boolean;
  on(event: "close" | "finish" | "error", listener: () => void): void;
  once(event: "drain" | "close", listener: () => void): void;
  off(event: "drain" | "close", listener: () => void): void;
}

/** One exchange of a server. */
export class NodeExchange extends Exchange {
  readonly outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #scheme: string;
  #request: Request | undefined = undefined;
  /** Does the client wait for "100 Continue" before it sends its body? */
  continues = false;
  /** The response's stream, while it is being sent. */
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;
  /** What was handed over that the client has to take before more of it is. */
  #pieces = 0;
  #isBlocked = false;
  /** The connection of a request that asks for a WebSocket. */
  raw: { socket: RawSocket; head: Uint8Array } | undefined = undefined;
  readonly #messageLimit: number;
  #webSocket: HostWebSocket | undefined = undefined;

  constructor(incoming: Incoming, outgoing: Outgoing, scheme: string, messageLimit: number) {
    super();
    this.#messageLimit = messageLimit;
    this.#incoming = incoming;
    this.outgoing = outgoing;
    this.#scheme = scheme;
  }

  get request(): Request {
    return this.#request ??= requestOf(this.#incoming, this.#scheme, this);
  }

  /** The body of the request is about to be read. */
  onRead(): void {
    if (!this.continues || this.outgoing.headersSent) return;
    this.continues = false;
    this.outgoing.writeContinue();
  }

  get remoteAddress(): string | undefined {
    return this.#incoming.socket.remoteAddress;
  }

  override get sendProgress(): number | undefined {
    return this.#isBlocked && this.outgoing.socket !== null ? this.#pieces : undefined;
  }

  /** Ends the answer; now all is the client's to take. */
  endWith(bytes?: Uint8Array | string): void {
    this.#isBlocked = true;
    if (typeof bytes === "string") this.outgoing.end(bytes, "latin1");
    else this.outgoing.end(bytes);
  }

  /** Sends a piece, and waits until the client has taken what was sent before. */
  async write(piece: Uint8Array): Promise<void> {
    this.#pieces++;
    if (this.outgoing.write(piece)) return;
    this.#isBlocked = true;
    await writable(this.outgoing);
    this.#isBlocked = false;
  }

  failBody(error: unknown): void {
    if (this.reader === undefined || this.outgoing.writableEnded) return;
    this.finish("cut");
    this.reader.cancel(error).catch(() => {});
    this.outgoing.destroy();
  }

  cut(): void {
    this.#webSocket?.terminate();
    this.finish("cut");
    this.outgoing.destroy();
  }

  /** Does the connection belong to a WebSocket? */
  get isUpgraded(): boolean {
    return this.#webSocket !== undefined;
  }

  override async upgrade(listener: WebSocketListener, protocol: string | undefined): Promise<Upgraded> {
    const ws = await loadWs();
    const raw = this.raw;
    if (raw === undefined || this.end !== undefined) throw new TypeError("The request cannot become a WebSocket");
    this.outgoing.detachSocket(raw.socket);
    const socket = this.#webSocket = upgrade(ws, this.#incoming, raw, protocol, this.#messageLimit, listener);
    this.finish("sent");
    return { socket, response: new Response(null) };
  }
}

function requestOf(incoming: Incoming, scheme: string, exchange: NodeExchange): Request {
  const { method, rawHeaders } = incoming;
  const headers: [string, string][] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) headers.push([rawHeaders[index]!, rawHeaders[index + 1]!]);
  const host = incoming.headers["host"] ?? "localhost";
  if (!isHost(host)) throw new TypeError("The host of the request is not valid");
  const url = incoming.url.startsWith("/") ? `${scheme}://${host}${incoming.url}` : incoming.url;
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  const isEmpty = incoming.headers["content-length"] === "0" ||
    (incoming.headers["content-length"] === undefined && incoming.headers["transfer-encoding"] === undefined);
  if (isEmpty) return new Request(url, { method, headers });
  const body = bodyOf(incoming, () => exchange.onRead(), () => exchange.finish("left"));
  return new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
}

/** Waits until the client has taken what was written, or has left. */
function writable(outgoing: Outgoing): Promise<void> {
  return new Promise((resolve) => {
    function go(): void {
      outgoing.off("drain", go);
      outgoing.off("close", go);
      resolve();
    }
    outgoing.once("drain", go);
    outgoing.once("close", go);
  });
}
