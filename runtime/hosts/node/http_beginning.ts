import { ownFunctions } from "../common/own_functions.ts";
import { checkChunk } from "../common/watched_body.ts";

/** What a read of a body gives. */
export type Read = ReadableStreamReadResult<Uint8Array>;

/** A body that comes in more pieces, is larger, or takes more turns than this, is sent as a stream, without its length. */
const maxPieces = 64;
const maxBytes = 256 * 1024;
const maxTurns = 8;
/** Node gives the chunks of a Blob in turns of their own; so many without one are no Blob's. */
const maxEmptyTurns = 2;

/** The first reads of a body: one that is there whole is sent with its length, in one piece. */
export class Beginning {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  /** The last read that was asked for, until its result is taken. */
  #asked: Promise<Read> | undefined = undefined;
  #state: "reading" | "whole" | "failed" | "over" = "reading";
  #isLooking = true;

  constructor(reader: ReadableStreamDefaultReader<Uint8Array>) {
    this.#reader = reader;
    this.#ask();
  }

  /**
   * The whole body, if it is there within a few microtasks, or comes chunk by chunk in the next turns, as a Blob does; else
   * `undefined`. A stream that fails as soon makes this throw.
   */
  async whole(): Promise<Uint8Array | undefined> {
    for (let tick = 0; tick < 8 && this.#state === "reading"; tick++) await undefined;
    let empty = 0;
    for (let turn = 0; turn < maxTurns && empty < maxEmptyTurns && this.#state === "reading"; turn++) {
      const before = this.#chunks.length;
      await new Promise<void>((resolve) => ownFunctions().setImmediate!(resolve));
      empty = this.#chunks.length === before ? empty + 1 : 0;
    }
    this.#isLooking = false;
    if (this.#state === "failed") await this.#asked;
    return this.#state === "whole" ? this.#joined() : undefined;
  }

  /** Waits until a byte has come, or the end; throws where that is a failure. */
  async first(): Promise<void> {
    while (this.#bytes === 0) {
      const read = await (this.#asked ??= this.#reader.read());
      if (read.done) return;
      this.#take(read.value);
    }
  }

  /** The next chunk, those that came first before others. */
  next(): Promise<Read> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk });
    const asked = this.#asked ?? this.#reader.read();
    this.#asked = undefined;
    return asked;
  }

  #ask(): void {
    const asked = this.#asked = this.#reader.read();
    asked.then((read) => this.#came(read), () => this.#state = "failed");
  }

  #came(read: Read): void {
    if (!this.#isLooking) return;
    if (read.done) return void (this.#state = "whole");
    try {
      this.#take(read.value);
    } catch (error) {
      this.#asked = Promise.reject(error);
      this.#asked.catch(() => {});
      this.#state = "failed";
      return;
    }
    if (this.#chunks.length < maxPieces && this.#bytes < maxBytes) this.#ask();
    else this.#state = "over";
  }

  #take(chunk: Uint8Array): void {
    checkChunk(chunk);
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    this.#asked = undefined;
  }

  #joined(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0]!;
    const joined = new Uint8Array(this.#bytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      joined.set(chunk, at);
      at += chunk.byteLength;
    }
    return joined;
  }
}
