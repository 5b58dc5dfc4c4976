/**
 * What a program's `fetch` and its servers say to each other on a simulated network.
 *
 * ```
 *   fetch ──"GET /a arrives"──> handler of the server ──"response to GET /a"──> fetch resolves ──"body of GET /a"──> it is read
 * ```
 *
 * @module
 */

import { Exchange } from "../../hosts/common/exchange.ts";
import { WatchedBody } from "../../hosts/common/watched_body.ts";
import { type HttpListener, type HttpListenOptions, UnwantedBodyError } from "../../port/http.ts";

/** The aborting of a fetch, with one listener for all that it may interrupt. */
export class FetchAbort {
  readonly #signal: AbortSignal | undefined;
  readonly #interrupts = new Set<(reason: unknown) => void>();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this);
  }

  /** Called by the signal. */
  handleEvent(): void {
    for (const interrupt of [...this.#interrupts]) interrupt(this.#signal!.reason);
  }

  /** Calls back when the fetch is aborted; the returned function takes that back. */
  on(interrupt: (reason: unknown) => void): () => void {
    this.#interrupts.add(interrupt);
    return () => void this.#interrupts.delete(interrupt);
  }

  /** Settles as `promise` does, or rejects when the fetch is aborted first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const off = this.on(reject);
      promise.then(resolve, reject).finally(off);
    });
  }

  /** Ends with `reason` what is still on its way, and leaves no listener behind. */
  end(reason: unknown): void {
    this.#signal?.removeEventListener("abort", this);
    for (const interrupt of [...this.#interrupts]) interrupt(reason);
    this.#interrupts.clear();
  }
}

/** An HTTP server of the network. */
export class SimulatedServer implements HttpListener {
  readonly options: HttpListenOptions;
  readonly port: number;
  readonly #leave: () => void;
  readonly #enter: (fn: () => void) => void;
  readonly #open = new Set<SimulatedExchange>();
  #drained: (() => void) | undefined;

  /** `enter` calls a function in the flow of control that has opened it. */
  constructor(options: HttpListenOptions, port: number, leave: () => void, enter: (fn: () => void) => void) {
    this.options = options;
    this.port = port;
    this.#leave = leave;
    this.#enter = enter;
  }

  /** Calls a function as code of whoever has opened it. */
  enter(fn: () => void): void {
    this.#enter(fn);
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

  /** The connections of all exchanges break. */
  reset(): void {
    for (const exchange of this.#open) exchange.lose();
  }
}

/** A request on its way. */
export class SimulatedExchange extends Exchange {
  readonly request: Request;
  readonly remoteAddress = "127.0.0.1";
  /** Rejects when the exchange breaks before its response has arrived. */
  readonly broken: Promise<never>;
  readonly #server: SimulatedServer;
  #break!: (error: unknown) => void;
  #body: WatchedBody | undefined;
  #ended: (() => void) | undefined;

  constructor(request: Request, server: SimulatedServer) {
    super();
    this.request = request;
    this.#server = server;
    this.broken = new Promise((_, reject) => this.#break = reject);
    this.broken.catch(() => {});
    server.add(this);
  }

  override finish(...[end, error]: Parameters<Exchange["finish"]>): void {
    const isFirst = this.end === undefined;
    if (isFirst) this.#server.remove(this);
    super.finish(end, error);
    if (isFirst) this.#ended?.();
  }

  override failBody(error: unknown): void {
    this.#body?.fail(error);
  }

  override cut(): void {
    this.failBody(new TypeError("terminated"));
    this.finish("cut");
    this.#break(failed(new Error("The other side closed the connection")));
  }

  /** The connection breaks on its way. */
  lose(): void {
    this.leave(new TypeError("terminated"));
    this.#break(failed(Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" })));
  }

  /** The client is gone; what reads its response's body gets `reason`. */
  leave(reason: unknown): void {
    if (this.end !== undefined) return;
    this.finish("left");
    this.#body?.leave(reason);
  }

  /** The response as the client gets it; `pass` is the way of a chunk, `onEnd` is called when the exchange is over. */
  deliver(
    response: Response,
    pass: (chunk: Uint8Array, take: (part: Uint8Array) => void) => Promise<void>,
    onEnd: () => void,
  ): Response {
    const { status, statusText, headers } = response;
    let body: ReadableStream<Uint8Array> | null = null;
    this.#ended = onEnd;
    if (response.body !== null && this.request.method !== "HEAD" && status !== 204 && status !== 304) {
      this.#body = new WatchedBody(onTheWay(response.body.getReader(), pass).getReader(), this);
      body = this.#body.stream;
    } else {
      this.finish("sent");
      response.body?.cancel(new UnwantedBodyError()).catch(() => {});
    }
    return new Response(body, { status, statusText, headers });
  }
}

/** A body whose chunks have a way to go; none is taken from the source before it is asked for. */
function onTheWay(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  pass: (chunk: Uint8Array, take: (part: Uint8Array) => void) => Promise<void>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      await pass(value, (part) => controller.enqueue(part));
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/** What `fetch` rejects with when the network fails it. */
export function failed(cause: Error): TypeError {
  return new TypeError("fetch failed", { cause });
}
