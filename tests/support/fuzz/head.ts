/**
 * The head of a request, read as strictly as RFC 9112 allows, and what the server has to do with it.
 *
 * @module
 */

import type { RuleName } from "./rules.ts";

/** What stands in urls for the server's own authority. */
export const ownHost = "own.test";

/** A head as it was sent. */
export interface Head {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Is told of each form that has a rule. */
export type Note = (rule: RuleName) => void;

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const served = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** Of those that some servers know, the ones that the fuzzer sends. */
const extensions = new Set(["M-SEARCH", "PROPFIND"]);
// deno-lint-ignore no-control-regex -- they are what is looked for
const controls = /[\x00-\x08\x0a-\x1f]/;

/** Reads the lines of a head, without their ends. */
export function readHead(lines: readonly string[], note: Note): Head {
  const [first = "", ...rest] = lines;
  if (/ {2}/.test(first)) note("two spaces in the request line");
  const parts = first.split(/ +/);
  const [method = "", target = "", version = ""] = parts;
  if (parts.length !== 3 || !token.test(method)) note("a request line of another form");
  const fields = rest.map((line, index): [string, string] => {
    if (/^[ \t]/.test(line)) note(index === 0 ? "a first field that begins with a space" : "a folded field");
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (/[ \t]$/.test(name)) note("a space before the colon");
    if (colon < 0 || !token.test(name)) note("a field without a colon or a name");
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (/^content-length:.*\t/i.test(line)) note("a length with a tab around it");
    if (/^transfer-encoding:.*\t/i.test(line)) note("a coding with a tab around it");
    if (controls.test(value)) note("a control character in a value");
    if (value.includes("\x7f")) note("DEL in a value");
    return [name.toLowerCase(), value];
  });
  if (!/^HTTP\/1\.[01]$/.test(version)) note("a version other than 1.0 and 1.1");
  if (extensions.has(method)) note("a method that few serve");
  else if (!served.has(method)) note("a method that is not served");
  const bytes = lines.reduce((sum, line) => sum + line.length + 2, 2);
  if (bytes > 20_000) note("a head far above 16 KiB");
  else if (bytes > 12_000) note("a head of some 16 KiB");
  if (fields.length > 200) note("more than 200 fields");
  else if (fields.length > 80) note("a hundred fields");
  return { method, target, version: version.slice(5), fields };
}

/** The values of a field. */
export function valuesOf(head: Head, name: string): string[] {
  return head.fields.filter((field) => field[0] === name).map(([, value]) => value);
}

/** The tokens in a list, in small letters. */
export function listOf(head: Head, name: string): string[] {
  return valuesOf(head, name).flatMap((value) => value.split(","))
    .map((word) => word.replace(/^[ \t]+|[ \t]+$/g, "").toLowerCase());
}

/** The URLs that a handler may see for a head: more than one where a host has a way of its own. */
export function urlsOf(head: Head, note: Note): string[] {
  const { method, target } = head;
  const hosts = valuesOf(head, "host");
  const host = hostOf(head, hosts, note);
  // deno-lint-ignore no-control-regex -- they are what is looked for
  if (/[\x00-\x20\x7f]/.test(target)) note("a target with control characters");
  if (/[\x80-\xff"<>\\^`{|}]/.test(target)) note("a target with bytes that need encoding");
  if (target.includes("#")) note("a fragment in the target");
  const bases = [`http://${host}`];
  let path = target;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(target)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (scheme !== "http") note("another scheme in the target");
    const [, authority = "", after = ""] = /^[^:]+:\/\/([^/?]*)(.*)$/.exec(target) ?? [];
    note("the form of a proxy");
    if (!isUsualHost(authority)) note("a target of no form");
    bases.unshift(`http://${authority}`);
    path = after === "" ? "/" : after.startsWith("?") ? `/${after}` : after;
  } else if (target === "*" && method === "OPTIONS") {
    note("the asterisk of OPTIONS");
    path = "/*";
  } else if (!target.startsWith("/")) {
    note("a target of no form");
  }
  const decoded = new TextDecoder().decode(Uint8Array.from(path, (character) => character.charCodeAt(0)));
  const paths = [path, decoded];
  // To one host its path counts, to another it is a path as a whole.
  if (scheme !== undefined && scheme !== "http") paths.push(`/${target}`);
  return bases.flatMap((base) => paths.map((path) => hrefOf(base + path)));
}

/** The url as `URL` has to write it; not every host's does so with this character. */
function hrefOf(url: string): string {
  const href = URL.parse(url)?.href ?? "";
  return href.replace(/^[^?]+/, (path) => path.replaceAll("^", "%5E"));
}

function hostOf(head: Head, hosts: readonly string[], note: Note): string {
  const [host] = hosts;
  if (hosts.length > 1) note("several hosts");
  if (host === undefined) {
    note(head.version === "1.0" ? "no host in HTTP/1.0" : "no host");
    return ownHost;
  }
  if (isUsualHost(host)) return host;
  if (isRewritten(host)) {
    note("a host that URL writes in another way");
    return host;
  }
  const isBroken = /[,/@?#\\ %\t]/.test(host) || /^(?::|$)|:$/.test(host) || URL.parse(`http://${host}`) === null;
  note(isBroken ? "a host that is none" : "an unusual host");
  return host;
}

function isUsualHost(host: string): boolean {
  return /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[::1\])(?::\d{1,5})?$/i.test(host) &&
    URL.parse(`http://${host}`) !== null && !isRewritten(host);
}

/** Is it a number that stands for an address, such as 127.1? So one host would have two names. */
function isRewritten(host: string): boolean {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return /^[\w.~-]+$/.test(name) && ![name, undefined].includes(URL.parse(`http://${name}`)?.hostname);
}

/** How the body is framed: by a length, in chunks, or not at all. */
export function framingOf(head: Head, note: Note): number | "chunked" {
  const lengths = valuesOf(head, "content-length");
  const codings = valuesOf(head, "transfer-encoding");
  const isBodiless = head.method === "GET" || head.method === "HEAD";
  const noteFault = (rule: RuleName): void => note(isBodiless ? "a wrong length or coding with GET or HEAD" : rule);
  if (codings.length > 0) {
    if (lengths.length > 0) noteFault("a length and a coding");
    if (head.version === "1.0") noteFault("a coding in HTTP/1.0");
    if (codings.join(",").toLowerCase() !== "chunked") noteFault("a coding other than chunked");
    return "chunked";
  }
  if (lengths.length > 1) noteFault("several lengths");
  const [length = "0"] = lengths;
  if (!/^\d+$/.test(length)) noteFault("a length that is no number");
  else if (Number(length) > 2 ** 53 - 1) noteFault("a length above 2^53");
  return Number(length);
}

/** Is it a right handshake for a WebSocket, a wrong one, or none? */
export function handshakeOf(head: Head): "right" | "wrong" | "none" {
  const upgrade = listOf(head, "upgrade");
  if (!upgrade.includes("websocket")) return "none";
  const [key = "", ...keys] = valuesOf(head, "sec-websocket-key");
  const isRight = head.method === "GET" && head.version === "1.1" && upgrade.length === 1 && keys.length === 0 &&
    listOf(head, "connection").includes("upgrade") && /^[A-Za-z0-9+/]{21}[AQgw]==$/.test(key) &&
    valuesOf(head, "sec-websocket-version").join() === "13" &&
    valuesOf(head, "sec-websocket-protocol").length === 0;
  return isRight ? "right" : "wrong";
}
