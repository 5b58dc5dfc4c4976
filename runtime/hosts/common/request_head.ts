/**
 * The gate that the head of every request passes before anything is made for it: what two programs could read in two ways is refused.
 *
 * ```
 *   version ──> number of fields ──> method ──> Host ──> length and coding of the body ──> target ──> allowed hosts ──> the url
 *     505            431            405, 501    400             400, 501                     400           421
 * ```
 *
 * A host has parsed the head, and refused what is none by its own rules. RFC 9112 is meant by the numbers of sections.
 *
 * @module
 */

import { type AllowedHosts, authorityOf } from "../../basics/authority.ts";
import { listOf } from "../../basics/field_values.ts";

/** So many fields a request has at most: Deno cannot be told another number than 128, and others are not to allow more. */
export const maxFields = 100;
/** So many bytes the target and the fields of a request have at most, together with what separates them. */
export const maxHeadBytes: number = 16 * 1024;

/** The head of a request, as far as the gate looks at it. Values of a field that came twice are joined by commas, as in `Headers`. */
export interface RequestHead {
  readonly method: string;
  /** As it stood in the request line; or the whole url, from hosts that show no more. */
  readonly target: string;
  /** "1.1"; from hosts that show none, "1.1" is what it has to be. */
  readonly version: string;
  /** How many fields there are. */
  readonly fields: number;
  readonly host: string | undefined;
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
}

