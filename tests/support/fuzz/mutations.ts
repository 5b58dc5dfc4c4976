/**
 * What is done to right requests: the forms that faults of servers were found with.
 *
 * @module
 */

import type { Random } from "../../../runtime/basics/random.ts";
import { chance, decoy, type Draft, type DraftField, draftHandshake, field, pick } from "./draft.ts";

type Mutation = (draft: Draft, random: Random) => void;

const spaces = [" ", "\t", "\x0b", "\x0c", "\0", "\xa0", "\r", "  "];
const numbers = ["+5", "-5", "0x5", "5.0", "1_0", "5 6", "5, 5", "5, 6", "", "5\0", "2147483648", "9007199254740993"];
const huge = ["9223372036854775808", "18446744073709551616", "99999999999999999999999"];
const codings = ["gzip", "identity", "xchunked", '"chunked"', "chunked;q=1", "gzip, chunked", "chunked, identity"];
const lists = ["chunked, chunked", ",chunked", "chunked,", "", "\x0bchunked", "CHUNKED", "chun\rked"];
const badHosts = [
  "",
  ":80",
  "a:",
  "a:b:c",
  "a:99999",
  "a:x",
  "::1",
  "a,b",
  "a/b",
  "u@a",
  "a?b",
  "a#b",
  "a\\b",
  "a b",
  "a%20b",
];
const oddHosts = ["a_b", "1.2.3.999", "[::1", "\xe9.test", "a..b", "a.test."];
const versions = ["HTTP/0.9", "HTTP/1.0", "HTTP/1.2", "HTTP/1.10", "HTTP/2.0", "http/1.1", "HTTP/1.1 ", "HTTP/11", ""];
const methods = ["get", "FOO", "TRACE", "TRACK", "CONNECT", "G\0T", "", "PRI", "GET\t", "M-SEARCH", "PROPFIND"];

/** The targets that may be sent instead of a path. */
const targets: readonly ((path: string) => string)[] = [
  (path) => `http://b.test${path}`,
  (path) => `http://b.test:99999${path}`,
  (path) => `HTTP://b.test${path}`,
  (path) => `http://u@b.test${path}`,
  (path) => `http://${path}`,
  (path) => `https://b.test${path}`,
  (path) => `file://${path}`,
  (path) => `ftp://b.test${path}`,
  (path) => `ws://b.test${path}`,
  (path) => `javascript:${path}`,
  (path) => `${path}#fragment`,
  (path) => path.slice(1),
  (path) => `?${path}`,
  (path) => `\\evil${path}`,
  (path) => `/${path}`,
  (path) => `${path}\xe9\xff`,
  (path) => `${path}\0`,
  (path) => `${path}\x01x`,
  (path) => `${path}"<>^\`{|}`,
  (path) => `${path}\tx`,
  (path) => `${path}${"y".repeat(20_000)}`,
  (path) => `${path}${"y".repeat(15_000)}`,
  () => "*",
  () => "b.test:80",
];

/** One more of a field. */
function add(draft: Draft, added: DraftField, random: Random): void {
  draft.fields.splice(random.below(draft.fields.length + 1), 0, added);
}

/** One of the fields, to be changed; the important ones more often. */
function some(draft: Draft, random: Random): DraftField {
  const important = draft.fields.filter(({ name }) =>
    /^(?:host|content-length|transfer-encoding|upgrade)$/i.test(name)
  );
  return pick(random, important.length > 0 && chance(random, 70) ? important : draft.fields) ?? field("x", "y");
}

function replace(draft: Draft, name: string, value: string, random: Random): void {
  const found = draft.fields.find((field) => field.name.toLowerCase() === name);
  if (found === undefined) add(draft, field(name, value), random);
  else found.value = value;
}

/** Changes in the chunks, where there are some, or else anywhere in the body. */
function changeChunks(draft: Draft, random: Random, pattern: RegExp, by: (found: string) => string): void {
  const places = [...draft.body.matchAll(pattern)];
  if (places.length === 0) return;
  const { index, 0: found } = pick(random, places);
  draft.body = draft.body.slice(0, index) + by(found) + draft.body.slice(index + found.length);
}

