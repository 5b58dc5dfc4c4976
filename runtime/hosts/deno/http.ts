import type { HttpListener, HttpListenOptions } from "../../port/http.ts";
import type { Upgraded, WebSocketListener } from "../../port/web_socket.ts";
import { type Exchange, isHost } from "../common/exchange.ts";
import { onSignal } from "../common/node_process.ts";
import { setTimer } from "../common/timers.ts";
import { badRequest, WebExchange } from "../common/web_exchange.ts";
import { upgrade } from "./web_socket.ts";

/** After how long without an answer a request is watched for its client's leaving at the earliest, in ms; after twice that at the latest. */
const disconnectLatency = 5;

/** How long before each attempt to listen again, in ms. */
const relistenDelay = 100;

interface DenoServer {
  readonly addr: { readonly port?: number };
  /** Rejects when the server cannot accept any more. */
  readonly finished: Promise<void>;
  shutdown(): Promise<void>;
}

interface DenoInfo {
  readonly remoteAddr: { readonly hostname?: string };
  readonly completed: Promise<void>;
}

interface DenoHost {
  serve(
    options: {
      hostname?: string;
      port?: number;
      path?: string;
      cert?: string;
      key?: string;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handler: (request: Request, info: DenoInfo) => Promise<Response> | Response,
  ): DenoServer;
}

/** `HostNetwork.listenHttp` over `Deno.serve`. */
export function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { Deno } = globalThis as unknown as { Deno: DenoHost };
  /** What is open: once `shutdown()` is under way, Deno's own abort throws and closes nothing. */
  const open = new OpenExchanges();
  const { unix, hostname, tls } = options;
  let server: DenoServer;
  let port = options.port;
  let isStopping = false;
  function listen(): void {
    server = Deno.serve(
      {
        ...(unix === undefined ? { hostname, port } : { path: unix }),
        ...tls,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
      },
      (request, info) => isValid(request) ? new DenoExchange(request, info, open, options).answer() : badRequest(),
    );
    server.finished.catch(() => setTimer(relisten, relistenDelay));
  }
  /** Out of descriptors Deno gives up the server, as an unhandled rejection that ends the process; what is open goes on. */
  function relisten(): void {
    if (isStopping) return;
    try {
      listen();
    } catch {
      setTimer(relisten, relistenDelay);
    }
  }
  // Deno readies itself for signals when it first has to, and panics if it is out of descriptors then.
  onSignal("SIGINT", () => {})();
  try {
    listen();
    port = server!.addr.port ?? 0;
  } catch (error) {
    return Promise.reject(error);
  }
  return Promise.resolve({
    port,
    async stop() {
      isStopping = true;
      // `shutdown()` makes every read of a body that is still coming fail, though its client is there.
      await open.withoutBodies();
      await server.shutdown().catch(() => {});
    },
    abort: () => open.cut(),
  });
}

/** The exchanges of a server that have not ended. */
class OpenExchanges {
  readonly #all = new Set<DenoExchange>();
  #changed: (() => void) | undefined = undefined;
  /** Those that came since the timer was set. */
  #recent: DenoExchange[] = [];
  #older: DenoExchange[] = [];
  #isTimerSet = false;

