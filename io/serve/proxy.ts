/**
 * Requests handed on to another server.
 *
 * ```
 *   request ──less the fields of its connection──> fetch ──> upstream
 *   answer  <──less those of the other one, and of a coding that fetch has undone── upstream
 * ```
 *
 * @module
 */

import { isOfConnection } from "../../runtime/basics/answer_head.ts";
import { checkOptions, show } from "../../runtime/basics/check.ts";
import { listOf } from "../../runtime/basics/field_values.ts";
import { fetchPlain } from "../../runtime/system/fetch.ts";
import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { checkSignal } from "../../scheduler/scopes/foreign_signal.ts";
import { UpstreamError } from "./upstream_error.ts";

/** How a request is to be handed on. */
export interface ProxyOptions {
  /**
   * Fields that the upstream is to see, in the place of the client's of the same name: "x-forwarded-for" with `context.remoteAddress`,
   * say. What the client says of that kind is dropped, as anybody can say it; who has a proxy of their own in front hands it on here. Default: none.
   */
  headers?: HeadersInit;
  /** Ends the exchange with the upstream when aborted. Default: the scope of the caller, which a handler's request cancels. */
  signal?: AbortSignal;
}

/**
 * Hands a request on to another server, and gives its answer. Bodies are streamed both ways, no faster than they are taken; when the request is
 * cancelled, or its client disconnects, the upstream is let go. Fields that say how a connection is used, those that `Connection` names among
 * them, are dropped both ways, and so is what the client says of proxies before. Redirects are given to the client. The upstream is asked for
 * its bodies as they are; where it has encoded one all the same and `fetch` has decoded it, the answer says neither coding nor length.
 *
 * @param upstream The server; a path in it goes before that of the request.
 * @throws {TypeError} at the call, for arguments of a wrong kind.
 * @throws {UpstreamError} (rejection) when there is no answer; uncaught in a handler it is 502 for the client, and is reported.
 *
 * @example
 * ```ts
 * import { proxy, serve, text } from "@millrace/millrace/io";
 *
 * const inner = await serve((request) => text(`inner ${new URL(request.url).pathname}`));
 * const outer = await serve((request, { remoteAddress = "" }) =>
 *   proxy(request, inner.url, { headers: { "x-forwarded-for": remoteAddress } })
 * );
 * console.log(await (await fetch(new URL("/here", outer.url))).text());
 * // -> inner /here
 * await outer.drain();
 * await inner.drain();
 * ```
 */
export function proxy(request: Request, upstream: string | URL, options: ProxyOptions = {}): Promise<Response> {
  if (!(request instanceof Request)) {
    throw new TypeError(`proxy takes a Request: received ${show(request)}`);
  }
  const target = targetOf(request, upstream);
  checkOptions(options, "proxy", ["headers", "signal"]);
  checkSignal(options.signal);
  const headers = requestFields(request, new Headers(options.headers));
  return handOn(request, target, headers, options.signal ?? currentScope()?.signal ?? request.signal);
}

async function handOn(request: Request, target: URL, headers: Headers, signal: AbortSignal): Promise<Response> {
  signal.throwIfAborted();
  const { method } = request;
  const body = request.body === null ? undefined : new SentBody(request.body);
  if (body === undefined) headers.delete("content-length");
  try {
    const sent = { method, headers, signal, redirect: "manual" as const, ...(body && { body: body.stream }) };
    const { response, isDecoded } = await fetchPlain(target, sent);
    const { status, statusText } = response;
    if (status < 200 || status > 599) {
      response.body?.cancel().catch(() => {});
      throw new RangeError(`A status is from 200 to 599: received ${status}`);
    }
    return new Response(response.body, { status, statusText, headers: answerFields(response.headers, isDecoded) });
  } catch (error) {
    signal.throwIfAborted();
    // The request's own fault, such as that it is too long, is not the upstream's.
    if (body?.failure !== undefined) throw body.failure.error;
    throw new UpstreamError(target, error);
  }
}

/** The body of a request on its way, which remembers why it has failed: `fetch` has an error of its own then. */
class SentBody {
  readonly stream: ReadableStream<Uint8Array>;
  failure: { readonly error: unknown } | undefined = undefined;

  constructor(body: ReadableStream<Uint8Array>) {
    const reader = body.getReader();
    this.stream = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await reader.read().catch((error) => {
          this.failure = { error };
          throw error;
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    }, { highWaterMark: 0 });
  }
}

/** Not by resolving one against the other: a path may look like the address of another server. */
function targetOf(request: Request, upstream: string | URL): URL {
  if (typeof upstream !== "string" && !(upstream instanceof URL)) {
    throw new TypeError(`An upstream is a URL: received ${show(upstream)}`);
  }
  const target = new URL(upstream);
  const { protocol, username, password, search, hash } = target;
  if ((protocol !== "http:" && protocol !== "https:") || username + password + search + hash !== "") {
    throw new TypeError(
      `An upstream is a URL of http or https, with a path at most: received ${show(String(upstream))}`,
    );
  }
  const asked = new URL(request.url);
  target.pathname = target.pathname.replace(/\/$/, "") + asked.pathname;
  target.search = asked.search;
  return target;
}

/** What anybody can say of the proxies before. */
const ofForwarding = /^(forwarded|via|x-real-ip|x-forwarded-.*)$/;

function requestFields(request: Request, own: Headers): Headers {
  const fields = withoutConnection(request.headers);
  for (const name of [...fields.keys()]) if (ofForwarding.test(name)) fields.delete(name);
  // Whose they are, and what the client waits for, is between it and us.
  for (const name of ["host", "expect"]) fields.delete(name);
  for (const name of new Set(own.keys())) fields.set(name, own.get(name)!);
  return fields;
}

function answerFields(from: Headers, isDecoded: boolean): Headers {
  const fields = withoutConnection(from);
  if (isDecoded) fields.delete("content-encoding");
  const length = fields.get("content-length");
  // Two lengths are two answers to somebody.
  if (isDecoded || (length !== null && !/^\d{1,15}$/.test(length))) fields.delete("content-length");
  return fields;
}

/** The fields that are not about the connection they came by; several of one name stay several. */
function withoutConnection(from: Headers): Headers {
  const named = new Set(listOf((from.get("connection") ?? "").toLowerCase()));
  const fields = new Headers();
  for (const [name, value] of from) {
    if (!isOfConnection(name) && !name.startsWith("proxy-") && !named.has(name)) fields.append(name, value);
  }
  return fields;
}
