/**
 * Bodies of requests that are counted, and that fail when their request is cancelled.
 *
 * @module
 */

import type { BodyWatch } from "../../runtime/port/http.ts";

/** Reading a request body fails with this when it is longer than allowed; uncaught, the client gets 413. */
export class BodyLimitError extends Error {
  /** "BodyLimitError". */
  override readonly name = "BodyLimitError";
  /** The limit, in bytes. */
  readonly limit: number;

  /** Made by `serve`. */
  constructor(limit: number) {
    super(`The request body is longer than ${limit} bytes`);
    this.limit = limit;
  }
}

/** Reading a request body fails with this when the client sends nothing of it for too long; uncaught, the client gets 408. */
export class BodyTimeoutError extends Error {
  /** "BodyTimeoutError". */
  override readonly name = "BodyTimeoutError";
  /** For how long a read has waited, in ms. */
  readonly timeout: number;

  /** Made by `serve`. */
  constructor(timeout: number) {
    super(`The client has sent nothing of the body of its request for ${timeout} ms`);
    this.timeout = timeout;
  }
}

/** The body of a request, which fails past the limit, or when told to. */
export class RequestBody implements BodyWatch {
  readonly #limit: number;
  readonly #onLost: (error: unknown) => void;
  #original: ReadableStream<Uint8Array> | undefined = undefined;
  /** Only of a body that is read: a host goes on with what is behind one that is not, unless somebody has a reader of it. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined = undefined;
  #open = true;
  /** Ends the reading of the whole body, where it is read without a stream. */
  #stopWhole: ((error: unknown) => void) | undefined = undefined;
  #failure: { readonly error: unknown } | undefined = undefined;
  #bytes = 0;
  #chunks = 0;
  #isRead = false;

  /** `onLost` is called before the body fails because the host cannot read any more of it: then the client has left. */
  constructor(limit: number, onLost: (error: unknown) => void) {
    this.#limit = limit;
    this.#onLost = onLost;
  }

  wrap(original: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
    this.#original = original;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
        if (this.#failure !== undefined) this.#stop(this.#failure.error);
      },
      pull: (controller) => this.#pull(controller),
      cancel: (reason) => {
        this.#open = false;
        return this.#cancel(reason);
      },
    }, { highWaterMark: 0 });
  }

  begin(stop: (error: unknown) => void): void {
    this.#stopWhole = stop;
    if (this.#failure !== undefined) stop(this.#failure.error);
    else this.#isRead = true;
  }

  came(bytes: number): void {
    this.#chunks++;
    this.#bytes += bytes;
    if (this.#bytes <= this.#limit) return;
    const error = new BodyLimitError(this.#limit);
    this.fail(error);
    throw error;
  }

  ended(): void {
    this.#open = false;
  }

  lost(error: unknown): void {
    if (this.#open) this.#onLost(error);
    this.fail(error);
  }

  /** While a read waits for the client: a number that the next chunk changes. Else `undefined`. */
  get progress(): number | undefined {
    return this.#open && this.#isRead ? this.#chunks : undefined;
  }

  /** Makes reading the body reject, unless it has been read to its end. */
  fail(error: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#failure = { error };
    if (this.#controller !== undefined) this.#stop(error);
    this.#stopWhole?.(error);
  }

  /** The request is over: what is left of a body that was read in part is let go of, or what comes behind it would wait for ever. */
  end(): void {
    // To make the error takes longer than all else here.
    if (this.#open && (this.#reader !== undefined || this.#stopWhole !== undefined)) {
      this.fail(new Error("The request has ended, and its body can no longer be read"));
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    this.#isRead = true;
    try {
      const { done, value } = await (this.#reader ??= this.#original!.getReader()).read();
      this.#isRead = false;
      if (!this.#open) return;
      if (done) {
        this.ended();
        return controller.close();
      }
      this.came(value.byteLength);
      controller.enqueue(value);
    } catch (error) {
      this.lost(error);
    }
  }

  #stop(error: unknown): void {
    this.#controller!.error(error);
    this.#cancel(error).catch(() => {});
  }

  #cancel(reason: unknown): Promise<void> {
    return (this.#reader ?? this.#original!).cancel(reason);
  }
}
