import { checkField, checkStatusText, isOfConnection } from "../../basics/answer_head.ts";
import type { AnswerParts } from "../../port/network.ts";
import { type PlainAnswer, UnwantedBodyError } from "../../port/http.ts";
import { hasToken } from "../../basics/field_values.ts";
import { checkChunk } from "../common/watched_body.ts";
import { Beginning, type Read } from "./http_beginning.ts";
import { takeSource } from "./body_source.ts";
import type { NodeExchange } from "./http_exchange.ts";

declare const Buffer: {
  from(buffer: ArrayBufferLike, offset: number, length: number): { toString(encoding: "latin1"): string };
  from(text: string): Uint8Array;
  byteLength(text: string): number;
};

/** Sends an answer of the server's own. */
export function sendPlain(answer: PlainAnswer, exchange: NodeExchange): void {
  const { status, text, headers } = answer;
  const lines = ["content-length", String(text.length)];
  for (const name in headers) if (name !== "connection") lines.push(name, headers[name]!);
  if (exchange.connection.closes || headers["connection"] === "close") lines.push("connection", "close");
  exchange.outgoing.writeHead(status, undefined, lines);
  exchange.endWith(exchange.incoming.method === "HEAD" ? undefined : text);
}

/** Sends an answer that is there whole. */
export function sendParts(
  { body, status, statusText, type, headers }: AnswerParts,
  exchange: NodeExchange,
): void | Promise<void> {
  const { outgoing, incoming, connection } = exchange;
  const length = lengthOf(body);
  if (headers !== undefined) {
    new AnswerHead({ status, statusText, headers }, exchange).write(length);
  } else {
    const lines = ["content-type", type, "content-length", String(length)];
    if (connection.closes) lines.push("connection", "close");
    outgoing.writeHead(status, statusText || undefined, lines);
  }
  return incoming.method === "HEAD" ? exchange.endWith() : endWithWhole(body, length, exchange);
}

function lengthOf(body: AnswerParts["body"]): number {
  return typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
}

/** The head of an answer, as it is going to be sent: how the connection is used, and where the body ends, is not its handler's to say. */
class AnswerHead {
  readonly #response: Pick<Response, "status" | "statusText" | "headers">;
  readonly #exchange: NodeExchange;
  readonly #lines: string[] = [];
  #closes = false;
  #upgrades = false;
  /** The length that the handler says its body has. */
  readonly declared: number | undefined;

  constructor(response: Pick<Response, "status" | "statusText" | "headers">, exchange: NodeExchange) {
    this.#response = response;
    this.#exchange = exchange;
    checkStatusText(response.statusText);
    let declared: number | undefined;
    for (const [name, value] of response.headers) {
      if (name === "content-length") {
        if (/^\d{1,15}$/.test(value)) declared = Number(value);
      } else if (!isOfConnection(name)) {
        checkField(name, value);
        this.#lines.push(name, value);
      } else if (name === "connection") {
        this.#closes = hasToken(value, "close");
      } else if (name === "upgrade" && response.status === 426) {
        checkField(name, value);
        this.#lines.push(name, value);
        this.#upgrades = true;
      }
    }
    this.declared = declared;
  }

  /** Is the body, whatever it is, not to be sent? */
  get isBodiless(): boolean {
    const { status } = this.#response;
    return this.#exchange.incoming.method === "HEAD" || status === 204 || status === 304;
  }

