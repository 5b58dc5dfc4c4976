import { discard, Exchange, type HttpListener, type HttpListenOptions, WatchedBody } from "../http.ts";
import { builtin } from "./shared.ts";

interface BunServer {
  readonly port: number | undefined;
  requestIP(request: Request): { address: string } | null;
  stop(closeActiveConnections: boolean): Promise<void>;
}

interface BunHost {
  serve(options: {
    hostname?: string;
    port?: number;
    unix?: string;
    tls?: { cert: string; key: string };
    idleTimeout: number;
    development: boolean;
    reusePort: boolean;
    fetch(request: Request, server: BunServer): Promise<Response>;
    error(error: unknown): Response;
  }): BunServer;
  inspect(value: unknown, options: { depth: number }): string;
}

/** `Host.listenHttp` over `Bun.serve`. */
export function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { Bun } = globalThis as unknown as { Bun: BunHost };
  const { unix, hostname, port, tls } = options;
  let server: BunServer;
  try {
    server = Bun.serve({
      ...(unix === undefined ? { hostname, port } : { unix }),
      ...(tls === undefined ? {} : { tls }),
      // Its own timer would cut handlers that are quiet for 10 s, and event streams.
      idleTimeout: 0,
      // It would print errors of streams, which `serve` reports; without it a port in use would be shared.
      development: false,
      reusePort: false,
      // With a host that is no host Bun gives a URL without one.
      fetch: (request, server) =>
        request.url.startsWith("http") ? new BunExchange(request, server).answer(options) : badRequest(),
      error: () => new Response(null, { status: 500 }),
    });
  } catch (error) {
    return Promise.reject(error);
  }
  return Promise.resolve({
    port: server.port ?? 0,
    stop: () => server.stop(false),
    abort: () => void server.stop(true),
  });
}

function badRequest(): Promise<Response> {
  return Promise.resolve(new Response(null, { status: 400, headers: { connection: "close" } }));
}

class BunExchange extends Exchange {
  readonly request: Request;
  readonly #server: BunServer;
  #body: WatchedBody | undefined = undefined;
  /** Answers in the handler's place. */
  #giveUp: ((response: Response) => void) | undefined = undefined;

  constructor(request: Request, server: BunServer) {
    super();
    this.request = request;
    this.#server = server;
    request.signal.addEventListener("abort", () => this.finish("left"), { once: true });
  }

  get remoteAddress(): string | undefined {
    return this.#server.requestIP(this.request)?.address;
  }

  failBody(error: unknown): void {
    this.#body?.fail(error);
  }

  cut(): void {
    this.finish("cut");
    this.#giveUp?.(new Response(null, { status: 503 }));
    this.#body?.fail(new Error("The server cut the response"));
  }

  async answer(options: HttpListenOptions): Promise<Response> {
    const handled = options.handle(this);
    const response = handled instanceof Response ? handled : await new Promise<Response>((resolve) => {
      this.#giveUp = resolve;
      handled.then(resolve);
    });
    this.#giveUp = undefined;
    if (this.end !== undefined) {
      discard(response);
      return new Response(null, { status: 503 });
    }
    // Bun tells of the end of a stream only to the stream; a body that is there whole it sends by itself.
    if (!isStream(response)) {
      this.finish("sent");
      return response;
    }
    this.#body = new WatchedBody(response.body!.getReader(), this);
    const { status, statusText, headers } = response;
    return new Response(this.#body.stream, { status, statusText, headers });
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
