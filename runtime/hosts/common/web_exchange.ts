/**
 * An exchange on hosts whose servers answer a `Request` with a `Response`: Deno and Bun.
 *
 * ```
 *   asked ──answered at once──────────────────> a body that is there whole: let through
 *     └──promised──> followed ──the answer──┘ └─> a stream: watched on its way out, as it alone tells how it ended
 *                       │                    └──> what cannot be sent, or a stream that fails at once: 500
 *                       └──cut──> 503 in its place; an answer that comes after the end is discarded
 * ```
 *
 * @module
 */

import { type Answer, discard, type HttpListenOptions, responseOf } from "../../port/http.ts";
import { BadHandshakeError, type HostWebSocket, type Upgraded, type WebSocketListener } from "../../port/web_socket.ts";
import { Exchange } from "./exchange.ts";
import { WatchedBody } from "./watched_body.ts";
import { declaredLength, lastOfConnection, sendable } from "./web_answer.ts";

/** What the exchanges of a server have in common. */
export interface WebServer {
  readonly options: HttpListenOptions;
  /** Is every answer to be the last one of its connection? */
  readonly isStopping: boolean;
}

/** What the exchanges of Deno and Bun have in common; how they learn of the end is each host's own. */
export abstract class WebExchange extends Exchange {
  readonly request: Request;
  /** As the host made it, and knows it. */
  protected readonly original: Request;
  protected readonly server: WebServer;
  /** The answer's body on its way out, if it is a stream. */
  protected watched: WatchedBody | undefined = undefined;
  /** Is the end of the exchange going to be told? */
  protected isFollowed = false;
  #webSocket: HostWebSocket | undefined = undefined;
  /** Answers in the handler's place; present while its answer is waited for. */
  #giveUp: ((response: Response) => void) | undefined = undefined;

  /** `url` is that of the request as all hosts write it. */
  constructor(original: Request, url: string, server: WebServer) {
    super();
    this.original = original;
    this.request = original.url === url ? original : new Request(url, original);
    this.server = server;
  }

  /** Begins to learn of the host how the exchange ends; called once, for what is not answered whole at once. */
  protected abstract learnEnd(): void;

  /** Sees to it that the end of an answer is known, if the host may send its body as it is; answers `false` for a stream. */
  protected abstract letThrough(response: Response): boolean;

  /** `upgrade`, for the host's part of it. */
  protected abstract makeWebSocket(listener: WebSocketListener, protocol: string | undefined): Upgraded;

  /** Is the answer to be the last one of its connection? */
  protected get isLast(): boolean {
    return this.server.isStopping;
  }

  /** The length of a body that the host makes a stream of, if it tells. */
  protected lengthOf(_response: Response): number | undefined {
    return undefined;
  }

  override get sendProgress(): number | undefined {
    return this.watched?.sendProgress;
  }

  /** Does the connection belong to a WebSocket? */
  get isUpgraded(): boolean {
    return this.#webSocket !== undefined;
  }

  /** Has the handler promised an answer that has not come? */
  protected get isAwaited(): boolean {
    return this.#giveUp !== undefined;
  }

  failBody(error: unknown): void {
    this.watched?.fail(error);
  }

  cut(): void {
    this.#webSocket?.terminate();
    // Before the exchange is told to end: after that it fails nothing.
    this.watched?.fail(new Error("The server cut the response"));
    this.finish("cut");
    this.#giveUp?.(new Response(null, { status: 503 }));
  }

  // deno-lint-ignore require-await -- what it throws is a rejection.
  override async upgrade(listener: WebSocketListener, protocol: string | undefined): Promise<Upgraded> {
    if (this.end !== undefined) throw new BadHandshakeError();
    const upgraded = this.makeWebSocket(listener, protocol);
    this.#webSocket = upgraded.socket;
    this.finish("sent");
    return upgraded;
  }

  /** Sees to it that the end is told. A second call does nothing. */
  protected follow(): void {
    if (this.isFollowed) return;
    this.isFollowed = true;
    this.learnEnd();
  }

  /** Has the request handled, and gives the host what it is to send. */
  answer(): Promise<Response> | Response {
    const handled = this.server.options.handle(this);
    return handled instanceof Promise ? this.#answerLater(handled) : this.#send(responseOf(handled));
  }

  async #answerLater(handled: Promise<Answer>): Promise<Response> {
    this.follow();
    const response = await new Promise<Response>((resolve) => {
      this.#giveUp = resolve;
      handled.then((answer) => resolve(responseOf(answer)));
    });
    this.#giveUp = undefined;
    return this.#send(response);
  }

  #send(response: Response): Promise<Response> | Response {
    // Neither host looks at the answer to a request that it has upgraded, but Deno's has to be its own.
    if (this.isUpgraded) return response;
    if (this.end !== undefined) return this.#tooLate(response);
    try {
      let answer = sendable(response);
      if (this.isLast) answer = lastOfConnection(answer);
      if (this.letThrough(answer)) return answer;
      const isHead = this.request.method === "HEAD";
      this.watched = new WatchedBody(answer.body!.getReader(), this, isHead ? undefined : declaredLength(answer));
      return this.#stream(answer, this.watched);
    } catch (error) {
      return this.#failed(response, error);
    }
  }

  async #stream(response: Response, watched: WatchedBody): Promise<Response> {
    try {
      await watched.begun();
    } catch (error) {
      return this.#failed(response, error);
    }
    if (this.end !== undefined) return this.#tooLate(response);
    const { status, statusText } = response;
    let { headers } = response;
    const length = this.lengthOf(response);
    if (length !== undefined) {
      headers = new Headers(headers);
      headers.set("content-length", String(length));
    }
    // The host would take the stream for one that its client has left.
    const isHead = this.request.method === "HEAD";
    if (isHead) watched.skip();
    return new Response(isHead ? null : watched.stream, { status, statusText, headers });
  }

  #tooLate(response: Response): Response {
    discard(response);
    return new Response(null, { status: 503 });
  }

  #failed(response: Response, error: unknown): Response {
    this.finish("failed", error);
    discard(response);
    const answer = new Response(null, { status: 500 });
    return this.isLast ? lastOfConnection(answer) : answer;
  }
}