  /** Hands the head to Node; without a length a body goes out in chunks. */
  write(length: number | undefined): void {
    const { status, statusText } = this.#response;
    const lines = this.#lines;
    if (length !== undefined && status !== 204) lines.push("content-length", String(length));
    const { outgoing, connection } = this.#exchange;
    const closes = this.#closes || connection.closes;
    // Beside the name of a protocol it has to be said that it is of the connection; and what Node would say is not said then.
    if (this.#upgrades) lines.push("connection", closes || !outgoing.shouldKeepAlive ? "upgrade, close" : "upgrade");
    else if (closes) lines.push("connection", "close");
    outgoing.writeHead(status, statusText || undefined, lines);
  }
}

/** Sends a response: one that is there whole with its length and in one piece, any other no faster than the client takes it. */
export async function send(response: Response, exchange: NodeExchange): Promise<void> {
  const { outgoing } = exchange;
  const head = new AnswerHead(response, exchange);
  const { isBodiless, declared } = head;
  const source = takeSource(response);
  if (source !== undefined) {
    const length = lengthOf(source);
    head.write(length);
    return isBodiless ? exchange.endWith() : endWithWhole(source, length, exchange);
  }
  const { body } = response;
  if (body === null) {
    head.write(isBodiless ? declared : 0);
    return exchange.endWith();
  }
  const reader = exchange.reader = body.getReader();
  const begin = new Beginning(reader);
  const bytes = await begin.whole();
  if (exchange.end !== undefined) return;
  if (bytes !== undefined) {
    head.write(bytes.byteLength);
    return isBodiless ? exchange.endWith() : endWithBytes(bytes, exchange);
  }
  if (isBodiless) {
    head.write(declared);
    reader.cancel(new UnwantedBodyError()).catch((error) => exchange.finish("failed", error));
    return exchange.endWith();
  }
  // What fails before its first byte can still be answered with 500; but a stream of events has begun when its head is there.
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    await begin.first();
    if (exchange.end !== undefined) return;
  }
  head.write(declared);
  // What Node's own flush sends is UTF-8, while a field is bytes.
  outgoing.write("", "latin1");
  await pump(begin, exchange, declared);
}

/** A longer body goes out in pieces of this length, so that it shows whether the client takes any. */
const pieceBytes = 256 * 1024;
/** Up to this length a body is written together with its head. */
const mergedBytes = 16 * 1024;

/** Sends a body that is there whole, of so many bytes, and ends the answer with it. */
function endWithWhole(body: AnswerParts["body"], length: number, exchange: NodeExchange): void | Promise<void> {
  if (typeof body !== "string") return endWithBytes(body, exchange);
  // As many bytes as characters: all are ASCII.
  const isPiece = length === body.length && length <= pieceBytes;
  return isPiece ? exchange.endWith(body) : endWithBytes(Buffer.from(body), exchange);
}

function endWithBytes(bytes: Uint8Array, exchange: NodeExchange): void | Promise<void> {
  // A text goes out together with the head, in one write; bytes would need a second one.
  if (bytes.byteLength <= mergedBytes) return exchange.endWith(latin1(bytes));
  if (bytes.byteLength <= pieceBytes) return exchange.endWith(bytes);
  return endInPieces(bytes, exchange);
}

async function endInPieces(bytes: Uint8Array, exchange: NodeExchange): Promise<void> {
  for (let at = 0; at < bytes.byteLength && !exchange.outgoing.destroyed; at += pieceBytes) {
    await exchange.write(bytes.subarray(at, at + pieceBytes));
  }
  exchange.endWith();
}

/** Bytes as a string of as many characters. */
function latin1(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}

/** Sends a stream no faster than the client takes it, and as many bytes as were declared. */
async function pump(begin: Beginning, exchange: NodeExchange, declared: number | undefined): Promise<void> {
  const { outgoing, reader } = exchange;
  let left = declared ?? Infinity;
  for (let read: Read = await begin.next(); !read.done; read = await begin.next()) {
    if (outgoing.destroyed) return;
    checkChunk(read.value);
    const { byteLength } = read.value;
    if (byteLength > left) {
      // What is longer would be read as the beginning of the next answer.
      const error = new TypeError(`The body of an answer is longer than its content-length, which is ${declared}`);
      exchange.connection.endAfterCurrent();
      if (left > 0) await exchange.write(read.value.subarray(0, left));
      reader!.cancel(error).catch(() => {});
      exchange.endWith();
      return exchange.finish("failed", error);
    }
    left -= byteLength;
    if (byteLength > 0) await exchange.write(read.value);
  }
  if (left > 0 && left !== Infinity) {
    throw new TypeError(`The body of an answer is ${left} bytes shorter than its content-length, which is ${declared}`);
  }
  exchange.endWith();
}
