import { AllowedHosts } from "../../basics/authority.ts";
import type { HttpListener, HttpListenOptions } from "../../port/http.ts";
import type { Upgraded, WebSocketListener } from "../../port/web_socket.ts";
import type { Exchange } from "../common/exchange.ts";
import { LastRequests, passed } from "../common/last_requests.ts";
import { onSignal } from "../common/node_process.ts";
import { badRequest, headTooLarge, maxHeadBytes, Refusal, RequestGate } from "../common/request_head.ts";
import { setTimer } from "../common/timers.ts";
import { responseSymbol } from "../common/web_answer.ts";
import { WebExchange, type WebServer } from "../common/web_exchange.ts";
import { type Peer, RefusedConnections } from "./refused.ts";
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
  unref(): void;
}

interface DenoInfo {
  readonly remoteAddr: Peer;
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
      signal: AbortSignal;
      onListen(): void;
      onError(error: unknown): Response;
    },
    handler: (request: Request, info: DenoInfo) => Promise<Response> | Response,
  ): DenoServer;
}

/** For how long Deno may send what it was handed last, in ms. */
const flushTime = 100;

/** `HostNetwork.listenHttp` over `Deno.serve`. */
export function listenHttp(options: HttpListenOptions): Promise<HttpListener> {
  const { Deno } = globalThis as unknown as { Deno: DenoHost };
  const shared = new Shared(options);
  const { open, heads, lastRequests } = shared;
  const { unix, hostname, tls } = options;
  const refused = new RefusedConnections(tls === undefined);
  const controller = new AbortController();
  let server: DenoServer;
  let port = options.port;
  function listen(): void {
    server = Deno.serve(
      {
        ...(unix === undefined ? { hostname, port } : { path: unix }),
        ...tls,
        signal: controller.signal,
        onListen() {},
        onError: () => new Response(null, { status: 500 }),
      },
      (request, info) => {
        if (shared.isStopping) lastRequests.came();
        const url = refused.faultOf(info) ?? heads.judge(request);
        return url instanceof Refusal
          ? refused.refuse(url, info)
          : new DenoExchange(request, url, info, shared).answer();
      },
    );
    if (!options.hold) server.unref();
    server.finished.catch(() => setTimer(relisten, relistenDelay));
  }
  /** Out of descriptors Deno gives up the server, as an unhandled rejection that ends the process; what is open goes on. */
  function relisten(): void {
    if (shared.isStopping) return;
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
    async stop(patience) {
      shared.isStopping = true;
      await lastRequests.over(patience);
      if (tls !== undefined) {
        // `shutdown()` would wait for clients that have not shaken hands, as long as they like, and so would the process.
        await open.without(() => true);
        await passed(flushTime);
        return controller.abort();
      }
      // It makes every read of a body that is still coming fail, though its client is there.
      await open.without((exchange) => exchange.isUpgraded || exchange.request.body !== null);
      await server.shutdown().catch(() => {});
    },
    abort: () => open.cut(),
  });
}

/** What the exchanges of a server have in common. */
class Shared implements WebServer {
  readonly options: HttpListenOptions;
  /** What is open: once `shutdown()` is under way, Deno's own abort throws and closes nothing. */
  readonly open = new OpenExchanges();
  readonly heads: Heads;
  readonly lastRequests = new LastRequests();
  isStopping = false;

  constructor(options: HttpListenOptions) {
    this.options = options;
    this.heads = new Heads(options);
  }
}

/** The heads of requests, as Deno shows them. */
class Heads {
  readonly #gate: RequestGate;
  readonly #isPlain: boolean;
  /** What urls begin with: Deno makes a scheme of its own of a Unix socket. */
  readonly #scheme: string;

  constructor({ tls, unix, allowedHosts }: HttpListenOptions) {
    this.#isPlain = tls === undefined;
    this.#scheme = unix !== undefined ? "http+unix://" : this.#isPlain ? "http://" : "https://";
    const allowed = allowedHosts === undefined ? undefined : new AllowedHosts(allowedHosts);
    this.#gate = new RequestGate(this.#isPlain ? "http" : "https", allowed);
  }

