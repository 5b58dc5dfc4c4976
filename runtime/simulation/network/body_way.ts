/**
 * A body on its way from one program to another, no faster than it is read.
 *
 * ```
 *   source ──begin: what is there at once──> whole ──────────────────────────────────────────────────────> over
 *                     └──more──> a piece on its way ──while less than `room` is unread──> the next ──> ... ──> over
 * ```
 *
 * @module
 */

import { checkChunk, concatenate } from "../../basics/bytes.ts";

/** How many bytes of a body may be on their way and unread. */
const room = 65_536;

/** How many pieces are put together that are there at once. */
const mostChunks = 8;

/** What carries a body. */
export interface BodyCarrier {
  /** Sends something to whoever reads, in whose program `come` is called. */
  send(bytes: number, come: () => void, what: "body" | "end"): void;
  /** The same in the other direction, for the program that sends the body. */
  back(come: () => void): void;
  /** Whoever reads wants no more. */
  cancelled(reason: unknown): void;
}

/** A body that comes in pieces. */
export class BodyWay {
  readonly #carrier: BodyCarrier;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #next: Promise<ReadableStreamReadResult<Uint8Array>> | undefined = undefined;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined = undefined;
  /** How many bytes are on their way or unread, as far as the sender knows; and how many the reader has taken since it has said so. */
  #unread = 0;
  #taken = 0;
  #hasRoom: (() => void) | undefined = undefined;
  #isOver = false;
  /** The same, for whoever reads. */
  #isRead = false;
  #pieces = 0;

  constructor(source: ReadableStream<Uint8Array>, carrier: BodyCarrier) {
    this.#reader = source.getReader();
    this.#carrier = carrier;
  }

  /** While it is the reader who is waited for: a number that another piece changes. */
  get progress(): number | undefined {
    return this.#hasRoom === undefined ? undefined : this.#pieces;
  }

  /** What there is of it at once, which comes in one packet, as from a real sender; and is that all? */
  async begin(): Promise<{ readonly there: Uint8Array<ArrayBuffer>; readonly isWhole: boolean }> {
    const chunks: Uint8Array[] = [];
    for (;;) {
      const next = this.#next = this.#reader.read();
      const read = await soon(next);
      if (read === undefined || chunks.length === mostChunks) break;
      this.#next = undefined;
      if (read.done) return { there: joined(chunks), isWhole: true };
      checkChunk(read.value);
      chunks.push(read.value);
    }
    return { there: joined(chunks), isWhole: false };
  }

  /** Sends the rest, behind what was there; answers whether it has come to its end. Rejects as the source does. */
  async rest(there: Uint8Array): Promise<boolean> {
    try {
      if (there.length > 0) await this.#more(there);
      while (!this.#isOver) {
        const { done, value } = await (this.#next ?? this.#reader.read());
        this.#next = undefined;
        if (this.#isOver) return false;
        if (done) {
          this.#isOver = true;
          this.#carrier.send(0, () => this.#end(), "end");
          return true;
        }
        checkChunk(value);
        await this.#more(value);
      }
      return false;
    } catch (error) {
      this.#isOver = true;
      throw error;
    }
  }

  async #more(bytes: Uint8Array): Promise<void> {
    this.#unread += bytes.length;
    this.#pieces++;
    // What its owner does to it later is not to be seen at the other end.
    const copy = new Uint8Array(bytes);
    this.#carrier.send(copy.length, () => this.#come(copy), "body");
    if (this.#unread > room) await new Promise<void>((resolve) => this.#hasRoom = resolve);
  }

  /** What whoever reads has of it. */
  open(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => void (this.#controller = controller),
      // All that came has been read when there is nothing of it for a read.
      pull: () => {
        if (this.#taken >= room / 2) this.#acknowledge();
      },
      cancel: (reason) => {
        this.#isRead = true;
        this.#carrier.cancelled(reason);
      },
    }, { highWaterMark: 0 });
  }

  #come(bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#isRead) return;
    this.#taken += bytes.length;
    this.#controller!.enqueue(bytes);
  }

  #acknowledge(): void {
    const read = this.#taken;
    this.#taken = 0;
    this.#carrier.back(() => {
      this.#unread -= read;
      if (this.#unread <= room) this.#goOn();
    });
  }

  #goOn(): void {
    this.#hasRoom?.();
    this.#hasRoom = undefined;
  }

  #end(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    this.#controller!.close();
  }

  /** Whoever reads gets an error in the place of the rest. */
  fail(error: unknown): void {
    if (this.#isRead) return;
    this.#isRead = true;
    this.#controller?.error(error);
  }

  /** Whoever sends it is no more: nothing of them is to run. */
  drop(): void {
    this.#isOver = true;
  }

  /** Nobody wants the rest: its source is cancelled. */
  stop(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#goOn();
    this.#reader.cancel(reason).catch(() => {});
  }
}

/** Most bodies are one piece. */
function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return chunks.length === 1 ? new Uint8Array(chunks[0]!) : concatenate(chunks);
}

/** What a promise resolves with, if it does within some microtasks; rejects if it does so. */
async function soon<T extends object>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  let isSettled = false;
  const settled = (): void => void (isSettled = true);
  promise.then((result) => {
    value = result;
    settled();
  }, settled);
  for (let tick = 0; tick < 16 && !isSettled; tick++) await undefined;
  return isSettled ? value ?? await promise : undefined;
}
