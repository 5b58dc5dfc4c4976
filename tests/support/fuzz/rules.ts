/**
 * The one table of what is not the same on all hosts, or is left open by the RFCs, as far as the fuzzer's model goes.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";

/** What the model says of a form, and the hosts that may do either. */
export interface Rule {
  readonly rule: "accept" | "refuse";
  /** The hosts on which such bytes are either served or refused. */
  readonly either: readonly MatrixHost[];
}

const all: readonly MatrixHost[] = ["node", "node26", "deno", "bun"];
const nodes: readonly MatrixHost[] = ["node", "node26"];

const accept = (either: readonly MatrixHost[] = []): Rule => ({ rule: "accept", either });
const refuse = (either: readonly MatrixHost[] = []): Rule => ({ rule: "refuse", either });

/** Each form by a name for reports. */
export const rules: Readonly<Record<string, Rule>> = {
  // The request line.
  "an empty line before the request line": accept(all),
  "a CR alone before the request line": refuse(nodes),
  "a bare LF as the end of a line": refuse(["deno"]),
  "two spaces in the request line": refuse(all),
  "a request line of another form": refuse(),
  "a version other than 1.0 and 1.1": refuse(),
  "a method that is not served": refuse(),
  "a method that few serve": accept(all),
  "a target with control characters": refuse(),
  "a target with bytes that need encoding": accept(all),
  "a target of no form": refuse(["deno", "bun"]),
  "a fragment in the target": refuse(),
  "another scheme in the target": refuse(["deno", "bun"]),
  "the asterisk of OPTIONS": refuse(["deno"]),
  "the form of a proxy": accept(["bun"]),
  "a head of some 16 KiB": accept(all),
  "a head far above 16 KiB": refuse(["deno"]),
  "a hundred fields": accept(all),
  "more than 200 fields": refuse(),
  // Fields.
  "a first field that begins with a space": refuse(),
  "a folded field": refuse(),
  "a space before the colon": refuse(),
  "a field without a colon or a name": refuse(),
  "a control character in a value": refuse(),
  "DEL in a value": refuse(["bun"]),
  "no host": refuse(),
  "no host in HTTP/1.0": accept(["deno", "bun"]),
  "several hosts": refuse(),
  "a host that is none": refuse(),
  "a host that URL writes in another way": refuse(),
  "an unusual host": accept(all),
  // How long the body is.
  "a length that is no number": refuse(),
  "a length with a tab around it": accept(all),
  "a coding with a tab around it": accept(nodes),
  "a length above 2^53": refuse(),
  "several lengths": refuse(),
  "a length and a coding": refuse(),
  "a coding in HTTP/1.0": refuse(),
  "a coding other than chunked": refuse(),
  "a body with GET or HEAD": accept(all),
  "a wrong length or coding with GET or HEAD": refuse(),
  // Chunks. The handler may have begun: then its read of the body fails.
  "white space around the size of a chunk": refuse(["deno"]),
  "an extension without a name": refuse(all),
  "an extension with control characters": refuse(),
  "DEL in an extension": refuse(["bun"]),
  "a long extension": accept(all),
  "a wrong end of the last chunk": refuse(["bun"]),
  "trailers": accept(all),
  // Connections.
  "another expectation": accept(all),
  "an offer of another protocol": accept(["deno"]),
  "an offer of another protocol with a body": accept(all),
  // A client that still sends when the connection is closed gets an error in place of what has come.
  "bytes that are refused behind a request": accept(["deno", "bun"]),
  // Bun closes a connection on which something comes while an answer is made.
  "bytes behind a request whose answer takes time": accept(["bun"]),
  // A reset, because of bytes that nobody reads, may overtake an answer.
  "bytes behind a request that closes": accept(["deno", "bun"]),
  "a client that waits within a body": accept(all),
  "a body that nobody waits for": accept(["deno", "bun"]),
  "a WebSocket in a pipeline": accept(all),
  "frames before the answer to a handshake": accept(),
  "frames before a late answer to a handshake": accept(["bun"]),
  "many bytes before the answer to a handshake": accept(all),
  "a handshake with a fault": accept(all),
  "keep-alive in HTTP/1.0": accept(all),
  // Frames of WebSockets.
  "a frame without a mask": refuse(["deno"]),
  "a length in a longer form than needed": refuse(all),
  "the close code 1014": accept(["deno"]),
  "a control frame with more than 125 bytes": refuse(["deno"]),
  "a message begun within another": refuse(["deno"]),
  "a text whose fragments end within a character": refuse(["deno"]),
  "a flood of small messages or fragments": accept(all),
  "a message above the limit": refuse(["deno"]),
  "a flood of pings": accept(nodes),
};

/** What the library does not refuse with 400 on Deno, or not always: after other answers the connection is open there, and goes on. */
const answeredOpen: ReadonlySet<RuleName> = new Set([
  "a method that is not served",
  "a coding other than chunked",
]);

/** Does a host close the connection after an answer that says so? */
export function closesAsItSays(host: MatrixHost): boolean {
  return host !== "deno";
}

/** May a host go on with what comes behind a request that is refused for this? Deno closes by a body that it cuts off. */
export function goesOnAfter(names: readonly RuleName[], method: string, host: MatrixHost): boolean {
  return !closesAsItSays(host) && (method === "HEAD" || names.every((name) => answeredOpen.has(name)));
}

/** A form with a rule; one that the table has. */
export type RuleName = string;

/** What a host does with a form. */
export function ruleOf(name: RuleName, host: MatrixHost): "accept" | "refuse" | "either" {
  if (!Object.hasOwn(rules, name)) throw new Error(`The table has no rule for ${name}`);
  const { rule, either } = rules[name]!;
  return either.includes(host) ? "either" : rule;
}