  add(exchange: DenoExchange): void {
    this.#all.add(exchange);
    this.#recent.push(exchange);
    if (!this.#isTimerSet) this.#setTimer();
  }

  /**
   * `request.signal` costs three times a whole request, so that only one that is not answered at once pays for it; and one timer
   * serves all that come while it is set.
   */
  #setTimer(): void {
    this.#isTimerSet = true;
    setTimer(() => {
      this.#isTimerSet = false;
      for (const exchange of this.#older) exchange.watch();
      this.#older = this.#recent;
      this.#recent = [];
      if (this.#older.length > 0) this.#setTimer();
    }, disconnectLatency);
  }

  delete(exchange: DenoExchange): void {
    this.#all.delete(exchange);
    this.#changed?.();
  }

  cut(): void {
    for (const exchange of this.#all) exchange.cut();
  }

  /** Waits until none is left that has a body to be read, or that has become a WebSocket. */
  async withoutBodies(): Promise<void> {
    while ([...this.#all].some(({ request, isUpgraded }) => isUpgraded || request.body !== null)) {
      await new Promise<void>((resolve) => this.#changed = resolve);
    }
  }
}

/** Deno looks at neither: a host that is none would become part of the path, and some methods are forbidden by the standard. */
function isValid({ headers, method }: Request): boolean {
  return isHost(headers.get("host") ?? "") && method !== "CONNECT" && method !== "TRACE";
}

class DenoExchange extends WebExchange {
  readonly #info: DenoInfo;
  readonly #open: OpenExchanges;
  #answered = false;

  constructor(request: Request, info: DenoInfo, open: OpenExchanges, options: HttpListenOptions) {
    super(request, options);
    this.#info = info;
    this.#open = open;
    // Once the exchange has ended, Deno tells only what was looked at before.
    void request.url;
  }

  get remoteAddress(): string | undefined {
    return this.#info.remoteAddr.hostname;
  }

  /** While a body is read, Deno shows a client that leaves, or that breaks the protocol, in nothing but the read's failure. */
  override isBodyFailure(error: unknown): boolean {
    const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
    return name === "BadResource" || /^invalid HTTP\/1 request|while reading HTTP\/1 body$/.test(String(message));
  }

  override finish(...end: Parameters<Exchange["finish"]>): void {
    if (!this.isUpgraded) this.#open.delete(this);
    super.finish(...end);
  }

  protected override makeWebSocket(listener: WebSocketListener, protocol: string | undefined): Upgraded {
    // Until it is closed the exchange is open to `stop`: Deno's `shutdown()` would close it.
    const onClosed: WebSocketListener["onClosed"] = (code, reason) => {
      this.#open.delete(this);
      listener.onClosed(code, reason);
    };
    return upgrade(
      this.request,
      { onMessage: (message) => listener.onMessage(message), onClosed },
      protocol,
    );
  }

  protected override learnEnd(): void {
    this.#open.add(this);
    this.#info.completed.then(() => this.#completed(), () => this.finish("left"));
  }

  protected override letThrough(response: Response): boolean {
    const size = sizeOf(response);
    if (!this.isFollowed) {
      if (size <= handedOver) {
        this.finish("sent");
        return true;
      }
      this.follow();
    }
    this.#answered = true;
    // Looking at `body` makes a stream of any body.
    return size < Infinity || response.body === null;
  }

  /** Learns of the client's leaving from now on, if there is no answer yet. Deno says so after a success too, unless told otherwise. */
  watch(): void {
    if (this.isAwaited) {
      this.request.signal.addEventListener("abort", () => this.#completed(), { once: true });
    }
  }

  /** Deno is done with the exchange. It says so too when the client has left. */
  #completed(): void {
    // A stream tells by itself that it was taken whole.
    this.finish(this.#answered && this.watched === undefined ? "sent" : "left");
  }
}

/** An answer of at most so many bytes counts as sent when Deno has it: the system takes it, whatever the client does. */
const handedOver = 16 * 1024;

/**
 * The size of a body that is there whole; `Infinity` for a stream that is still being made. To watch a stream costs half of the
 * server's speed, so that other bodies are let through. Deno shows the difference only in a property that is not public; without it
 * every body is watched.
 */
function sizeOf(response: Response): number {
  const inner = responseSymbol === undefined ? undefined : (response as unknown as Inner)[responseSymbol];
  if (inner?.body === undefined) return Infinity;
  if (inner.body === null) return 0;
  const source = inner.body.streamOrStatic;
  if (source === undefined || source instanceof ReadableStream) return Infinity;
  const { length = longest } = (source as { body?: { length?: number } }).body ?? {};
  return length;
}

/** Of a body that is there whole, but does not say how long it is. */
const longest = Number.MAX_SAFE_INTEGER;

type Inner = Record<symbol, { body?: { streamOrStatic?: unknown } | null } | undefined>;

const responseSymbol = Object.getOwnPropertySymbols(new Response(null)).find(({ description }) =>
  description === "response"
);
