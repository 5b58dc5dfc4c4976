/**
 * The part of the `Host` port that is about HTTP: a listener as `serve` sees it, alike on every runtime.
 *
 * @module
 */

import type { Upgraded, WebSocketListener } from "./web_socket.ts";

/** What a host's HTTP server needs to know to open. */
export interface HttpListenOptions {
  /** The address to listen on; not looked at where `unix` is given. */
  readonly hostname: string;
  /** The port; 0 lets the system choose. */
  readonly port: number;
  /** The path of a Unix socket to listen on instead. */
  readonly unix: string | undefined;
  /** Certificate chain and key, as PEM; with them the server speaks TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** How long an idle keep-alive connection stays open, in ms, where the host can be told. */
  readonly keepAlive: number;
  /** How long the head of a request may take to come, in ms, where the host can be told; `Infinity` for no limit. */
  readonly headerTimeout: number;
  /** The most bytes of a WebSocket message. */
  readonly messageLimit: number;
  /** Answers one request. It must not reject; it throws where `exchange.request` does. */
  handle(exchange: HttpExchange): Promise<Answer> | Answer;
}

/** An answer of a server's own: a short text, for which not every host has to make a `Response`. */
export class PlainAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, text: string, headers: Readonly<Record<string, string>>) {
    this.status = status;
    this.text = text;
    this.headers = headers;
  }
}

/** What a request is answered with. */
export type Answer = Response | PlainAnswer;

/** The answer as a `Response`. */
export function responseOf(answer: Answer): Response {
  if (!(answer instanceof PlainAnswer)) return answer;
  return new Response(answer.text, { status: answer.status, headers: answer.headers });
}

/**
 * How an exchange ended: the response with its body has been sent; the client left before; the body's own stream failed; or the
 * server cut it.
 */
export type HttpEnd = "sent" | "left" | "failed" | "cut";

/** One request on its way. */
export interface HttpExchange {
  /**
   * The request, made when first asked for; throws if it is none that the standard allows. Its own `signal` is not to be touched:
   * `onEnd` is the cheap and right way.
   */
  readonly request: Request;
  /** The client's address, if known. */
  readonly remoteAddress: string | undefined;
  /** How the exchange ended; `undefined` before. */
  readonly end: HttpEnd | undefined;
  /**
   * While it is the client who is waited for, to take more of the answer: a number that another piece of the answer changes. Else
   * `undefined`.
   */
  readonly sendProgress: number | undefined;
  /** Is called once, when the exchange has ended; with the error of the body's stream, if that was it. */
  onEnd: ((end: HttpEnd, error?: unknown) => void) | undefined;
  /** Fails the response's body if it is a stream that has not ended; its source is cancelled. */
  failBody(error: unknown): void;
  /** Is an error of the handler the host's failure to read the request's body? Then the client has left, or was answered. */
  isBodyFailure(error: unknown): boolean;
  /** Ends the exchange whatever its state, the connection too where the host can be told. */
  cut(): void;
  /**
   * Makes a WebSocket of a request that asks for one; called once, before there is an answer. The exchange counts as sent then.
   * Rejects where the host cannot.
   */
  upgrade(listener: WebSocketListener, protocol: string | undefined): Promise<Upgraded>;
}

/** An open HTTP server. */
export interface HttpListener {
  /** The port in use; 0 for a Unix socket. */
  readonly port: number;
  /** Stops accepting; settles when every connection has ended. Open connections are told to close after their answer. */
  stop(): Promise<void>;
  /** Cuts what is still open after `stop`. */
  abort(): void;
}

/** Reading a request's body fails with this on hosts where that is ours to say. */
export class RequestBodyError extends Error {
  override readonly name = "RequestBodyError";

  constructor() {
    super("The client left before the whole body of its request had come");
  }
}

/** What every host's exchange is made of: that it ends once, and tells of it. */
export abstract class Exchange implements HttpExchange {
  abstract readonly request: Request;
  abstract readonly remoteAddress: string | undefined;
  end: HttpEnd | undefined = undefined;
  onEnd: ((end: HttpEnd, error?: unknown) => void) | undefined = undefined;

  abstract failBody(error: unknown): void;
  abstract cut(): void;

  get sendProgress(): number | undefined {
    return undefined;
  }

  upgrade(_listener: WebSocketListener, _protocol: string | undefined): Promise<Upgraded> {
    return Promise.reject(new TypeError("There are no WebSockets here"));
  }

  isBodyFailure(error: unknown): boolean {
    return error instanceof RequestBodyError;
  }

  /** Ends the exchange; only the first call counts. */
  finish(end: HttpEnd, error?: unknown): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.onEnd?.(end, error);
  }
}

/** A body on its way out that is watched, for hosts that do not tell how it ended, and that can be failed. */
export class WatchedBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #exchange: Exchange;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #pieces = 0;
  #isPulled = false;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, exchange: Exchange) {
    this.#reader = reader;
    this.#exchange = exchange;
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pass(),
      cancel: (reason) => {
        exchange.finish("left");
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }

  /** See `HttpExchange`: hosts ask for a piece when the client has taken those before. */
  get sendProgress(): number | undefined {
    return this.#isPulled ? undefined : this.#pieces;
  }

  /** Makes the client see that the body is not whole. */
  fail(error: unknown): void {
    if (this.#exchange.end !== undefined) return;
    this.#exchange.finish("cut");
    this.#controller.error(error);
    this.#reader.cancel(error).catch(() => {});
  }

  /** The reader is gone: what it still reads fails with `reason`. */
  leave(reason: unknown): void {
    this.#controller.error(reason);
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Gives the host one more chunk. */
  async #pass(): Promise<void> {
    let result: ReadableStreamReadResult<Uint8Array>;
    this.#isPulled = true;
    try {
      result = await this.#reader.read();
      if (!result.done) checkChunk(result.value);
    } catch (error) {
      this.#exchange.finish("failed", error);
      this.#reader.cancel(error).catch(() => {});
      throw error;
    }
    if (this.#exchange.end !== undefined) return;
    this.#isPulled = false;
    this.#pieces++;
    if (!result.done) return this.#controller.enqueue(result.value);
    this.#controller.close();
    this.#exchange.finish("sent");
  }
}

/** Refuses a chunk of a body that is no bytes: what a host makes of one differs. */
export function checkChunk(chunk: unknown): asserts chunk is Uint8Array {
  if (!(chunk instanceof Uint8Array)) {
    throw new TypeError(`The stream of a body gives Uint8Arrays: received ${typeof chunk}`);
  }
}

/** Can it be the host of a request? One with a slash in it would become part of the URL's path. */
export function isHost(host: string): boolean {
  return /^[\w.:[\]~-]*$/.test(host);
}

/** Lets go of a response that nobody will be sent. */
export function discard(response: Answer): void {
  if (response instanceof Response && !response.bodyUsed) response.body?.cancel().catch(() => {});
}
