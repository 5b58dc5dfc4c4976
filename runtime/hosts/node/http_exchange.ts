import type { BodyWatch } from "../../port/http.ts";
import { BadHandshakeError, type HostWebSocket, type Upgraded, type WebSocketListener } from "../../port/web_socket.ts";
import { Exchange } from "../common/exchange.ts";
import { bodyOf, type Incoming, readWhole } from "./http_body.ts";
import type { Arrival, NodeConnection, Running } from "./http_connection.ts";
import { hasBody } from "./http_head.ts";
import type { Outgoing } from "./http_outgoing.ts";
import { outgoingFor, type RawConnection } from "./http_upgrade.ts";
import { hostRequest, lazyRequest, type RequestParts } from "./lazy_request.ts";
import { loadWs, upgrade } from "./web_socket.ts";

/** One exchange of a server. */
export class NodeExchange extends Exchange implements Running, RequestParts {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  readonly connection: NodeConnection;
  /** Does a body come with the request, be it one of a GET, which nobody gets to see? */
  readonly bringsBody: boolean;
  readonly url: string;
  readonly #isLazy: boolean;
  #watch: BodyWatch | undefined = undefined;
  #request: Request | undefined = undefined;
  /** Does the client wait for "100 Continue" before it sends its body? */
  #continues: boolean;
  /** The response's stream, while it is being sent. */
  reader: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;
  /** What was handed over that the client has to take before more of it is. */
  #pieces = 0;
  #isBlocked = false;
  /** The connection of a request that asks for a WebSocket. */
  readonly #raw: RawConnection | undefined;
  readonly #messageLimit: number;
  #webSocket: HostWebSocket | undefined = undefined;

  constructor(
    connection: NodeConnection,
    { incoming, outgoing, head, url, continues, raw }: Arrival,
    { messageLimit, lazyRequests }: { readonly messageLimit: number; readonly lazyRequests: boolean },
  ) {
    super();
    this.connection = connection;
    this.incoming = incoming;
    this.outgoing = outgoing ?? outgoingFor(incoming, raw!.socket);
    this.bringsBody = hasBody(head);
    this.url = url;
    this.#isLazy = lazyRequests;
    this.#continues = continues;
    this.#raw = raw;
    this.#messageLimit = messageLimit;
  }

  get request(): Request {
    return this.#request ??= this.#isLazy ? lazyRequest(this) : hostRequest(this);
  }

  get method(): string {
    return this.incoming.method;
  }

  override get hasBody(): boolean {
    return this.bringsBody && this.method !== "GET" && this.method !== "HEAD";
  }

  get rawHeaders(): readonly string[] {
    return this.incoming.rawHeaders;
  }

  makeBody(): ReadableStream<Uint8Array> {
    const body = bodyOf(this.incoming, () => this.#willRead(), () => this.finish("left"));
    return this.#watch?.wrap(body) ?? body;
  }

  readBody(): Promise<Uint8Array<ArrayBuffer>> {
    return readWhole(this.incoming, () => this.#willRead(), () => this.finish("left"), this.#watch);
  }

  override requestWith(watch: BodyWatch): Request {
    if (!this.#isLazy) return super.requestWith(watch);
    this.#watch = watch;
    return this.request;
  }

  get remoteAddress(): string | undefined {
    return this.incoming.socket.remoteAddress;
  }

  override get sendProgress(): number | undefined {
    return this.#isBlocked ? this.#pieces : undefined;
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
    if (this.end !== undefined || this.reader === undefined || this.outgoing.writableEnded) return;
    this.finish("cut");
    this.reader.cancel(error).catch(() => {});
    this.outgoing.destroy();
  }

  cut(): void {
    this.#webSocket?.terminate();
    this.finish("cut");
    this.outgoing.destroy();
  }

  override async upgrade(listener: WebSocketListener, protocol: string | undefined): Promise<Upgraded> {
    const ws = await loadWs();
    const raw = this.#raw;
    if (raw === undefined || this.end !== undefined) throw new BadHandshakeError();
    this.outgoing.detachSocket(raw.socket);
    const { socket } = raw;
    try {
      this.#webSocket = upgrade(
        ws,
        this.incoming,
        { socket, head: raw.take() },
        protocol,
        this.#messageLimit,
        listener,
      );
    } catch (error) {
      // It has answered the client, and ends the connection.
      this.finish("left");
      throw error;
    }
    this.finish("sent");
    return { socket: this.#webSocket, response: new Response(null) };
  }

  /** The body of the request is about to be read. */
  #willRead(): void {
    if (!this.#continues || this.outgoing.headersSent) return;
    this.#continues = false;
    this.outgoing.writeContinue();
  }
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
