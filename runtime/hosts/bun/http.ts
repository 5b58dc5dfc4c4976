import { AllowedHosts } from "../../basics/authority.ts";
import { hasToken } from "../../basics/field_values.ts";
import type { HttpListener, HttpListenOptions } from "../../port/http.ts";
import { BadHandshakeError, type Upgraded, type WebSocketListener } from "../../port/web_socket.ts";
import type { Exchange } from "../common/exchange.ts";
import { LastRequests, passed } from "../common/last_requests.ts";
import { builtin } from "../common/node_process.ts";
import { Refusal, RequestGate, responseTo } from "../common/request_head.ts";
import { WebExchange, type WebServer } from "../common/web_exchange.ts";
import { BunWebSocket, webSocketHandlers } from "./web_socket.ts";

interface BunServer {
  readonly port: number | undefined;
  /** Requests whose answers have not been sent to their end. */
  readonly pendingRequests: number;
  readonly pendingWebSockets: number;
  requestIP(request: Request): { address: string } | null;
  /** Sets the idle timer of the request's connection, in whole seconds; 0 for none. */
  timeout(request: Request, seconds: number): void;
  upgrade(request: Request, options: { data: BunWebSocket; headers: Record<string, string> }): boolean;
  stop(closeActiveConnections: boolean): Promise<void>;
  unref(): void;
  readonly url: URL;
}

interface BunHost {
  serve(options: {
    hostname?: string;
    port?: number;
    unix?: string;
    tls?: { cert: string; key: string };
    http2?: boolean;
    idleTimeout: number;
    maxRequestBodySize: number;
    development: boolean;
    reusePort: boolean;
    websocket: object;
    fetch(request: Request, server: BunServer): Promise<Response> | Response;
    error(error: unknown): Response;
  }): BunServer;
  inspect(value: unknown, options: { depth: number }): string;
}

/** `HostNetwork.listenHttp` over `Bun.serve`. */
export function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { Bun } = globalThis as unknown as { Bun: BunHost };
  const { unix, hostname, port, tls } = options;
  const shared = { options, isStopping: false };
  const lastRequests = new LastRequests();
  const { allowedHosts } = options;
  const allowed = allowedHosts === undefined ? undefined : new AllowedHosts(allowedHosts);
  const gate = new RequestGate(tls === undefined ? "http" : "https", allowed);
  let server: BunServer;
  try {
    server = Bun.serve({
      ...(unix === undefined ? { hostname, port } : { unix }),
      ...(tls === undefined ? {} : { tls, http2: true }),
      // For idle connections; requests that take longer are let off it.
      idleTimeout: secondsOf(options.keepAlive),
      // It would refuse bodies of more than 128 MiB.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      // It would print errors of streams, which `serve` reports; without it a port in use would be shared.
      development: false,
      reusePort: false,
      websocket: webSocketHandlers(options.messageLimit),
      fetch: (request, server) => {
        if (shared.isStopping) lastRequests.came();
        const url = judge(gate, request);
        return url instanceof Refusal ? responseTo(url) : new BunExchange(request, url, server, shared).answer();
      },
      error: () => new Response(null, { status: 500 }),
    });
  } catch (error) {
    return Promise.reject(error);
  }
  if (!options.hold) server.unref();
  if (unix === undefined) gate.ownAuthority = server.url.host;
  return Promise.resolve({
    port: server.port ?? 0,
    async stop(patience) {
      shared.isStopping = true;
      await lastRequests.over(patience);
      const stopped = server.stop(false);
      // It waits for clients that have sent no whole head, or have not shaken hands.
      while (!isIdle(server)) await passed(idleInterval);
      await Promise.race([stopped, server.stop(true)]);
    },
    abort: () => void server.stop(true),
  });
}

/** What Bun's idle timer can be told: at most 255 s, or never. */
function secondsOf(ms: number): number {
  return ms === Infinity ? 0 : Math.min(255, Math.max(1, Math.ceil(ms / 1000)));
}

/** How often a server that stops is asked whether it is idle, in ms. */
const idleInterval = 10;

