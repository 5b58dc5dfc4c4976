/**
 * Answers of the usual kinds.
 *
 * @module
 */

import { isFieldValue } from "../../runtime/basics/answer_head.ts";
import { checkOptions, show } from "../../runtime/basics/check.ts";
import { networkOf } from "../../runtime/host_network.ts";
import type { AnswerParts } from "../../runtime/port/network.ts";
import { loop } from "../../scheduler/queue/loop.ts";

/** Status, its text and further fields of an answer; a `content-type` of yours counts. */
export interface AnswerInit {
  /** The status of the answer. Default: 200. */
  status?: number;
  /** The text beside the status, where HTTP/1.1 is spoken. Default: none. */
  statusText?: string;
  /** Fields of the answer; a `content-type` among them is kept. Default: that of the helper. */
  headers?: HeadersInit;
}

/** The statuses that send a client elsewhere. */
export type RedirectStatus = 301 | 302 | 303 | 307 | 308;

/**
 * An answer that is a text, as UTF-8.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { serve, text } from "@millrace/millrace/io";
 *
 * const server = await serve(() => text("no such page", { status: 404 }));
 * const { status, headers } = await fetch(server.url);
 * console.log(status, headers.get("content-type"));
 * // -> 404 text/plain; charset=utf-8
 * await server.drain();
 * ```
 */
export function text(value: string, init?: AnswerInit): Response {
  if (typeof value !== "string") throw new TypeError(`text answers with a text: received ${show(value)}`);
  return answer(value, "text/plain; charset=utf-8", init);
}

/**
 * An answer that is a page, as UTF-8. What strangers have written has to be escaped before.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { html } from "@millrace/millrace/io";
 *
 * console.log(html("<!doctype html><title>Hello</title>").headers.get("content-type"));
 * // -> text/html; charset=utf-8
 * ```
 */
export function html(value: string, init?: AnswerInit): Response {
  if (typeof value !== "string") throw new TypeError(`html answers with a text: received ${show(value)}`);
  return answer(value, "text/html; charset=utf-8", init);
}

/**
 * An answer that is a value, as JSON.
 *
 * @throws {TypeError} for a value that JSON has no text for, such as `undefined`, a function or one that is in itself.
 *
 * @example
 * ```ts
 * import { json } from "@millrace/millrace/io";
 *
 * console.log(await json({ found: 3 }).text());
 * // -> {"found":3}
 * ```
 */
export function json(value: unknown, init?: AnswerInit): Response {
  const written: string | undefined = JSON.stringify(value);
  if (written === undefined) throw new TypeError(`This value cannot be written as JSON: received ${show(value)}`);
  return answer(written, "application/json", init);
}

/**
 * An answer that is bytes.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { bytes } from "@millrace/millrace/io";
 *
 * const image = bytes(new Uint8Array([0x89, 0x50]), { headers: { "content-type": "image/png" } });
 * console.log(image.headers.get("content-type"));
 * // -> image/png
 * ```
 */
export function bytes(value: Uint8Array | ArrayBuffer, init?: AnswerInit): Response {
  if (!(value instanceof Uint8Array) && !(value instanceof ArrayBuffer)) {
    throw new TypeError(`bytes answers with a Uint8Array or an ArrayBuffer: received ${show(value)}`);
  }
  const bytes = value instanceof ArrayBuffer ? new Uint8Array(value) : value as Uint8Array<ArrayBuffer>;
  return answer(bytes, "application/octet-stream", init);
}

/**
 * An answer that sends the client elsewhere. What is not allowed in an address is percent-encoded. An address that a stranger has given is to
 * be looked at before: `//evil.example` is another server's.
 *
 * @param url Absolute, or to be read from the address that was asked for.
 * @throws {TypeError} for an address with control characters, which could be read as further fields.
 * @throws {RangeError} for a status that is no redirect.
 *
 * @example
 * ```ts
 * import { redirect } from "@millrace/millrace/io";
 *
 * const { status, headers } = redirect("/new place", 301);
 * console.log(status, headers.get("location"));
 * // -> 301 /new%20place
 * ```
 */
export function redirect(url: string | URL, status: RedirectStatus = 302, init?: Omit<AnswerInit, "status">): Response {
  if (typeof url !== "string" && !(url instanceof URL)) {
    throw new TypeError(`An address is a string or a URL: received ${show(url)}`);
  }
  if (![301, 302, 303, 307, 308].includes(status)) {
    throw new RangeError(`A redirect has the status 301, 302, 303, 307 or 308: received ${show(status)}`);
  }
  checkOptions(init ?? {}, "redirect", ["statusText", "headers"]);
  const headers = new Headers(init?.headers);
  headers.set("location", addressOf(String(url)));
  return new Response(null, { ...init, status, headers });
}

function addressOf(url: string): string {
  // deno-lint-ignore no-control-regex -- these are what it is about.
  if (/[\0-\x1f\x7f-\x9f]/.test(url)) {
    throw new TypeError(`An address cannot contain control characters: received ${show(url)}`);
  }
  // Browsers take a backslash for a slash, so that "/\evil.example" would be another server's.
  return url.replace(/[^\x21-\x7e]+|\\/gu, (part) => encodeURIComponent(part.toWellFormed?.() ?? part));
}

/** Statuses whose answers have no body: the standard's `Response` refuses one. */
const bodiless = [204, 205, 304];

function answer(body: AnswerParts["body"], type: string, init: AnswerInit | undefined): Response {
  const { answer: whole } = networkOf(loop().host);
  if (init === undefined && whole === undefined) return new Response(body, { headers: { "content-type": type } });
  checkOptions(init ?? {}, "an answer", ["status", "statusText", "headers"]);
  const { status = 200, statusText = "", headers } = init ?? {};
  if (typeof status !== "number") throw new TypeError(`A status is a number: received ${show(status)}`);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`The status of an answer is from 200 to 599: received ${show(status)}`);
  }
  if (!isFieldValue(statusText)) throw new TypeError(`The text of a status is one line: received ${show(statusText)}`);
  const all = headers === undefined ? undefined : new Headers(headers);
  if (all?.has("content-type") === false) all.set("content-type", type);
  if (whole === undefined || bodiless.includes(status)) {
    return new Response(body, { status, statusText, headers: all ?? { "content-type": type } });
  }
  return whole({ body: typeof body === "string" ? body : body.slice(), status, statusText, type, headers: all });
}
