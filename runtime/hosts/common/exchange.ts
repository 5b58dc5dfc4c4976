/**
 * What every host's exchange of a request and its answer is made of.
 *
 * @module
 */

import type { BodyWatch, HttpEnd, HttpExchange } from "../../port/http.ts";
import type { Upgraded, WebSocketListener } from "../../port/web_socket.ts";

/** Reading a request's body fails with this on hosts where that is ours to say. */
export class RequestBodyError extends Error {
  override readonly name = "RequestBodyError";

  /** Because its client has left; or because its request was answered, and Node has let go of it. */
  constructor(why: "left" | "answered" = "left") {
    super(
      why === "left"
        ? "The client disconnected before the whole body of its request had come"
        : "The body of the request was not read before its answer had gone out",
    );
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

  get hasBody(): boolean {
    const { request } = this;
    return request.method !== "GET" && request.method !== "HEAD" && request.body !== null;
  }

  requestWith(watch: BodyWatch): Request {
    const { url, method, headers, body } = this.request;
    return new Request(url, { method, headers, body: watch.wrap(body!), duplex: "half" } as RequestInit);
  }

  get sendProgress(): number | undefined {
    return undefined;
  }

  upgrade(_listener: WebSocketListener, _protocol: string | undefined): Promise<Upgraded> {
    return Promise.reject(new TypeError("There are no WebSockets here"));
  }

  /** Ends the exchange; only the first call counts. */
  finish(end: HttpEnd, error?: unknown): void {
    if (this.end !== undefined) return;
    this.end = end;
    this.onEnd?.(end, error);
  }
}
