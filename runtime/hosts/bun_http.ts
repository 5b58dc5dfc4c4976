import { type HttpExchange, type HttpListener, type HttpListenOptions, watchBody } from "../http.ts";

interface BunServer {
  readonly port: number;
  requestIP(request: Request): { address: string } | null;
  stop(closeActiveConnections: boolean): Promise<void>;
}

interface BunHost {
  serve(options: {
    hostname: string;
    port: number;
    idleTimeout: number;
    fetch(request: Request, server: BunServer): Promise<Response>;
  }): BunServer;
}

/** `Host.listenHttp` over `Bun.serve`. */
export function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { Bun } = globalThis as unknown as { Bun: BunHost };
  let server: BunServer;
  try {
    server = Bun.serve({
      hostname: options.hostname,
      port: options.port,
      // Its own timer would cut handlers that are quiet for 10 s, and event streams.
      idleTimeout: 0,
      fetch: (request, server) => answer(options, request, server),
    });
  } catch (error) {
    return Promise.reject(error);
  }
  return Promise.resolve({
    port: server.port,
    stop: () => server.stop(false),
    abort: () => void server.stop(true),
  });
}

async function answer(options: HttpListenOptions, request: Request, server: BunServer): Promise<Response> {
  const exchange: HttpExchange = {
    request,
    remoteAddress: server.requestIP(request)?.address,
    onDisconnect: undefined,
    onFinish: undefined,
  };
  let finished = false;
  function finish(complete: boolean): void {
    if (finished) return;
    finished = true;
    if (!complete) exchange.onDisconnect?.();
    exchange.onFinish?.();
  }
  request.signal.addEventListener("abort", () => finish(false), { once: true });
  const response = await options.handle(exchange);
  // Bun tells of the end of a stream only to the stream; a body of any other kind it sends by itself.
  if (response.body !== null && isStream(response)) return watchBody(response, finish);
  finish(true);
  return response;
}

/** Is the body a stream that is still being made? A body of known length has been made already. */
function isStream(response: Response): boolean {
  return !response.headers.has("content-length");
}