  /** The url of a request, or why it is refused. */
  judge({ url, method, headers }: Request): string | Refusal {
    if (url.length > maxHeadBytes) return headTooLarge;
    let host = headers.get("host");
    const contentLength = headers.get("content-length") ?? undefined;
    const transferEncoding = headers.get("transfer-encoding") ?? undefined;
    const hasBody = contentLength !== undefined || transferEncoding !== undefined;
    if (!hasBody && host !== null && this.#gate.isPlain(method, host, url)) return url;
    const start = this.#scheme.length;
    // HTTP/2 names the host in the url alone. Without one Deno puts its own name there.
    if (host === null) {
      if (this.#isPlain) return badRequest;
      host = url.slice(start, url.indexOf("/", start));
    }
    const end = start + host.length;
    const isOrigin = url.startsWith(this.#scheme) && url.startsWith(host, start) && url.startsWith("/", end);
    const target = isOrigin ? url.slice(end) : url;
    return this.#gate.judge({
      method,
      // So Deno shows a star: nobody has such a path.
      target: method === "OPTIONS" && target === "/*" ? "*" : target,
      version: "1.1",
      fields: 0,
      host,
      contentLength,
      transferEncoding,
    });
  }
}

/** The exchanges of a server that have not ended. */
class OpenExchanges {
  readonly #all = new Set<DenoExchange>();
  /** Called when one has ended. */
  #waiting = new Set<() => void>();
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
    if (this.#waiting.size === 0) return;
    const waiting = this.#waiting;
    this.#waiting = new Set();
    for (const resolve of waiting) resolve();
  }

  cut(): void {
    for (const exchange of this.#all) exchange.cut();
  }

  /** Waits until none is left that is so. */
  async without(isSo: (exchange: DenoExchange) => boolean): Promise<void> {
    while ([...this.#all].some(isSo)) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }
}

class DenoExchange extends WebExchange {
  readonly #info: DenoInfo;
  readonly #open: OpenExchanges;
  #answered = false;
  #isWatched = false;

  /** Once an exchange has ended, Deno tells only what was looked at before; the url was. */
  constructor(request: Request, url: string, info: DenoInfo, server: Shared) {
    super(request, url, server);
    this.#info = info;
    this.#open = server.open;
  }

  get remoteAddress(): string | undefined {
    return this.#info.remoteAddr.hostname;
  }

  override finish(...end: Parameters<Exchange["finish"]>): void {
    if (!this.isUpgraded) this.#open.delete(this);
    super.finish(...end);
  }

  protected override makeWebSocket(listener: WebSocketListener, protocol: string | undefined): Upgraded {
    // Deno forgets the fields of a request that has become a socket, unless all have been looked at.
    this.original.headers.keys().next();
    // Until it is closed the exchange is open to `stop`: Deno's `shutdown()` would close it.
    const onClosed: WebSocketListener["onClosed"] = (code, reason) => {
      this.#open.delete(this);
      listener.onClosed(code, reason);
    };
    return upgrade(
      this.original,
      { onMessage: (message) => listener.onMessage(message), onClosed },
      protocol,
    );
  }

  protected override learnEnd(): void {
    this.#open.add(this);
    // Of a stream that its client has reset, or whose connection is gone, Deno tells only who has looked before.
    if (!this.#answered && this.#isOfHttp2) this.#watch();
    this.#info.completed.then(() => this.#completed(), () => this.finish("left"));
  }

  protected override letThrough(response: Response): boolean {
    const size = sizeOf(response);
    this.#answered = true;
    if (!this.isFollowed) {
      if (size <= handedOver && !this.server.isStopping) {
        this.finish("sent");
        return true;
      }
      this.follow();
    }
    // Looking at `body` makes a stream of any body.
    return size < Infinity || response.body === null;
  }

  /** Deno knows the length of a Blob and of a form, and of no other stream. */
  protected override lengthOf(response: Response): number | undefined {
    const inner = responseSymbol === undefined ? undefined : (response as unknown as Inner)[responseSymbol];
    return inner?.body?.length ?? undefined;
  }

  /** Learns of the client's leaving from now on, if there is no answer yet. Deno says so after a success too, unless told otherwise. */
  watch(): void {
    if (this.isAwaited && !this.#isWatched) this.#watch();
  }

  #watch(): void {
    this.#isWatched = true;
    const { signal } = this.original;
    // It has told already, if the handler has looked at it before.
    if (signal.aborted) this.#completed();
    else signal.addEventListener("abort", () => this.#completed(), { once: true });
  }

  /** HTTP/2 names the host in the url, and hardly ever in a field too. */
  get #isOfHttp2(): boolean {
    return this.server.options.tls !== undefined && !this.original.headers.has("host");
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
  if (inner.body === null) return lazyLength(response);
  const source = inner.body.streamOrStatic;
  if (source === undefined || source instanceof ReadableStream) return Infinity;
  const { length = longest } = (source as { body?: { length?: number } }).body ?? {};
  return length;
}

/** Of a body that is there whole, but does not say how long it is. */
const longest = Number.MAX_SAFE_INTEGER;

type Inner = Record<symbol, { body?: { streamOrStatic?: unknown; length?: number | null } | null } | undefined>;

/** The length of a text that Deno has not made a body of yet. */
function lazyLength(response: Response): number {
  const body = lazyBodySymbol && (response as unknown as Record<symbol, { length?: number } | null>)[lazyBodySymbol];
  return body?.length ?? 0;
}

const lazyBodySymbol = Object.getOwnPropertySymbols(new Response("")).find(({ description }) =>
  description === "lazy static body"
);
