/**
 * Answers that `serve` gives in a handler's place, and what it takes from one.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { PlainAnswer } from "../../runtime/port/http.ts";
import { BodyLimitError, BodyTimeoutError } from "./request_body.ts";

/** Refuses what cannot be sent. */
export function checkResponse(response: unknown): void {
  if (!(response instanceof Response)) {
    throw new TypeError(`A handler has to return a Response: received ${show(response)}`);
  }
  if (response.bodyUsed) throw new TypeError("A handler has returned a Response whose body has been read already");
  if (response.status === 0) throw new TypeError("A handler has returned Response.error(), which cannot be sent");
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
