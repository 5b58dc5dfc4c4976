import type { PlainAnswer } from "../../port/http.ts";
import { checkChunk } from "../common/watched_body.ts";
import type { Incoming } from "./http_body.ts";
import type { NodeExchange } from "./http_exchange.ts";

declare const Buffer: {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: "latin1"): string };
};

/** Sends an answer of the server's own. */
export function sendPlain(answer: PlainAnswer, exchange: NodeExchange, incoming: Incoming, isStopping: boolean): void {
  const { status, text, headers } = answer;
  const lines = ["content-length", String(text.length)];
  for (const name in headers) if (name !== "connection") lines.push(name, headers[name]!);
  // A client that still sends its body is to read the answer before the connection is closed.
  if (isStopping || (incoming.complete && headers["connection"] === "close")) lines.push("connection", "close");
  exchange.outgoing.writeHead(status, undefined, lines);
  exchange.endWith(incoming.method === "HEAD" ? undefined : text);
}

/** Sends a response: one that is there whole with its length and in one piece, any other no faster than the client takes it. */
export async function send(
  response: Response,
  exchange: NodeExchange,
  incoming: Incoming,
  isStopping: boolean,
): Promise<void> {
  const { outgoing } = exchange;
  const { status, body } = response;
  const isHead = incoming.method === "HEAD";
  const headers: string[] = [];
  let closes = isStopping;
  let takesLength = true;
  for (const [name, value] of response.headers) {
    if (name === "connection") {
      closes ||= incoming.complete && value === "close";
      continue;
    }
    if (name === "content-length" || name === "transfer-encoding") takesLength = false;
    headers.push(name, value);
  }
  if (closes) headers.push("connection", "close");
  function head(length?: number): void {
    if (length !== undefined && takesLength) headers.push("content-length", String(length));
    outgoing.writeHead(status, response.statusText || undefined, headers);
  }
  if (body === null) {
    head(isHead || status === 204 || status === 304 ? undefined : 0);
    return exchange.endWith();
  }
  const reader = exchange.reader = body.getReader();
  const begin = new Beginning(reader);
  const isWhole = await begin.isWhole();
  if (exchange.end !== undefined) return;
  if (isWhole) {
    const { done, value: bytes } = begin.first!;
    if (!done) checkChunk(bytes);
    head(bytes?.byteLength ?? 0);
    if (isHead || bytes === undefined) return exchange.endWith();
    // A text goes out together with the head, in one write; bytes would need a second one.
    if (bytes.byteLength <= mergedBytes) return exchange.endWith(latin1(bytes));
    if (bytes.byteLength <= pieceBytes) return exchange.endWith(bytes);
    for (let at = 0; at < bytes.byteLength && !outgoing.destroyed; at += pieceBytes) {
      await exchange.write(bytes.subarray(at, at + pieceBytes));
    }
    return exchange.endWith();
  }
  head();
  if (isHead) {
    exchange.endWith();
    return void reader.cancel().catch(() => {});
  }
  outgoing.flushHeaders();
  await pump(begin, exchange);
}

/** A longer body goes out in pieces of this length, so that it shows whether the client takes any. */
const pieceBytes = 256 * 1024;
/** Up to this length a body is written together with its head. */
const mergedBytes = 16 * 1024;

/** Bytes as a string of as many characters. */
function latin1(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

type Read = ReadableStreamReadResult<Uint8Array>;

/** The first two reads of a body: one that is there whole is sent with its length, in one piece. */
class Beginning {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What came first, if it came soon. */
  first: Read | undefined = undefined;
  /** The last read that was asked for. */
  asked: Promise<Read>;
  #state: "reading" | "whole" | "failed" | "over" = "reading";

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
    this.asked = this.#ask();
  }

  /** Is the whole body there within a few microtasks? A stream that fails as soon makes this throw. */
  async isWhole(): Promise<boolean> {
    for (let tick = 0; tick < 8 && this.#state === "reading"; tick++) await undefined;
    if (this.#state === "failed") await this.asked;
    if (this.#state === "whole") return true;
    this.#state = "over";
    return false;
  }

  #ask(): Promise<Read> {
    const asked = this.#reader.read();
    asked.then((read) => this.#came(read), () => this.#state = "failed");
    return asked;
  }

  #came(read: Read): void {
    if (this.#state !== "reading") return;
    const isFirst = this.first === undefined;
    this.first ??= read;
    if (read.done) this.#state = "whole";
    else if (isFirst) this.asked = this.#ask();
    else this.#state = "over";
  }
}

/** Sends a stream no faster than the client takes it. */
async function pump(begin: Beginning, exchange: NodeExchange): Promise<void> {
  const { outgoing, reader } = exchange;
  let asked: Promise<Read> | undefined = begin.first === undefined ? undefined : begin.asked;
  for (
    let read = begin.first ?? await begin.asked;
    !read.done;
    read = await (asked ?? reader!.read()), asked = undefined
  ) {
    if (outgoing.destroyed) return;
    checkChunk(read.value);
    if (read.value.byteLength > 0) await exchange.write(read.value);
  }
  exchange.endWith();
}
