/**
 * Bodies of requests that are counted, and that fail when their request is cancelled.
 *
 * @module
 */

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

/** A request with the same head and a body of its own, which fails past the limit, or when told to. */
export class RequestBody {
  readonly request: Request;
  readonly #original: ReadableStream<Uint8Array>;
  /** Only of a body that is read: a host goes on with what is behind one that is not, unless somebody has a reader of it. */
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined = undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #open = true;
  #chunks = 0;
  #isRead = false;

  /** `onLost` is called before the body fails because the host cannot read any more of it: then the client has left. */
  constructor(original: Request, limit: number, onLost: (error: unknown) => void) {
    this.#original = original.body!;
    let bytes = 0;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: async (controller) => {
        this.#isRead = true;
        try {
          const { done, value } = await (this.#reader ??= this.#original.getReader()).read();
          this.#isRead = false;
          this.#chunks++;
          if (!this.#open) return;
          if (done) {
            this.#open = false;
            return controller.close();
          }
          bytes += value.byteLength;
          if (bytes > limit) this.fail(new BodyLimitError(limit));
          else controller.enqueue(value);
        } catch (error) {
          if (this.#open) onLost(error);
          this.fail(error);
        }
      },
      cancel: (reason) => {
        this.#open = false;
        return this.#cancel(reason);
      },
    }, { highWaterMark: 0 });
    const { url, method, headers } = original;
    this.request = new Request(url, { method, headers, body, duplex: "half" } as RequestInit);
  }

  /** While a read waits for the client: a number that the next chunk changes. Else `undefined`. */
  get progress(): number | undefined {
    return this.#open && this.#isRead ? this.#chunks : undefined;
  }

  /** Makes reading the body reject, unless it has been read to its end. */
  fail(error: unknown): void {
    if (!this.#open) return;
    this.#open = false;
    this.#controller.error(error);
    this.#cancel(error).catch(() => {});
  }

  /** The request is over: what is left of a body that was read in part is let go of, or what comes behind it would wait for ever. */
  end(): void {
    if (this.#reader !== undefined) this.fail(new Error("The request is over, and its body with it"));
  }

  #cancel(reason: unknown): Promise<void> {
    return (this.#reader ?? this.#original).cancel(reason);
  }
}
