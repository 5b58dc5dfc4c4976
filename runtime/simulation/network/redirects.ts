/**
 * Following where an answer leads, as the standard of `fetch` has it.
 *
 * @module
 */

import { failed } from "./fetch_abort.ts";
import { type SentRequest, type Target, targetOf } from "./fetch_request.ts";

/** So many times one request may be led elsewhere. */
const mostRedirects = 20;

/** What describes a body, and goes with it. */
const ofBodies = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];

/** Sends a request, and others where its answer says so; each by `send`. */
export async function follow(
  first: SentRequest,
  send: (request: SentRequest) => Promise<Response>,
): Promise<Response> {
  let request = first;
  for (let count = 0;; count++) {
    const response = await send(request);
    const location = isRedirect(response.status) ? response.headers.get("location") : null;
    if (location === null || request.redirect === "manual") return told(response, request.target, count > 0);
    response.body?.cancel().catch(() => {});
    if (request.redirect === "error") throw failed(new Error("unexpected redirect"));
    if (count >= mostRedirects) throw failed(new Error("redirect count exceeded"));
    request = next(request, response.status, location);
  }
}

function isRedirect(status: number): boolean {
  return status >= 301 && status <= 308 && (status <= 303 || status >= 307);
}

/** The request that follows one that was led elsewhere. */
function next(request: SentRequest, status: number, location: string): SentRequest {
  const { target: from, method, body } = request;
  const target = URL.canParse(location, from.url) ? targetOf(new URL(location, from.url).href) : undefined;
  if (target === undefined) throw failed(new Error(`URL scheme must be a HTTP(S) scheme: ${location}`));
  const headers = new Headers(request.headers);
  if (target.host !== from.host) { for (const name of ["authorization", "cookie", "host"]) headers.delete(name); }
  if ((status <= 302 && method === "POST") || (status === 303 && method !== "GET" && method !== "HEAD")) {
    for (const name of ofBodies) headers.delete(name);
    return { ...request, target, method: "GET", headers, body: undefined };
  }
  // It has been read.
  if (body instanceof ReadableStream) throw failed(new Error("a stream cannot be sent again"));
  return { ...request, target, headers };
}

/** The response, saying where it is from. */
function told(response: Response, { url }: Target, redirected: boolean): Response {
  Object.defineProperty(response, "url", { value: url, configurable: true });
  if (redirected) Object.defineProperty(response, "redirected", { value: true, configurable: true });
  return response;
}
