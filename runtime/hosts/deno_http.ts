import { type HttpExchange, type HttpListener, type HttpListenOptions, watchBody } from "../http.ts";
import { setTimer } from "./shared.ts";

/** After how long without an answer a request is watched for its client's leaving, in ms. */
const disconnectLatency = 5;

interface DenoServer {
  readonly addr: { port: number };
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

interface DenoInfo {
  readonly remoteAddr: { hostname?: string };
  readonly completed: Promise<void>;
}

interface DenoHost {
  serve(
    options: { hostname: string; port: number; onListen(): void; onError(error: unknown): Response },
    handler: (request: Request, info: DenoInfo) => Promise<Response>,
  ): DenoServer;
}

/** `Host.listenHttp` over `Deno.serve`. */
export function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { Deno } = globalThis as unknown as { Deno: DenoHost };
  /** Ways to cut the exchanges that are open: once `shutdown()` is under way, Deno's own abort throws and closes nothing. */
  const cuts = new Set<() => void>();
  let server: DenoServer;
  try {
    server = Deno.serve(
      {
        hostname: options.hostname,
        port: options.port,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
      },
      (request, info) => answer(options, request, info, cuts),
    );
  } catch (error) {
    return Promise.reject(error);
  }
  return Promise.resolve({
    port: server.addr.port,
    stop: () => server.shutdown(),
    abort: () => cuts.forEach((cut) => cut()),
  });
}

async function answer(
  options: HttpListenOptions,
  request: Request,
  info: DenoInfo,
  cuts: Set<() => void>,
): Promise<Response> {
  const exchange: HttpExchange = {
    request,
    remoteAddress: info.remoteAddr.hostname,
    onDisconnect: undefined,
    onFinish: undefined,
  };
  let answered = false;
  let finished = false;
  function finish(complete: boolean): void {
    if (finished) return;
    finished = true;
    cuts.delete(cut);
    if (!complete) exchange.onDisconnect?.();
    exchange.onFinish?.();
  }
  let giveUp: ((response: Response) => void) | undefined;
  function cut(): void {
    finish(false);
    giveUp?.(new Response(null, { status: 503 }));
  }
  cuts.add(cut);
  info.completed.then(() => finish(answered), () => finish(false));
  // `request.signal` costs three times a whole request, so that only one that is not answered at once pays for it. Deno
  // aborts it after success too, unless told otherwise; by then the exchange is finished for us.
  const watcher = setTimer(() => {
    if (!finished) request.signal.addEventListener("abort", () => finish(answered), { once: true });
  }, disconnectLatency);
  const response = await new Promise<Response>((resolve) => {
    giveUp = resolve;
    Promise.resolve(options.handle(exchange)).then(resolve);
  });
  watcher.cancel();
  answered = true;
  return response.body === null ? response : watchBody(response, (complete) => complete || finish(false));
}
