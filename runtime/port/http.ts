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
  /** The names of the hosts served, without ports; `undefined` for any. */
  readonly allowedHosts: readonly string[] | undefined;
  /** The most bytes of a WebSocket message. */
  readonly messageLimit: number;
  /** Does the open server hold the process? */
  readonly hold: boolean;
  /** Are requests to be made when they are needed, where the host can do that? `undefined`: where nothing else can tell. */
  readonly lazyRequests: boolean | undefined;
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

/** Sees what comes of the body of a request, and may end it. Either `wrap` is called or `begin`, and once at most. */
export interface BodyWatch {
  /** Makes another body of the one that the request came with. */
  wrap(original: ReadableStream<Uint8Array>): ReadableStream<Uint8Array>;
  /** All of it is going to be read, without a stream; `stop` makes that fail. */
  begin(stop: (error: unknown) => void): void;
  /** So many bytes have come of it; throws where that are too many. */
  came(bytes: number): void;
  /** It has come to its end. */
  ended(): void;
  /** The host cannot read any more of it. */
  lost(error: unknown): void;
}

/** One request on its way. */
export interface HttpExchange {
  /**
   * The request, made when first asked for; throws if it is none that the standard allows. Its own `signal` is not to be touched:
   * `onEnd` is the cheap and right way.
   */
  readonly request: Request;
  /** Has the request a body? */
  readonly hasBody: boolean;
  /**
   * The same with a body that is watched, of one that has a body; called once at most. The watch may be told at once, or when the body is
   * first needed. The request may be the same object.
   */
  requestWith(watch: BodyWatch): Request;
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
  /** Ends the exchange whatever its state, the connection too where the host can be told. */
  cut(): void;
  /**
   * Makes a WebSocket of a request that asks for one; called once, before there is an answer. The exchange counts as sent then.
   * Rejects with a `BadHandshakeError` when the client has left or the host refuses its handshake, else where the host cannot.
   */
  upgrade(listener: WebSocketListener, protocol: string | undefined): Promise<Upgraded>;
}

/** An open HTTP server. */
export interface HttpListener {
  /** The port in use; 0 for a Unix socket. */
  readonly port: number;
  /**
   * From the call on every answer says that it is the last one of its connection. When no request has come for a while, which is not
   * longer than `patience` ms, new connections are refused, and those without a request under way are closed: also those that have not
   * come to a whole head, or have not shaken hands. Settles when every connection has ended.
   */
  stop(patience: number): Promise<void>;
  /** Cuts what is still open after `stop`. */
  abort(): void;
}

/** The stream of an answer to HEAD is cancelled with this: what makes it then fails with it, which is nobody's fault. */
export class UnwantedBodyError extends Error {
  override readonly name = "UnwantedBodyError";

  constructor() {
    super("The body of an answer to HEAD is not sent");
  }
}

/** Lets go of a response that nobody will be sent. */
export function discard(response: Answer): void {
  if (response instanceof Response && !response.bodyUsed) response.body?.cancel().catch(() => {});
}
