/** A response body of one JSON value a line, written as fast as the client reads and no faster. */

export class LineStream {
  readonly readable: ReadableStream<Uint8Array>;
  /** Settles when there is a first line, or the end. */
  readonly begun: Promise<void>;
  hasBegun = false;
  #begin!: () => void;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;
  #wake: (() => void)[] = [];
  readonly #encoder = new TextEncoder();
  readonly #textOf: (value: unknown) => string;

  /** `onLeave` is called when the reader gives up; `textOf` makes the text of a value. */
  constructor(
    onLeave: () => void = () => {},
    textOf: (value: unknown) => string = (value) => JSON.stringify(value) + "\n",
  ) {
    this.#textOf = textOf;
    this.begun = new Promise((resolve) => this.#begin = resolve);
    const wakeAll = () => this.#wake.splice(0).forEach((wake) => wake());
    this.readable = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: wakeAll,
      cancel: () => {
        this.#ended = true;
        wakeAll();
        onLeave();
      },
    }, new CountQueuingStrategy({ highWaterMark: 16 }));
  }

  /** Writes values, one a line; settles when there is room for more. After the end it does nothing. */
  async write(values: readonly unknown[]): Promise<void> {
    if (this.#ended) return;
    this.#controller.enqueue(this.#encoder.encode(values.map(this.#textOf).join("")));
    this.hasBegun = true;
    this.#begin();
    if ((this.#controller.desiredSize ?? 1) <= 0) await new Promise<void>((resolve) => this.#wake.push(resolve));
  }

  /** Ends the body. */
  end(): void {
    if (!this.#ended) this.#controller.close();
    this.#ended = true;
    this.#begin();
  }
}
