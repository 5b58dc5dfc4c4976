/**
 * The model: what the bytes of a connection say, read strictly, and so which handlers run, with what, and how it ends.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { framingOf, handshakeOf, type Head, listOf, readHead, urlsOf, valuesOf } from "./head.ts";
import { closesAsItSays, goesOnAfter, type RuleName, ruleOf } from "./rules.ts";

/** A request among the bytes. */
export interface SentRequest {
  readonly method: string;
  /** What its handler may see as its URL. */
  readonly urls: readonly string[];
  /** Is it refused, on a connection that goes on all the same? */
  readonly isRefused: boolean;
  readonly id: string | null;
  /** The first word of its path. */
  readonly word: string;
  /** The body, if all of it is there. */
  readonly body: string | undefined;
  /** Does its handler run? Where it does not have to, it still may. */
  readonly mustRun: boolean;
  /** The status of its answer; `undefined` where none has to come. */
  readonly status: number | undefined;
}

/**
 * How the connection goes on after its requests: it waits for more, or for the rest of one; what comes next is refused; or it is
 * closed after the last answer, or is a WebSocket after it.
 */
export type ReadingEnd = "open" | "partial" | "refused" | "closed" | "upgraded";

/** What the bytes of a connection say. */
export interface Reading {
  readonly requests: readonly SentRequest[];
  readonly end: ReadingEnd;
  /** From here on the bytes are frames, where the end is "upgraded". */
  readonly rest: number;
  /** Is the end one that has to come? Not if something before may be refused. */
  readonly isSure: boolean;
  /** May the host answer what it refuses in the middle of another answer? */
  readonly isGarbled: boolean;
  /** May the host refuse what comes behind a request, and its client, which still sends, learn of that before it has the answer? */
  readonly mayBeCut: boolean;
  /** The forms in them that have a rule. */
  readonly notes: readonly RuleName[];
}

/** Thrown inside: what comes next is refused, or not all there. */
class Stop {
  readonly end: "refused" | "partial";

  constructor(end: "refused" | "partial") {
    this.end = end;
  }
}

/** Reads the bytes of a connection, one character each, as they are to be read on a host; at some places the client waits. */
export function readConnection(text: string, host: MatrixHost, waits: readonly number[] = []): Reading {
  return new Reader(text, host, waits).read();
}

class Reader {
  readonly #text: string;
  readonly #host: MatrixHost;
  readonly #waits: readonly number[];
  readonly #requests: SentRequest[] = [];
  readonly #notes = new Set<RuleName>();
  #at = 0;
  #isSure = true;
  #mayBeCut = false;
  /** Why the request that is being read is refused. */
  #refusals: RuleName[] = [];

  constructor(text: string, host: MatrixHost, waits: readonly number[]) {
    this.#text = text;
    this.#host = host;
    this.#waits = waits;
  }