/** Has a server no request any more? */
function isIdle({ pendingRequests, pendingWebSockets }: BunServer): boolean {
  return pendingRequests === 0 && pendingWebSockets === 0;
}

/** The url of a request, or why it is refused. Bun shows no target, but the url that it has made of it with the `Host` field. */
function judge(gate: RequestGate, { url, method, headers }: Request): string | Refusal {
  const host = headers.get("host");
  const contentLength = headers.get("content-length") ?? undefined;
  const transferEncoding = headers.get("transfer-encoding") ?? undefined;
  const hasBody = contentLength !== undefined || transferEncoding !== undefined;
  if (!hasBody && host !== null && gate.isPlain(method, host, url)) return url;
  return gate.judge({
    method,
    // With a host that is none Bun's url has no origin.
    target: url.startsWith("http") ? url.slice(url.indexOf("/", "https://".length)) : url,
    // Bun itself refuses HTTP/1.1 without a host.
    version: host === null ? "1.0" : "1.1",
    fields: 0,
    host: host ?? undefined,
    contentLength,
    transferEncoding,
  });
}

class BunExchange extends WebExchange {
  readonly #host: BunServer;

  constructor(request: Request, url: string, server: BunServer, shared: WebServer) {
    super(request, url, shared);
    this.#host = server;
  }

  get remoteAddress(): string | undefined {
    return this.#host.requestIP(this.original)?.address;
  }

  /** Bun closes for a client that asks for it, but does not say so. */
  protected override get isLast(): boolean {
    return super.isLast || hasToken(this.original.headers.get("connection") ?? "", "close");
  }

  protected override makeWebSocket(listener: WebSocketListener, protocol: string | undefined): Upgraded {
    const socket = new BunWebSocket(protocol ?? "", listener);
    // Without the field Bun would agree on whatever comes first; an empty one it leaves out.
    const headers = { "sec-websocket-protocol": protocol ?? "" };
    if (!this.#host.upgrade(this.original, { data: socket, headers })) {
      throw new BadHandshakeError();
    }
    return { socket, response: new Response(null) };
  }

  override finish(...[end, error]: Parameters<Exchange["finish"]>): void {
    // From now on the connection is idle.
    if (this.isFollowed && end === "sent" && !this.isUpgraded) {
      this.#host.timeout(this.original, secondsOf(this.server.options.keepAlive));
    }
    super.finish(end, error);
  }

  /** Bun tells of the end of a stream only to the stream; a body that is there whole it sends by itself. */
  protected override letThrough(response: Response): boolean {
    if (isStream(response)) {
      this.follow();
      return false;
    }
    this.finish("sent");
    return true;
  }

  /** What is not answered whole at once may be left by its client, and may be quiet for longer than Bun's idle timer lets it. */
  protected override learnEnd(): void {
    this.#host.timeout(this.original, 0);
    this.original.signal.addEventListener("abort", () => this.finish("left"), { once: true });
  }
}

/**
 * Is the body a stream that is still being made? Bun shows it only to `inspect` (2 us); to look at `body` would make a stream of
 * any body, which costs half of the server's speed and the content type of a text.
 */
function isStream(response: Response): boolean {
  if (isLarger(response)) return false;
  const { Bun } = globalThis as unknown as { Bun: BunHost };
  return Bun.inspect(response, { depth: 0 }).includes("\n  ReadableStream {");
}

/**
 * Is a response larger than one without a body? So is one with a text or bytes in it, and none with a stream: a hint for 0.03 us that
 * spares most responses the look. What else could make one larger is looked at too: a text of the status, a URL, other properties.
 */
function isLarger(response: Response): boolean {
  return sizeOf !== undefined && sizeOf(response) > emptySize && response.statusText === "" && response.url === "" &&
    Object.getPrototypeOf(response) === Response.prototype && Reflect.ownKeys(response).length === 0;
}

const { estimateShallowMemoryUsageOf: sizeOf } = builtin<{ estimateShallowMemoryUsageOf?(it: object): number }>(
  "bun:jsc",
);
const emptySize = sizeOf === undefined ? Infinity : Math.max(
  sizeOf(new Response(null)),
  sizeOf(new Response(new ReadableStream(), { headers: { "content-type": "text/plain" } })),
);