/** Why a request is not handled: the status that its client gets, after which the connection is closed. */
export class Refusal {
  readonly status: number;
  /** The further fields of the answer. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, fields: Readonly<Record<string, string>> = {}) {
    this.status = status;
    this.fields = fields;
  }
}

/** 400: what no two servers would have to read alike. */
export const badRequest: Refusal = new Refusal(400);
const methodNotAllowed = new Refusal(405, { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" });
const misdirected = new Refusal(421);
/** 431: the head is too large, or has too many fields. */
export const headTooLarge: Refusal = new Refusal(431);
/** 501: a method or a coding that no server here knows. */
export const notImplemented: Refusal = new Refusal(501);
const versionNotSupported = new Refusal(505);

/** The methods of which requests are made: those that all hosts know, and that the standard's `Request` allows. */
const methods = new Set([
  ..."GET HEAD POST PUT PATCH DELETE OPTIONS QUERY ACL BIND CHECKOUT COPY LINK LOCK MERGE MKACTIVITY MKCALENDAR".split(
    " ",
  ),
  ..."MKCOL MOVE NOTIFY PROPFIND PROPPATCH PURGE REBIND REPORT SEARCH SOURCE SUBSCRIBE UNBIND UNLINK UNLOCK".split(" "),
  ..."UNSUBSCRIBE M-SEARCH".split(" "),
]);
/** Known, and refused: they would make a tunnel, or show a client what proxies added to its request. */
const forbidden = new Set(["CONNECT", "TRACE", "TRACK"]);

/** A target that a url has just as it is. `'` is not among these: a url escapes it in a query. */
const plainTarget = /^\/[\w\-.~!$&()*+,;=:@%/?]*$/;
/** The same behind the origin of a url. */
const plainUrl = /^https?:\/\/[^/]+\/[\w\-.~!$&()*+,;=:@%/?]*$/;
const slash = 0x2f;
/** A segment of dots, or what could be one: a url has none. */
const dots = /\/\.|%2e/i;
/** What may stand in a target at all: neither space nor control, nothing beyond ASCII, and no fragment. */
const allowedTarget = /^[!-"$-~]+$/;

/** Judges the heads of one server's requests. */
export class RequestGate {
  readonly #scheme: "http" | "https";
  readonly #allowed: AllowedHosts | undefined;
  /** The authority of requests that name none: HTTP/1.0 knows such. */
  ownAuthority = "localhost";
  /** The last `Host` that was right, and the origin that it made: most requests of a server have the same. */
  #lastHost: string | undefined = undefined;
  #lastOrigin = "";

  constructor(scheme: "http" | "https", allowed: AllowedHosts | undefined) {
    this.#scheme = scheme;
    this.#allowed = allowed;
  }

  /** The url of the request, as `URL` writes it, or why the request is refused. */
  judge(head: RequestHead): string | Refusal {
    if (head.version !== "1.1" && head.version !== "1.0") return versionNotSupported;
    if (head.fields > maxFields) return headTooLarge;
    if (!methods.has(head.method)) return forbidden.has(head.method) ? methodNotAllowed : notImplemented;
    const { host } = head;
    let origin = this.#lastOrigin;
    if (host === undefined || host !== this.#lastHost) {
      // Also beside a target that has an authority (3.2).
      if (host === undefined && head.version === "1.1") return badRequest;
      const authority = authorityOf(host ?? this.ownAuthority, this.#scheme);
      if (authority === undefined) return badRequest;
      origin = `${this.#scheme}://${authority}`;
      if (host !== undefined) {
        this.#lastHost = host;
        this.#lastOrigin = origin;
      }
    }
    if (head.transferEncoding !== undefined || head.contentLength !== undefined) {
      const fault = faultOfFraming(head);
      if (fault !== undefined) return fault;
    }
    const url = this.#urlOf(origin, head.target);
    if (url === undefined) return badRequest;
    if (this.#allowed === undefined) return url;
    const start = this.#scheme.length + 3;
    return this.#allowed.has(url.slice(start, url.indexOf("/", start))) ? url : misdirected;
  }

  /**
   * Would `judge` answer the url as it is, for a head that says nothing of a body? So it is for most requests, on hosts that show a url in
   * the target's place: to take it apart and to put it together again costs a thirtieth of a request of `bench/serve.ts`.
   */
  isPlain(method: string, host: string, url: string): boolean {
    const { length } = this.#lastOrigin;
    return host === this.#lastHost && this.#allowed === undefined && url.startsWith(this.#lastOrigin) &&
      url.charCodeAt(length) === slash && plainUrl.test(url) && !dots.test(url) && methods.has(method) &&
      method !== "OPTIONS";
  }

  #urlOf(origin: string, target: string): string | undefined {
    if (plainTarget.test(target) && !dots.test(target)) return origin + target;
    if (!allowedTarget.test(target)) return undefined;
    if (target.startsWith("/")) return hrefOf(origin + target);
    // Whose scheme is not the connection's was sent to the wrong place, or is no request of HTTP at all.
    const scheme = `${this.#scheme}://`;
    if (target.slice(0, scheme.length).toLowerCase() !== scheme) return undefined;
    const end = target.slice(scheme.length).search(/[/?]|$/) + scheme.length;
    // The authority of the target counts, not that of the Host field (3.2.2).
    const authority = authorityOf(target.slice(scheme.length, end), this.#scheme);
    if (authority === undefined) return undefined;
    const path = target.slice(end);
    return hrefOf(scheme + authority + (path.startsWith("/") ? path : `/${path}`));
  }
}

/** The url as `URL` writes it; `undefined` for one that others would take for another path. */
function hrefOf(url: string): string | undefined {
  const query = url.indexOf("?");
  // `URL` makes a slash of it, while whoever guards a path in front of the server sees a letter of a name.
  if (url.lastIndexOf("\\", query < 0 ? url.length : query) >= 0) return undefined;
  try {
    const { href } = new URL(url);
    // Node before 26 and Deno leave it in a path, as the standard once did; whoever compares paths is to see one form.
    return href.includes("^") ? href.replace(/^[^?]+/, (path) => path.replaceAll("^", "%5E")) : href;
  } catch {
    return undefined;
  }
}

/** What is wrong with what is said about the body's end (6.1 to 6.3). */
function faultOfFraming({ version, contentLength, transferEncoding }: RequestHead): Refusal | undefined {
  if (transferEncoding === undefined) return isLength(contentLength!) ? undefined : badRequest;
  if (contentLength !== undefined || version === "1.0") return badRequest;
  const codings = listOf(transferEncoding.toLowerCase());
  if (codings.length === 1 && codings[0] === "chunked") return undefined;
  // With another one at the end nobody knows where the body ends; behind another one it comes still coded.
  const last = codings.pop();
  return last === "chunked" && codings.every((coding) => coding !== "" && coding !== "chunked")
    ? notImplemented
    : badRequest;
}

/** Is it one number that can be counted to? */
function isLength(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) <= Number.MAX_SAFE_INTEGER;
}

/** What a client gets for a request that is refused, on hosts that take a `Response`. */
export function responseTo({ status, fields }: Refusal): Response {
  return new Response(null, { status, headers: { ...fields, connection: "close", "content-length": "0" } });
}