  read(): Reading {
    let end: ReadingEnd | undefined;
    try {
      while (end === undefined) end = this.#at === this.#text.length ? "open" : this.#readRequest();
    } catch (stop) {
      if (!(stop instanceof Stop)) throw stop;
      end = stop.end;
    }
    const isGarbled = end === "refused" && this.#requests.length > 0 &&
      this.#mayEither("bytes that are refused behind a request");
    const isCut = end === "closed" && this.#at < this.#text.length &&
      this.#mayEither("bytes behind a request that closes");
    const last = this.#requests.length - 1;
    const takesTime = ({ word, body }: SentRequest, index: number): boolean =>
      word === "slow" || word === "never" || word === "late" || (word === "echo" && body !== "" && index < last);
    const isBusy = this.#requests.some(takesTime) &&
      (this.#requests.length > 1 || end !== "open" || !this.#isSure) &&
      this.#mayEither("bytes behind a request whose answer takes time");
    const requests = isGarbled || isCut || isBusy ? this.#requests.map(perhaps) : this.#requests;
    return {
      requests,
      end,
      rest: this.#at,
      isSure: this.#isSure,
      isGarbled: isGarbled || isBusy,
      mayBeCut: this.#mayBeCut,
      notes: [...this.#notes],
    };
  }

  /** Takes down that a form is there. */
  readonly #note = (name: RuleName): void => {
    this.#notes.add(name);
    const rule = ruleOf(name, this.#host);
    if (rule === "either") {
      this.#isSure = false;
      this.#mayBeRefused();
    } else if (rule === "refuse") this.#refusals.push(name);
  };

  /** What comes next may be refused, behind a request. */
  #mayBeRefused(): void {
    const name = "bytes that are refused behind a request";
    if (this.#requests.length === 0 || ruleOf(name, this.#host) !== "either") return;
    this.#notes.add(name);
    this.#mayBeCut = true;
  }

  #mayEither(name: RuleName): boolean {
    this.#note(name);
    return ruleOf(name, this.#host) === "either";
  }

  #stopIfRefused(): void {
    if (this.#refusals.length > 0) throw new Stop("refused");
  }

  /** Reads a request; answers how the connection ends if it does with this one. */
  #readRequest(): ReadingEnd | undefined {
    for (let start = this.#text.slice(this.#at, this.#at + 2); /^(?:\n|\r.)/s.test(start);) {
      const isLine = /^\r?\n/.test(start);
      this.#note(isLine ? "an empty line before the request line" : "a CR alone before the request line");
      this.#at += start === "\r\n" ? 2 : 1;
      start = this.#text.slice(this.#at, this.#at + 2);
    }
    if (this.#at === this.#text.length) return "open";
    const head = readHead(this.#readLines(), this.#note);
    const urls = urlsOf(head, this.#note);
    const framing = framingOf(head, this.#note);
    const isRefused = this.#refusals.length > 0;
    if (isRefused) {
      if (!goesOnAfter(this.#refusals, head.method, this.#host)) throw new Stop("refused");
      this.#refusals = [];
      this.#isSure = false;
      if (this.#mayEither("bytes that are refused behind a request")) {
        this.#requests.splice(0, Infinity, ...this.#requests.map(perhaps));
      }
    }

    const hasBody = framing !== 0;
    if (hasBody && (head.method === "GET" || head.method === "HEAD")) this.#note("a body with GET or HEAD");
    if (valuesOf(head, "expect").some((value) => value.toLowerCase() !== "100-continue")) {
      this.#note("another expectation");
    }
    if (listOf(head, "upgrade").length > 0) {
      this.#note(hasBody ? "an offer of another protocol with a body" : "an offer of another protocol");
    }
    const word = URL.parse(urls[0]!)?.pathname.split("/")[1] ?? "";
    const handshake = handshakeOf(head);
    const isUpgrade = handshake === "right" && !hasBody && (word === "ws" || word === "late");
    if (isUpgrade && this.#requests.length > 0) this.#note("a WebSocket in a pipeline");
    if (handshake === "wrong") this.#note("a handshake with a fault");
    const early = this.#waits.find((place) => place >= this.#at) ?? this.#text.length;
    if (isUpgrade && early > this.#at) {
      this.#note(
        word === "late" ? "frames before a late answer to a handshake" : "frames before the answer to a handshake",
      );
      if (early - this.#at > 10_000) this.#note("many bytes before the answer to a handshake");
    }
    const ids = valuesOf(head, "x-id");
    const request = {
      method: head.method,
      urls,
      isRefused,
      id: ids.length === 0 ? null : ids.join(", "),
      word,
      mustRun: this.#isSure,
      status: this.#isSure ? statusOf(word, head.method, isUpgrade) : undefined,
    };
    const index = this.#requests.push({ ...request, body: undefined }) - 1;
    const mustRun = this.#isSure;
    const start = this.#at;
    const body = framing === "chunked" ? this.#readChunks(index) : this.#readLength(framing, index);
    // The answer may be waited for, which waits for the body: until the server has waited for that long enough.
    if (this.#waits.some((place) => place >= start && place < this.#at)) {
      this.#note("a client that waits within a body");
    }
    // What is wrong with the chunks may be seen before the handler has begun.
    const isSure = mustRun && this.#isSure;
    this.#requests[index] = { ...request, body, mustRun: isSure, status: isSure ? request.status : undefined };
    if (isUpgrade) {
      // One that is refused on a connection that goes on makes requests of what would be frames.
      if (!this.#isSure && !closesAsItSays(this.#host)) {
        this.#requests.push(...readConnection(this.#text.slice(this.#at), this.#host).requests.map(perhaps));
      }
      return "upgraded";
    }
    if (hasBody && word !== "echo" && this.#mayEither("a body that nobody waits for")) {
      this.#requests[index] = perhaps(this.#requests[index]!);
    }
    this.#goOn(head, word, hasBody);
    return closesAfter(head) ? "closed" : undefined;
  }

  /** Is the next request sure to be served, after this one? */
  #goOn(head: Head, word: string, hasBody: boolean): void {
    // Nobody may have read the body, so that the connection is closed after the answer.
    if (hasBody && word !== "echo") this.#isSure = false;
    if (word === "never" || listOf(head, "upgrade").length > 0) this.#isSure = false;
    // Where the answer comes before a body that was announced, nobody knows if that still comes.
    if (valuesOf(head, "expect").length > 0 && !(hasBody && word === "echo")) this.#isSure = false;
    if (!keepsAlive(head)) return;
    this.#note("keep-alive in HTTP/1.0");
    if (this.#at < this.#text.length && this.#mayEither("bytes behind a request that closes")) {
      this.#requests.splice(0, Infinity, ...this.#requests.map(perhaps));
    }
  }

  /** The lines of a head, and past the empty one behind them. */
  #readLines(): string[] {
    const lines: string[] = [];
    for (;;) {
      const end = this.#text.indexOf("\n", this.#at);
      if (end < 0) {
        if (!canGoOn(lines, this.#text.slice(this.#at))) this.#mayBeRefused();
        throw new Stop("partial");
      }
      const hasReturn = this.#text[end - 1] === "\r" && end > this.#at;
      if (!hasReturn) this.#note("a bare LF as the end of a line");
      // A host that refuses may do so before the head has ended.
      this.#stopIfRefused();
      const line = this.#text.slice(this.#at, hasReturn ? end - 1 : end);
      this.#at = end + 1;
      if (line === "") return lines;
      lines.push(line);
    }
  }

  #readLength(length: number, index: number): string {
    const body = this.#text.slice(this.#at, this.#at + length);
    this.#at += body.length;
    if (body.length < length) this.#cannotRun(index, "partial");
    return body;
  }

  /**
   * A body that does not come to its end: the handler may run, and never gets it. Only the end is wrong where there is a
   * whole one.
   */
  #cannotRun(index: number, end: "partial" | "refused", whole?: string): never {
    const body = whole !== undefined && this.#mayEither("a wrong end of the last chunk") ? whole : undefined;
    this.#requests[index] = { ...perhaps(this.#requests[index]!), body };
    throw new Stop(end);
  }

  #readChunks(index: number): string {
    let body = "";
    for (;;) {
      const line = this.#readChunkLine(index);
      const whole = /^0+(?![0-9a-f])/i.test(line) ? body : undefined;
      const [, before, size, after, extension] = /^([ \t]*)([0-9a-f]+)([ \t]*)(;.*)?$/i.exec(line) ?? [];
      if (size === undefined || BigInt(`0x${size}`) >= 2n ** 53n) this.#cannotRun(index, "refused", whole);
      if (before !== "" || after !== "") this.#note("white space around the size of a chunk");
      // deno-lint-ignore no-control-regex -- they are what is looked for
      if (extension !== undefined && /[\x00-\x08\x0a-\x1f]/.test(extension)) {
        this.#note("an extension with control characters");
      }
      if (extension?.includes("\x7f")) this.#note("DEL in an extension");
      if (extension !== undefined && !/^(;[a-z0-9]+(=[a-z0-9\x7f]+)?)+$/i.test(extension)) {
        this.#note("an extension without a name");
      }
      if (extension !== undefined && extension.length > 10_000) this.#note("a long extension");
      if (this.#refusals.length > 0) this.#cannotRun(index, "refused", whole);
      const length = parseInt(size, 16);
      if (length === 0) break;
      const data = this.#text.slice(this.#at, this.#at + length);
      this.#at += data.length;
      if (data.length < length) this.#cannotRun(index, "partial");
      body += data;
      const end = this.#text.slice(this.#at, this.#at + 2);
      if (!"\r\n".startsWith(end)) this.#cannotRun(index, "refused");
      if (end.length < 2) this.#cannotRun(index, "partial");
      this.#at += 2;
    }
    while (this.#readChunkLine(index, body) !== "") this.#note("trailers");
    return body;
  }

  #readChunkLine(index: number, whole?: string): string {
    const end = this.#text.indexOf("\n", this.#at);
    if (end < 0) this.#cannotRun(index, "partial", whole);
    if (this.#text[end - 1] !== "\r" || end === this.#at) this.#cannotRun(index, "refused", whole);
    const line = this.#text.slice(this.#at, end - 1);
    if (line.includes("\r")) this.#cannotRun(index, "refused", whole);
    this.#at = end + 1;
    return line;
  }
}

/** Can a head that has these whole lines, and the beginning of one, still become a right one? A host may refuse it before it ends. */
function canGoOn(lines: readonly string[], beginning: string): boolean {
  const notes: RuleName[] = [];
  if (lines.length > 0) readHead(lines, (name) => notes.push(name));
  const bytes = lines.reduce((sum, line) => sum + line.length + 2, beginning.length);
  const shape = lines.length > 0 ? /^[\t -~\x80-\xff]*\r?$/ : /^[A-Z]*(?: \/[!-~]*(?: H?T?T?P?\/?1?\.?[01]?\r?)?)?$/;
  return notes.length === 0 && bytes < 12_000 && shape.test(beginning);
}

/** The same request, of which nothing is sure any more. */
function perhaps(request: SentRequest): SentRequest {
  return { ...request, mustRun: false, status: undefined };
}

/** Does the connection end after the answer to this? */
function closesAfter(head: Head): boolean {
  return !keepsAlive(head) && (head.version === "1.0" || listOf(head, "connection").includes("close"));
}

/** Does it ask for what HTTP/1.0 knows by extension only? */
function keepsAlive(head: Head): boolean {
  return head.version === "1.0" && listOf(head, "connection").includes("keep-alive");
}

function statusOf(word: string, method: string, isUpgrade: boolean): number | undefined {
  switch (word) {
    case "ws":
    case "late":
      return isUpgrade ? 101 : method === "GET" ? 426 : 405;
    case "throw":
      return 500;
    case "never":
      return undefined;
    case "echo":
    case "ignore":
    case "half":
    case "early":
    case "slow":
    case "daemon":
      return 200;
    default:
      return 404;
  }
}
