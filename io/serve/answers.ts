/**
 * Answers that `serve` gives in a handler's place, and what it takes from one.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { PlainAnswer } from "../../runtime/port/http.ts";
import { isDecodedByFetch } from "../../runtime/system/fetch.ts";
import { BodyLimitError, BodyTimeoutError } from "./request_body.ts";
import { UpstreamError } from "./upstream_error.ts";

/** What is sent of what a handler has returned; refuses what cannot be. */
export function answerOf(response: unknown): Response {
  if (!(response instanceof Response)) {
    throw new TypeError(`A handler has to return a Response: received ${show(response)}`);
  }
  if (response.bodyUsed) throw new TypeError("A handler has returned a Response whose body has been read already");
  if (response.status === 0) throw new TypeError("A handler has returned Response.error(), which cannot be sent");
  return response.url === "" ? response : asDecoded(response);
}

/**
 * What `fetch` has given is as it was decoded, while its fields tell of the body before. Only what `fetch` has made has a URL: a copy of it
 * that a handler has made is sent as it is.
 */
function asDecoded(response: Response): Response {
  const coding = response.headers.get("content-encoding");
  if (coding === null || !isDecodedByFetch(coding)) return response;
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return new Response(body, { status, statusText, headers });
}

/** A text for a person. */
export function plain(status: number, text: string, headers: Record<string, string> = {}): PlainAnswer {
  return new PlainAnswer(status, text + "\n", { "content-type": "text/plain; charset=utf-8", ...headers });
}

/** What the client gets for an error of the handler: not its text. */
export function answerTo(error: unknown): PlainAnswer {
  if (error instanceof BodyLimitError) return tooLarge();
  if (error instanceof BodyTimeoutError) {
    return plain(408, "The request body took too long", { connection: "close" });
  }
  if (error instanceof UpstreamError) return plain(502, "Bad Gateway");
  return plain(500, "Internal Server Error");
}

/** 413. */
export function tooLarge(): PlainAnswer {
  return plain(413, "The request body is too large", { connection: "close" });
}

/** 503. */
export function unavailable(text: string): PlainAnswer {
  return plain(503, text, { "retry-after": "1" });
}
