/**
 * A request at its server, where machines are simulated, and how it is answered.
 *
 * ```
 *   arrived ──the handler returns──> a body that is there ──────────────────────> sent
 *      │                      └────> a stream ──piece by piece, as it is read──> sent, or failed
 *      └──the client leaves, or the server cuts it──> left, cut: nothing is sent any more
 * ```
 *
 * @module
 */

import { RequestBodyError } from "../../hosts/common/exchange.ts";
import { type Answer, type BodyWatch, discard, PlainAnswer, UnwantedBodyError } from "../../port/http.ts";
import { type BodyCarrier, BodyWay } from "./body_way.ts";
import { failed } from "./fetch_abort.ts";
import { ServedExchange, type SimulatedServer } from "./http_server.ts";

/** What a request is at its server. */
export interface ArrivedRequest {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;
  readonly remoteAddress: string;
}

/** The way back to the client. */
export interface AnswerWay extends BodyCarrier {
  /** The client gets a whole answer. */
  whole(init: ResponseInit, body: Uint8Array<ArrayBuffer> | undefined): void;
  /** It gets an answer with a body that comes in pieces. */
  begins(init: ResponseInit, body: BodyWay): void;
  /** It gets an error, or one in the place of the rest. */
  fails(error: Error | undefined): void;
}

const encoder = new TextEncoder();

/** A request that has come to a server. */
export class MachineExchange extends ServedExchange {
  readonly remoteAddress: string;
  readonly #server: SimulatedServer;
  readonly #arrived: ArrivedRequest;
  readonly #back: AnswerWay;
  #request: Request | undefined = undefined;
  #watch: BodyWatch | undefined = undefined;
  #body: BodyWay | undefined = undefined;

  constructor(server: SimulatedServer, arrived: ArrivedRequest, back: AnswerWay) {
    super(server);
    this.remoteAddress = arrived.remoteAddress;
    this.#server = server;
    this.#arrived = arrived;
    this.#back = back;
  }

  get request(): Request {
    return this.#request ??= this.#make();
  }

  override get hasBody(): boolean {
    return this.#arrived.body !== undefined;
  }

  override requestWith(watch: BodyWatch): Request {
    this.#watch = watch;
    if (this.#arrived.body instanceof Uint8Array) return this.request;
    return this.#request = super.requestWith(watch);
  }

  override get sendProgress(): number | undefined {
    return this.#body?.progress;
  }

  #make(): Request {
    const { url, method, headers, body } = this.#arrived;
    if (body === undefined) return new Request(url, { method, headers });
    const stream = body instanceof Uint8Array ? this.#streamOf(body) : body;
    return new Request(url, { method, headers, body: stream, duplex: "half" } as RequestInit);
  }

  /** A body that is there whole, which is seen when it is read. */
  #streamOf(body: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>({
      pull: (controller) => {
        let isStopped = false;
        this.#watch?.begin((error) => {
          isStopped = true;
          controller.error(error);
        });
        if (isStopped) return;
        this.#watch?.came(body.length);
        this.#watch?.ended();
        if (body.length > 0) controller.enqueue(body);
        controller.close();
      },
    }, { highWaterMark: 0 });
  }

  /** Has it handled, and sends the answer. */
  handle(): void {
    this.#server.enter(async () => {
      const answer = await this.#server.options.handle(this);
      if (this.end !== undefined) discard(answer);
      else await this.#answer(answer);
    });
  }

  async #answer(answer: Answer): Promise<void> {
    if (answer instanceof PlainAnswer) {
      const { status, text, headers } = answer;
      return this.#whole({ status, headers }, encoder.encode(text));
    }
    const { status, statusText, headers, body: source } = answer;
    const init = { status, statusText, headers };
    if (source === null || this.#arrived.method === "HEAD" || hasNoBody(status)) {
      source?.cancel(new UnwantedBodyError()).catch(() => {});
      return this.#whole(init, undefined);
    }
    const body = this.#body = new BodyWay(source, this.#back);
    try {
      const { there, isWhole } = await body.begin();
      if (this.end !== undefined) return;
      if (isWhole) return this.#whole(init, there);
      this.#back.begins(init, body);
      if (await body.rest(there)) this.finish("sent");
    } catch (error) {
      if (this.end !== undefined) return;
      this.finish("failed", error);
      this.#back.fails(undefined);
    }
  }

  #whole(init: ResponseInit, body: Uint8Array<ArrayBuffer> | undefined): void {
    this.finish("sent");
    this.#back.whole(init, body);
  }

  failBody(error: unknown): void {
    if (this.#body === undefined || this.end !== undefined) return;
    this.finish("cut");
    this.#body.stop(error);
    this.#back.fails(undefined);
  }

  cut(): void {
    if (this.end !== undefined) return;
    this.finish("cut");
    this.#body?.stop(new TypeError("terminated"));
    this.#back.fails(failed(new Error("The other side closed the connection")));
  }

  /** The client is gone. */
  leave(reason: unknown): void {
    if (this.end !== undefined) return;
    this.finish("left");
    this.#watch?.lost(new RequestBodyError());
    this.#body?.stop(reason);
  }

  lose(): void {
    this.leave(new TypeError("terminated"));
  }
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
