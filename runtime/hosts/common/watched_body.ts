/**
 * A response's body on its way out, watched for how it ends.
 *
 * @module
 */

import { UnwantedBodyError } from "../../port/http.ts";
import type { Exchange } from "./exchange.ts";

/** A body on its way out that is watched, for hosts that do not tell how it ended, and that can be failed. */
export class WatchedBody {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #exchange: Exchange;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  /** How many bytes its handler said that there are, and how many of them are left. */
  readonly #declared: number;
  #left: number;
  #pieces = 0;
  #isPulled = false;
  /** What was read before the host asked for it. */
  #first: Promise<ReadableStreamReadResult<Uint8Array>> | undefined;
  #state: "reading" | "read" | "failed" = "reading";

  /** A body that is not `declared` bytes long has failed. */
  constructor(reader: ReadableStreamDefaultReader<Uint8Array>, exchange: Exchange, declared: number = Infinity) {
    this.#declared = this.#left = declared;
    this.#reader = reader;
    this.#exchange = exchange;
    this.#first = reader.read();
    this.#first.then(() => this.#state = "read", () => this.#state = "failed");
    this.stream = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pass(),
      cancel: (reason) => {
        exchange.finish("left");
        return reader.cancel(reason);
      },
    }, { highWaterMark: 0 });
  }

  /** See `HttpExchange`: hosts ask for a piece when the client has taken those before. */
  get sendProgress(): number | undefined {
    return this.#isPulled ? undefined : this.#pieces;
  }

  /** Settles when it is known whether the body fails within a few microtasks, as nothing has been sent then; rejects if it does. */
  async begun(): Promise<void> {
    for (let tick = 0; tick < 8 && this.#state === "reading"; tick++) await undefined;
    if (this.#state === "failed") await this.#first;
  }

  /** Nobody is to be sent the body. */
  skip(): void {
    this.#exchange.finish("sent");
    this.#reader.cancel(new UnwantedBodyError()).catch(() => {});
  }

  /** Makes the client see that the body is not whole. */
  fail(error: unknown): void {
    if (this.#exchange.end !== undefined) return;
    this.#exchange.finish("cut");
    this.#controller.error(error);
    this.#reader.cancel(error).catch(() => {});
  }

  /** The reader is gone: what it still reads fails with `reason`. */
  leave(reason: unknown): void {
    this.#controller.error(reason);
    this.#reader.cancel(reason).catch(() => {});
  }

  /** Gives the host one more chunk. */
  async #pass(): Promise<void> {
    let result: ReadableStreamReadResult<Uint8Array>;
    this.#isPulled = true;
    try {
      result = await (this.#first ?? this.#reader.read());
      this.#first = undefined;
      if (!result.done) checkChunk(result.value);
      else if (this.#left > 0 && this.#left < Infinity) throw this.#tooShort();
    } catch (error) {
      this.#exchange.finish("failed", error);
      this.#reader.cancel(error).catch(() => {});
      throw error;
    }
    if (this.#exchange.end !== undefined) return;
    this.#isPulled = false;
    this.#pieces++;
    if (result.done) {
      this.#controller.close();
      return this.#exchange.finish("sent");
    }
    const { byteLength } = result.value;
    if (byteLength > this.#left) return this.#tooLong(result.value.subarray(0, this.#left));
    this.#left -= byteLength;
    this.#controller.enqueue(result.value);
  }

  #tooShort(): TypeError {
    return new TypeError(
      `The body of an answer is ${this.#left} bytes shorter than its content-length, which is ${this.#declared}`,
    );
  }

  /** The client gets as many bytes as were declared. */
  #tooLong(last: Uint8Array): void {
    const error = new TypeError(
      `The body of an answer is longer than its content-length, which is ${this.#declared}`,
    );
    if (last.byteLength > 0) this.#controller.enqueue(last);
    this.#controller.close();
    this.#exchange.finish("failed", error);
    this.#reader.cancel(error).catch(() => {});
  }
}

/** Refuses a chunk of a body that is no bytes: what a host makes of one differs. */
export function checkChunk(chunk: unknown): asserts chunk is Uint8Array {
  if (!(chunk instanceof Uint8Array)) {
    throw new TypeError(`The stream of a body gives Uint8Arrays: received ${typeof chunk}`);
  }
}
