/**
 * A network for the programs of a simulation: `fetch` reaches the servers that listen in the same simulation, and each passage
 * over it is an operation of the schedule.
 *
 * ```
 *   fetch ──"GET /a arrives"──> handler of the server ──"response to GET /a"──> fetch resolves ──> its body is read
 * ```
 *
 * @module
 */

import { Exchange, type HttpListener, type HttpListenOptions, responseOf, WatchedBody } from "../http.ts";
import { refusal } from "./real_io.ts";
import type { Session } from "./session.ts";

/** What a body can do to the network of its simulation. */
export interface Network {
  /** How long each passage takes, in ms; `undefined`, the default, lets the schedule decide. */
  latency: number | undefined;
  /** Nothing passes any more, in neither direction, until `heal`; what is under way waits. */
  partition(): void;
  /** Everything passes again. */
  heal(): void;
}

const localHosts = /^(localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\])$/;
const firstFreePort = 49_152;

/** The network of one run. */
export class SimulatedNetwork implements Network {
  latency: number | undefined = undefined;
  readonly #session: Session;
  readonly #servers = new Map<number, SimulatedServer>();
  #nextPort = firstFreePort;
  /** Those who wait for the network to be whole again. */
  #waiting: (() => void)[] | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  partition(): void {
    this.#waiting ??= [];
  }

  heal(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const pass of waiting) pass();
  }

  /** The ports that servers listen on. */
  get ports(): readonly number[] {
    return [...this.#servers.keys()];
  }

  /** `Host.listenHttp` on this network. */
  listen(options: HttpListenOptions): Promise<HttpListener> {
    if (options.unix !== undefined) {
      return Promise.reject(new TypeError("The network of a simulation has no Unix sockets"));
    }
    const port = options.port === 0 ? this.#nextPort++ : options.port;
    if (this.#servers.has(port)) {
      return Promise.reject(Object.assign(new Error(`The port ${port} is in use`), { code: "EADDRINUSE" }));
    }
    const server = new SimulatedServer(options, port, () => this.#servers.delete(port));
    this.#servers.set(port, server);
    return Promise.resolve(server);
  }

  /** `fetch` on this network. */
  async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const port = Number(url.port || (url.protocol === "https:" ? 443 : 80));
    if (!this.#servers.has(port) && !localHosts.test(url.hostname)) refusal("fetch")();
    const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
    const call = `${request.method} ${url.pathname}${url.search}`;
    await this.#pass(`${call} arrives`, signal);
    const server = this.#servers.get(port);
    if (server === undefined) {
      throw failed(Object.assign(new Error(`connect ECONNREFUSED ${url.host}`), { code: "ECONNREFUSED" }));
    }
    const exchange = new SimulatedExchange(request, server);
    const leave = (): void => exchange.finish("left");
    signal?.addEventListener("abort", leave);
    try {
      const answer = await Promise.race([server.options.handle(exchange), exchange.broken, abortOf(signal)]);
      await this.#pass(`response to ${call}`, signal, exchange.broken);
      return exchange.deliver(responseOf(answer), request.method);
    } finally {
      signal?.removeEventListener("abort", leave);
    }
  }

  /** One passage over the network. */
  async #pass(label: string, signal: AbortSignal | null | undefined, broken?: Promise<never>): Promise<void> {
    signal?.throwIfAborted();
    const { loop } = this.#session;
    while (this.#waiting !== undefined) {
      await Promise.race([new Promise<void>((resolve) => this.#waiting!.push(resolve)), abortOf(signal)]);
    }
    await new Promise<void>((resolve, reject) => {
      const arrival = loop.complete(
        () => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        },
        label,
        this.latency,
      );
      function onAbort(): void {
        loop.withdraw(arrival);
        reject(signal!.reason);
      }
      // What the server has cut does not arrive any more.
      broken?.catch((error) => {
        loop.withdraw(arrival);
        reject(error);
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }
}

/** A server of the network. */
class SimulatedServer implements HttpListener {
  readonly options: HttpListenOptions;
  readonly port: number;
  readonly #leave: () => void;
  readonly #open = new Set<SimulatedExchange>();
  #drained: (() => void) | undefined;

  constructor(options: HttpListenOptions, port: number, leave: () => void) {
    this.options = options;
    this.port = port;
    this.#leave = leave;
  }

  add(exchange: SimulatedExchange): void {
    this.#open.add(exchange);
  }

  remove(exchange: SimulatedExchange): void {
    this.#open.delete(exchange);
    if (this.#open.size === 0) this.#drained?.();
  }

  async stop(): Promise<void> {
    this.#leave();
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#drained = resolve);
  }

  abort(): void {
    for (const exchange of this.#open) exchange.cut();
  }
}

class SimulatedExchange extends Exchange {
  readonly request: Request;
  readonly remoteAddress = "127.0.0.1";
  /** Rejects when the server cuts the exchange before its response has arrived. */
  readonly broken: Promise<never>;
  readonly #server: SimulatedServer;
  #break!: (error: unknown) => void;
  #body: WatchedBody | undefined;

  constructor(request: Request, server: SimulatedServer) {
    super();
    this.request = request;
    this.#server = server;
    this.broken = new Promise((_, reject) => this.#break = reject);
    this.broken.catch(() => {});
    server.add(this);
  }

  override finish(...[end, error]: Parameters<Exchange["finish"]>): void {
    if (this.end === undefined) this.#server.remove(this);
    super.finish(end, error);
  }

  override failBody(error: unknown): void {
    this.#body?.fail(error);
  }

  override cut(): void {
    this.failBody(new TypeError("terminated"));
    this.finish("cut");
    this.#break(failed(new Error("The other side closed the connection")));
  }

  /** The response as the client gets it. */
  deliver(response: Response, method: string): Response {
    const { status, statusText, headers } = response;
    let body: ReadableStream<Uint8Array> | null = null;
    if (response.body !== null && method !== "HEAD" && status !== 204 && status !== 304) {
      this.#body = new WatchedBody(response.body.getReader(), this);
      body = this.#body.stream;
    } else {
      this.finish("sent");
    }
    return new Response(body, { status, statusText, headers });
  }
}

/** What `fetch` rejects with when the network fails it. */
function failed(cause: Error): TypeError {
  return new TypeError("fetch failed", { cause });
}

/** Rejects when a signal is aborted. */
function abortOf(signal: AbortSignal | null | undefined): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => {});
  return aborted;
}
