/**
 * What a server sends on a connection, read strictly: answers in order, then perhaps the frames of a WebSocket.
 *
 * @module
 */

import { closeFrame, type Frame, isClose, pongFrame, readFrame } from "./frames.ts";

/** A final answer. */
export interface Answer {
  readonly status: number;
  /** The id of the request that the handler has answered. */
  readonly id: string | undefined;
  readonly body: string;
  /** Does it say that the connection is closed after it? */
  readonly closes: boolean;
}

/** What is wrong with a control frame of more than 125 bytes. */
export const longControl = "A control frame is longer than 125 bytes";

/** Reads what comes, as far as it has come. */
export class AnswerReader {
  readonly answers: Answer[] = [];
  /** Frames of the WebSocket. */
  readonly frames: Frame[] = [];
  /** What is wrong with what has come, with the text. */
  trouble: string | undefined = undefined;
  /** Has the connection become a WebSocket? */
  isWebSocket = false;
  readonly #methods: readonly string[];
  #rest = "";
  #hasEnded = false;

  /** Of requests with these methods. */
  constructor(methods: readonly string[]) {
    this.#methods = methods;
  }

  /** Is there something of an answer that is not whole? */
  get isPartial(): boolean {
    return this.#rest !== "" && this.trouble === undefined;
  }

  /** Takes what has come. */
  push(text: string): void {
    this.#rest += text;
    try {
      while (this.#rest !== "" && this.trouble === undefined && this.#next());
    } catch (error) {
      this.trouble = `${(error as Error).message} in ${JSON.stringify(this.#rest.slice(0, 300))}`;
    }
  }

  /** Nothing comes any more. */
  end(): void {
    this.#hasEnded = true;
    this.push("");
  }

  #next(): boolean {
    if (this.isWebSocket) return this.#nextFrame();
    const end = this.#rest.indexOf("\r\n\r\n");
    if (end < 0) {
      if (!"HTTP/1.".startsWith(this.#rest.slice(0, 7))) throw new Error("There is no status line");
      return false;
    }
    const [line, ...rest] = this.#rest.slice(0, end).split("\r\n");
    const status = Number(/^HTTP\/1\.[01] ([1-5]\d\d) [\t -~\x80-\xff]*$/.exec(line!)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new Error("The status line is none");
    const fields = rest.map(fieldOf);
    const start = end + 4;
    if (status < 200) {
      this.#rest = this.#rest.slice(start);
      if (status === 101) this.isWebSocket = true;
      return true;
    }
    const framed = this.#body(status, fields, start);
    if (framed === undefined) return false;
    const connection = valueOf(fields, "connection")?.toLowerCase() ?? "";
    const closes = framed.untilClose || connection.includes("close");
    this.answers.push({ status, id: valueOf(fields, "x-answers"), body: framed.body, closes });
    this.#rest = this.#rest.slice(framed.end);
    return true;
  }

  /** The body that begins there; `undefined` if it is not all there. */
  #body(status: number, fields: readonly Field[], start: number) {
    const length = valueOf(fields, "content-length");
    const coding = valueOf(fields, "transfer-encoding");
    if (length !== undefined && !/^\d+$/.test(length)) throw new Error("The length is none");
    if (coding !== undefined && (coding !== "chunked" || length !== undefined)) throw new Error("The coding is wrong");
    const method = this.#methods[this.answers.length];
    if (method === "HEAD" || status === 204 || status === 304) return { body: "", end: start, untilClose: false };
    if (coding !== undefined) return this.#chunks(start);
    if (length === undefined) {
      return this.#hasEnded ? { body: this.#rest.slice(start), end: this.#rest.length, untilClose: true } : undefined;
    }
    const end = start + Number(length);
    return this.#rest.length < end ? undefined : { body: this.#rest.slice(start, end), end, untilClose: false };
  }

  #chunks(start: number): { body: string; end: number; untilClose: boolean } | undefined {
    let body = "";
    for (let at = start;;) {
      const lineEnd = this.#rest.indexOf("\r\n", at);
      if (lineEnd < 0) return undefined;
      const line = this.#rest.slice(at, lineEnd);
      if (!/^[0-9a-f]{1,8}$/i.test(line)) throw new Error("The size of a chunk is none");
      const size = parseInt(line, 16);
      const end = lineEnd + 2 + size;
      if (this.#rest.length < end + 2) return undefined;
      if (this.#rest.slice(end, end + 2) !== "\r\n") throw new Error("A chunk does not end where it should");
      if (size === 0) return { body, end: end + 2, untilClose: false };
      body += this.#rest.slice(lineEnd + 2, end);
      at = end + 2;
    }
  }

  #nextFrame(): boolean {
    const frame = readFrame(this.#rest, 0);
    if (frame === undefined || frame.payload === undefined) return false;
    const { opcode, payload } = frame;
    if (frame.isMasked || frame.isLong || frame.reserved !== 0) throw new Error("A frame of the server is wrong");
    if (opcode >= closeFrame && payload.length > 125) throw new Error(longControl);
    if ((opcode & 7) > 2 || (opcode >= closeFrame && !frame.isLast)) {
      throw new Error("A frame of the server has a wrong opcode");
    }
    if (this.frames.at(-1)?.opcode === closeFrame && opcode !== pongFrame) throw new Error("A frame after the close");
    if (opcode === closeFrame && !isClose(payload)) throw new Error("The server's close is wrong");
    this.frames.push(frame);
    this.#rest = this.#rest.slice(frame.end);
    return true;
  }
}

type Field = readonly [name: string, value: string];

function fieldOf(line: string): Field {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/.exec(line);
  if (match === null) throw new Error(`The field ${JSON.stringify(line)} is none`);
  return [match[1]!.toLowerCase(), match[2]!];
}

/** The value of a field that may be there once. */
function valueOf(fields: readonly Field[], name: string): string | undefined {
  const values = fields.filter((field) => field[0] === name).map(([, value]) => value);
  if (values.length > 1 && name !== "connection") throw new Error(`The field ${name} is there twice`);
  return values.length === 0 ? undefined : values.join(", ");
}
