/**
 * Requests that are right, before something is done to them.
 *
 * @module
 */

import type { Random } from "../../../runtime/basics/random.ts";
import { words } from "./handlers.ts";

/** A field as it is written. */
export interface DraftField {
  name: string;
  colon: string;
  value: string;
  end: string;
}

/** A request in parts that can be changed. */
export interface Draft {
  readonly id: string;
  method: string;
  target: string;
  version: string;
  lineEnd: string;
  fields: DraftField[];
  /** What follows the head, on the wire. */
  body: string;
}

/** One of several. */
export function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!;
}

/** Does it come to this, in so many of a hundred cases? */
export function chance(random: Random, percent: number): boolean {
  return random.below(100) < percent;
}

/** A field. */
export function field(name: string, value: string): DraftField {
  return { name, colon: ": ", value, end: "\r\n" };
}

/** A request as it goes over the wire. */
export function textOfDraft({ method, target, version, lineEnd, fields, body }: Draft): string {
  const lines = fields.map(({ name, colon, value, end }) => name + colon + value + end).join("");
  return `${method} ${target} ${version}${lineEnd}${lines}\r\n${body}`;
}

/** A request that must never run: it stands in the body or in a field of another one. */
export function decoy(id: string): string {
  return `GET /echo/decoy-${id} HTTP/1.1\r\nhost: a.test\r\nx-id: decoy-${id}\r\n\r\n`;
}

const hosts = ["a.test", "a.test:8080", "127.0.0.1", "[::1]:80", "A.test"];

/** A right request with its id in path, field and body. */
export function draftRequest(random: Random, id: string): Draft {
  const word = pick(random, chance(random, 50) ? ["echo"] : words.filter((word) => word !== "ws" && word !== "late"));
  const method = pick(random, chance(random, 40) ? ["POST"] : ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"]);
  const fields = [field("host", pick(random, hosts)), field("x-id", id)];
  const target = `/${word}/${id}${pick(random, ["", "", "?a=b", `/../%2e/${id}`, "//x", "/%00%2f"])}`;
  const draft: Draft = { id, method, target, version: "HTTP/1.1", lineEnd: "\r\n", fields, body: "" };
  if (method !== "GET" && method !== "HEAD" && chance(random, 70)) addBody(random, draft);
  for (let count = random.below(3); count > 0; count--) fields.push(pick(random, extras)(random, id));
  if (chance(random, 4)) fields.push(field("connection", pick(random, ["close", "keep-alive, Close"])));
  if (chance(random, 2)) draft.version = "HTTP/1.0";
  if (chance(random, 20)) shuffle(random, fields);
  return draft;
}

/** Fields that change nothing. */
const extras: readonly ((random: Random, id: string) => DraftField)[] = [
  () => field("cookie", "a=b; c=d"),
  () => field("range", "bytes=0-1"),
  () => field("te", "trailers"),
  () => field("connection", "keep-alive, x-id"),
  () => field("Content_Length", "3"),
  () => field("__proto__", "x"),
  () => field("x-forwarded-for", "\xe9 b"),
  (_random, id) => field("x-other", decoy(id).replaceAll("\r\n", " ")),
  (random) => field("x-filler", "f".repeat(random.below(6000))),
];

/** A right handshake of a WebSocket. */
export function draftHandshake(random: Random, id: string): Draft {
  const fields = [
    field("host", "a.test"),
    field("x-id", id),
    field("connection", pick(random, ["Upgrade", "keep-alive, Upgrade"])),
    field("upgrade", pick(random, ["websocket", "WebSocket"])),
    field("sec-websocket-version", "13"),
    field("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
  ];
  if (chance(random, 20)) {
    const offers = ["permessage-deflate", "permessage-deflate; server_max_window_bits=99", "x-nothing; a=b"];
    fields.push(field("sec-websocket-extensions", pick(random, offers)));
  }
  const word = pick(random, ["ws", "ws", "ws", "late"]);
  return { id, method: "GET", target: `/${word}/${id}`, version: "HTTP/1.1", lineEnd: "\r\n", fields, body: "" };
}

function addBody(random: Random, draft: Draft): void {
  const sizes = [0, 1, 10, 100, 1000, 20_000, 70_000];
  const filler = chance(random, 30)
    ? decoy(draft.id)
    : "b".repeat(chance(random, 90) ? random.below(100) : pick(random, sizes));
  const body = `${draft.id} ${filler}`;
  if (chance(random, 50)) {
    draft.fields.push(field("content-length", `${chance(random, 5) ? "00" : ""}${body.length}`));
    draft.body = body;
  } else {
    draft.fields.push(field("transfer-encoding", pick(random, ["chunked", "chunked", "Chunked"])));
    draft.body = chunked(random, body);
  }
  if (chance(random, 5)) draft.fields.push(field("expect", "100-continue"));
}

/** A body in chunks. */
export function chunked(random: Random, body: string): string {
  let wire = "";
  for (let at = 0; at < body.length;) {
    const size = 1 + random.below(chance(random, 30) ? 10 : body.length);
    const chunk = body.slice(at, at + size);
    const extension = chance(random, 10) ? pick(random, [";a", ";a=b", ";a=b;c"]) : "";
    wire += `${chance(random, 5) ? "0" : ""}${chunk.length.toString(16)}${extension}\r\n${chunk}\r\n`;
    at += size;
  }
  return `${wire}0\r\n\r\n`;
}

function shuffle<T>(random: Random, values: T[]): void {
  for (let index = values.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [values[index], values[other]] = [values[other]!, values[index]!];
  }
}
