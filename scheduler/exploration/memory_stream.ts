/**
 * Streams in memory, on whose bytes the schedule of a simulation decides: when they come, and in what pieces.
 *
 * @module
 */

import { checkCount, checkOptions, show } from "../../runtime/basics/check.ts";
import type { Simulation } from "../../runtime/simulation/mod.ts";
import { Session } from "../../runtime/simulation/run/session.ts";

/** How a stream hands on what is written to it. */
export interface MemoryStreamOptions {
  /** What the schedule calls its chunks. Default: "stream". */
  label?: string;
  /**
   * In what pieces a chunk comes: `"kept"`, as it was written; `"bytes"`, a byte at a time; `"chosen"`, cut where the schedule says
   * so: anywhere in a chunk of up to 64 bytes, in a longer one at its ends, inside of characters, around line ends and around other
   * delimiters. Default: `"kept"`.
   */
  pieces?: "kept" | "bytes" | "chosen";
  /** How many chunks may be unread before a write waits. 0 is lockstep: a chunk comes only when somebody waits for it. Default: 1. */
  buffer?: number;
}

/** The two ends of a stream of bytes. */
export interface MemoryStream {
  /** Where the bytes come out. Cancelling it fails the writes that come later. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Where they go in. Aborting it fails the reader, unless the end has come before. */
  readonly writable: WritableStream<Uint8Array>;
}

type Pieces = NonNullable<MemoryStreamOptions["pieces"]>;

let streams = 0;

/**
 * A stream of bytes from one part of a body to another. Each piece and the end come in macrotasks of the schedule, in their order;
 * a write waits while too much is unread.
 *
 * @throws {TypeError} or {RangeError} at the call, for options of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { explore, memoryStream } from "@millrace/millrace/testing";
 *
 * const texts = new Set<string>();
 * await explore(async (sim) => {
 *   const { readable, writable } = memoryStream(sim, { pieces: "chosen" });
 *   const writer = writable.getWriter();
 *   void writer.write(new TextEncoder().encode("abc")).then(() => writer.close());
 *   const pieces: string[] = [];
 *   for await (const piece of readable) pieces.push(new TextDecoder().decode(piece));
 *   texts.add(pieces.join("|"));
 * });
 * console.log([...texts].sort().join(" "));
 * // -> abc ab|c a|bc a|b|c
 * ```
 */
export function memoryStream(sim: Simulation, options: MemoryStreamOptions = {}): MemoryStream {
  if (typeof (sim as Partial<Simulation> | null)?.io !== "function") {
    throw new TypeError(`memoryStream takes the simulation first: received ${show(sim)}`);
  }
  checkOptions(options, "a memoryStream", ["label", "pieces", "buffer"]);
  const { label = "stream", pieces = "kept", buffer = 1 } = options;
  if (typeof label !== "string") throw new TypeError(`A label has to be a string: received ${show(label)}`);
  if (!["kept", "bytes", "chosen"].includes(pieces)) {
    throw new TypeError(`Pieces are "kept", "bytes" or "chosen": received ${show(pieces)}`);
  }
  checkCount(buffer, "buffer", 0);
  return new Stream(sim, label, pieces, buffer);
}

/** The state of a stream, between its two ends. */
class Stream implements MemoryStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly #sim: Simulation;
  readonly #label: string;
  readonly #cutLabel: string;
  /** Pieces of one stream keep their order, and none those of another. */
  readonly #name: string;
  readonly #pieces: Pieces;
  #reader!: ReadableStreamDefaultController<Uint8Array>;
  #state: "open" | "ended" | "cancelled" = "open";
  /** Does the reader want a chunk? */
  #isWanted = false;
  #onChange: (() => void) | undefined;

  constructor(sim: Simulation, label: string, pieces: Pieces, buffer: number) {
    this.#sim = sim;
    this.#label = label;
    this.#cutLabel = `bytes of ${label}`;
    this.#name = `memory stream ${++streams}`;
    this.#pieces = pieces;
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#reader = controller),
      pull: () => {
        this.#isWanted = true;
        this.#changed();
      },
      cancel: () => {
        this.#state = "cancelled";
        this.#changed();
      },
    }, { highWaterMark: buffer });
    this.writable = new WritableStream<Uint8Array>({
      start: (controller) => controller.signal.addEventListener("abort", () => this.#changed()),
      write: (chunk, { signal }) =>
        this.#write(chunk, signal).catch((error) => {
          this.#abort(error);
          throw error;
        }),
      close: () => this.#close(),
      abort: (reason) => this.#abort(reason),
    }, { highWaterMark: Math.max(1, buffer) });
  }

  async #write(chunk: Uint8Array, signal: AbortSignal): Promise<void> {
    if (!(chunk instanceof Uint8Array)) throw new TypeError(`A stream carries Uint8Arrays: received ${show(chunk)}`);
    for (const piece of this.#piecesOf(chunk.slice())) {
      while (this.#state === "open" && !this.#isWanted && !signal.aborted) {
        await new Promise<void>((resolve) => this.#onChange = resolve);
      }
      signal.throwIfAborted();
      if (this.#state === "cancelled") throw new Error(`The reader of ${show(this.#label)} has gone`);
      this.#isWanted = false;
      await this.#arrival(this.#label);
      if (this.#state === "open") this.#reader.enqueue(piece);
    }
  }

  /** The pieces a chunk comes in; where the schedule chooses, it does so for each as its time comes. */
  *#piecesOf(chunk: Uint8Array): Generator<Uint8Array> {
    for (let rest = chunk; rest.length > 0 || rest === chunk;) {
      const isCut = this.#pieces === "chosen" && rest.length > 1;
      const at = this.#pieces === "bytes" ? 1 : isCut ? Session.cut(this.#cutLabel, rest) : 0;
      const end = at === 0 ? rest.length : at;
      yield rest.subarray(0, end);
      if (end >= rest.length) return;
      rest = rest.subarray(end);
    }
  }

  async #close(): Promise<void> {
    await this.#arrival(`end of ${this.#label}`);
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#reader.close();
  }

  #abort(reason: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "ended";
    this.#reader.error(reason);
  }

  #arrival(label: string): Promise<void> {
    return this.#sim.io(label, { stream: this.#name });
  }

  /** Lets a write that waits look again at what it waits for. */
  #changed(): void {
    this.#onChange?.();
    this.#onChange = undefined;
  }
}
