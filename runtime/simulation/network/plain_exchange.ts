/**
 * A request and its answer in a simulation without machines.
 *
 * ```
 *   fetch ──"GET /a arrives"──> handler of the server ──"response to GET /a"──> fetch resolves ──"body of GET /a"──> it is read
 * ```
 *
 * @module
 */

import type { Exchange } from "../../hosts/common/exchange.ts";
import { WatchedBody } from "../../hosts/common/watched_body.ts";
import { UnwantedBodyError } from "../../port/http.ts";
import { failed } from "./fetch_abort.ts";
import { ServedExchange, type SimulatedServer } from "./http_server.ts";

/** A request on its way. */
export class PlainExchange extends ServedExchange {
  readonly request: Request;
  readonly remoteAddress = "127.0.0.1";
  /** Rejects when the exchange breaks before its response has arrived. */
  readonly broken: Promise<never>;
  #break!: (error: unknown) => void;
  #body: WatchedBody | undefined;
  #ended: (() => void) | undefined;

  constructor(request: Request, server: SimulatedServer) {
    super(server);
    this.request = request;
    this.broken = new Promise((_, reject) => this.#break = reject);
    this.broken.catch(() => {});
  }

  override finish(...[end, error]: Parameters<Exchange["finish"]>): void {
    const isFirst = this.end === undefined;
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
