/**
 * A request of `fetch`, as it is sent.
 *
 * @module
 */

import { portOf } from "../../basics/authority.ts";

/** The parts of a URL that matter on the way. */
export interface Target {
  /** Without what is only the client's. */
  readonly url: string;
  readonly hash: string;
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
}

/** What the body of a request is sent from. */
export type SentBody = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array> | undefined;

/** A request, as it is sent. */
export interface SentRequest {
  readonly target: Target;
  readonly method: string;
  readonly headers: Headers;
  readonly body: SentBody;
  readonly redirect: RequestRedirect;
  readonly signal: AbortSignal | undefined;
}

/** As many targets are kept: programs ask for the same ones again and again. */
const mostTargets = 256;
const targets = new Map<string, Target>();
const encoder = new TextEncoder();
const simpleMethods = new Set(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]);
const simpleMembers = new Set(["method", "headers", "body", "signal", "redirect"]);

/** The parts of a URL; `undefined` for none of HTTP, and for one with a user. */
export function targetOf(url: string): Target | undefined {
  const known = targets.get(url);
  if (known !== undefined) return known;
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  const { protocol, hash, host, hostname, username, password, pathname, search } = parsed;
  if ((protocol !== "http:" && protocol !== "https:") || username !== "" || password !== "") return undefined;
  const port = portOf(parsed);
  parsed.hash = "";
  const target: Target = { url: parsed.href, hash, host, hostname, port, path: pathname + search };
  if (targets.size >= mostTargets) targets.clear();
  targets.set(url, target);
  return target;
}

/** What `fetch` was called with. Most calls need no `Request` of the host's, which takes longer than all else. */
export function requestOf(input: RequestInfo | URL, init: RequestInit | undefined): Promise<SentRequest> | SentRequest {
  return simpleRequest(input, init) ?? anyRequest(input, init);
}

function simpleRequest(input: RequestInfo | URL, init: RequestInit = {}): SentRequest | undefined {
  if (typeof input !== "string" || !isSimple(init)) return undefined;
  const { method = "GET", headers, body, redirect = "follow", signal } = init;
  const target = targetOf(input);
  if (target === undefined || !simpleMethods.has(method)) return undefined;
  if (body === undefined || body === null) {
    return { target, method, headers: new Headers(headers), body: undefined, redirect, signal: signal ?? undefined };
  }
  if (method === "GET" || method === "HEAD") return undefined;
  const isText = typeof body === "string";
  if (!isText && !(body instanceof Uint8Array)) return undefined;
  const sent = new Headers(headers);
  if (isText && !sent.has("content-type")) sent.set("content-type", "text/plain;charset=UTF-8");
  const bytes = isText ? encoder.encode(body) : new Uint8Array(body);
  return { target, method, headers: sent, body: bytes, redirect, signal: signal ?? undefined };
}

/** Is all of it such that the host's own `Request` would say nothing else of it? */
function isSimple(init: RequestInit): boolean {
  for (const name in init) if (!simpleMembers.has(name)) return false;
  const { signal, redirect } = init;
  if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) return false;
  return redirect === undefined || redirect === "follow" || redirect === "manual" || redirect === "error";
}

async function anyRequest(input: RequestInfo | URL, init: RequestInit | undefined): Promise<SentRequest> {
  const request = new Request(input, init);
  const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
  const { url, method, headers, redirect } = request;
  const target = targetOf(url);
  if (target === undefined) {
    const cause = new Error(`unknown scheme: ${new URL(url).protocol}`);
    throw new TypeError("fetch failed", { cause });
  }
  signal?.throwIfAborted();
  const isStream = init?.body === undefined || init.body === null || init.body instanceof ReadableStream;
  const body = request.body === null || isStream
    ? request.body ?? undefined
    : new Uint8Array(await request.arrayBuffer());
  return { target, method, headers, body, redirect, signal: signal ?? undefined };
}