/** Mutations of a request, each as likely as the next. */
export const mutations: readonly Mutation[] = [
  // How long the body is.
  (draft, random) => add(draft, field("content-length", pick(random, ["0", "5", "6", "20", ...numbers])), random),
  (draft, random) => replace(draft, "content-length", pick(random, [...numbers, ...huge, "\t5", "5\t"]), random),
  (draft, random) =>
    replace(draft, "content-length", `${Math.max(0, draft.body.length + random.below(5) - 2)}`, random),
  (draft, random) => add(draft, field("transfer-encoding", pick(random, ["chunked", ...codings, ...lists])), random),
  (draft, random) => replace(draft, "transfer-encoding", pick(random, [...codings, ...lists]), random),
  (draft, random) => add(draft, field(pick(random, ["transfer-encoding", "Transfer-Encoding"]), "chunked"), random),
  (draft, random) => {
    const lengths = draft.fields.filter(({ name }) => /length|encoding/.test(name));
    const all = lengths.length > 0 ? lengths : draft.fields;
    const found = pick(random, all);
    draft.fields.push({ ...found, value: pick(random, [found.value, `${found.value}1`, "5"]) });
  },
  // Chunks.
  (draft, random) => changeChunks(draft, random, /^[0-9a-f]+(?=[;\r])/gm, (size) => oddSize(size, random)),
  (draft, random) =>
    changeChunks(draft, random, /\r\n/g, () => pick(random, ["\n", "\r", "", "\r\n\r\n", "XX", "\r\r\n"])),
  (draft, random) => {
    const extensions = [
      ";",
      "; a",
      ";a=\n",
      ";a\r",
      ";\0",
      ";a=b\x7f",
      ` ${pick(random, [";a", ""])}`,
      `;${"e".repeat(20_000)}`,
    ];
    changeChunks(draft, random, /(?<=^[0-9a-f]+)(?=\r\n)/gm, () => pick(random, extensions));
  },
  (draft, random) => {
    const trailers = ["a: b", "content-length: 5", "transfer-encoding: chunked", "host: b", "x id: c", " a: b", "a"];
    changeChunks(draft, random, /(?<=^0+\r\n)\r\n$/g, () => `${pick(random, trailers)}\r\n\r\n`);
  },
  // The host.
  (draft, random) => replace(draft, "host", pick(random, [...badHosts, ...oddHosts]), random),
  (draft, random) => add(draft, field(pick(random, ["host", "Host"]), pick(random, ["a.test", "b.test"])), random),
  (draft) => void (draft.fields = draft.fields.filter(({ name }) => name !== "host")),
  // The request line.
  (draft, random) => void (draft.target = pick(random, targets)(draft.target)),
  (draft, random) => void (draft.version = pick(random, versions)),
  (draft, random) => void (draft.method = pick(random, methods)),
  (draft, random) => void (draft.method = pick(random, ["\r\n", "\n", "\r\n\r\n", " ", "\0"]) + draft.method),
  (draft, random) => void (draft.target = pick(random, [" ", "\t", ""]) + draft.target),
  (draft, random) => void (draft.lineEnd = pick(random, ["\n", "\r", "\r\r\n", "\r\n ", "\0\r\n"])),
  // Fields.
  (draft, random) =>
    void (some(draft, random).colon = pick(random, [" : ", ":", "\t:", " ", ":\r\n ", ": \t", "", ":\0", "::"])),
  (draft, random) => {
    const changed = some(draft, random);
    const space = pick(random, spaces);
    changed.value = pick(random, [
      space + changed.value,
      changed.value + space,
      changed.value.replace(/.$/, `${space}$&`),
    ]);
  },
  (draft, random) => {
    const changed = some(draft, random);
    changed.name = pick(random, spaces.concat("(", "\xe9")).concat(changed.name);
  },
  (draft, random) =>
    void (some(draft, random).end = pick(random, ["\n", "\r", "\r\r\n", "\r\n\r\n", "\r\n ", "\n\r\n", "", "\0\r\n"])),
  (draft, random) =>
    void (some(draft, random).name = pick(random, ["Host", "hOST", "Content-Length", "x-id", "content_length"])),
  (draft, random) =>
    void (some(draft, random).value = pick(random, ["\x7f", "a\x01b", "\r\n", ",", " , ", "", "\x1b[0m"])),
  (draft, random) => {
    for (let count = pick(random, [50, 150, 250, 1100]); count > 0; count--) {
      draft.fields.push(field(`x-${count}`, "y"));
    }
  },
  (draft, random) => draft.fields.push(field("x-filler", "f".repeat(pick(random, [13_000, 17_000, 30_000, 70_000])))),
  // What the connection is to become.
  (draft, random) => {
    const offers = ["h2c", "websocket", "h2c, websocket", "TLS/1.0", "websocket, h2c", ""];
    add(draft, field("upgrade", pick(random, offers)), random);
    if (chance(random, 80)) {
      add(draft, field("connection", pick(random, ["upgrade", "Upgrade, HTTP2-Settings", "close, upgrade"])), random);
    }
  },
  (draft, random) => {
    // A whole handshake, with the body that is there.
    const { target, method, fields } = draftHandshake(random, draft.id);
    draft.fields.push(...fields.slice(2));
    if (chance(random, 50)) draft.target = target;
    if (chance(random, 50)) draft.method = method;
  },
  (draft, random) =>
    add(draft, field("expect", pick(random, ["100-continue", "y 100-continue", "200-ok", ""])), random),
  (draft, random) =>
    add(
      draft,
      field("connection", pick(random, ["close", "keep-alive", "host", "content-length", ",close,", "x"])),
      random,
    ),
  // A request where none is.
  (draft) => void (draft.body += decoy(draft.id)),
  (draft, random) =>
    add(draft, field("x-smuggled", decoy(draft.id).replaceAll("\r\n", pick(random, ["\r\n ", "\r", "\n "]))), random),
];

function oddSize(size: string, random: Random): string {
  const number = parseInt(size, 16);
  const near = (by: number): string => Math.max(0, number + by).toString(16);
  const odd = [
    `0x${size}`,
    `+${size}`,
    `-${size}`,
    `${size}_`,
    "",
    "FFFFFFFFFFFFFFFF",
    "10000000000000000",
    "g",
    `${size} `,
    ` ${size}`,
  ];
  return pick(random, [near(1), near(-1), near(2), near(-2), `000${size}`, size.toUpperCase(), ...odd]);
}

/** Changes bytes of a text: some are left out, doubled, or replaced. */
export function mutateBytes(text: string, random: Random): string {
  const at = random.below(text.length);
  const length = 1 + random.below(3);
  const odd = ["\r", "\n", "\r\n", "\0", " ", ":", ",", "0", "\xff", "\r\n\r\n"];
  const kinds = [
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at + length) + text.slice(at),
    () => text.slice(0, at) + pick(random, odd) + text.slice(at),
    () => text.slice(0, at) + pick(random, odd) + text.slice(at + length),
  ];
  return pick(random, kinds)();
}
