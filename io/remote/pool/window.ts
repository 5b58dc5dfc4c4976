/**
 * Many things that are asked of a server, a few of them at a time.
 *
 * A hundred thousand questions at once would all wait for their answers so long that they count as lost, and are asked again.
 *
 * @module
 */

/** Does something with each item, in order, with so many at a time. */
export class Window<T> {
  readonly #most: number;
  readonly #handle: (item: T) => Promise<void>;
  #waiting: T[] = [];
  /** Where the first of them is: taking it out of a long array would move all others. */
  #first = 0;
  #running = 0;
  #onIdle: (() => void)[] = [];

  /** What `handle` comes to is its own affair: it does not reject. */
  constructor(most: number, handle: (item: T) => Promise<void>) {
    this.#most = most;
    this.#handle = handle;
  }

  add(item: T): void {
    if (this.#running < this.#most) this.#start(item);
    else this.#waiting.push(item);
  }

  /** Resolves when nothing is left to be done. */
  idle(): Promise<void> {
    return this.#running === 0 ? Promise.resolve() : new Promise((resolve) => this.#onIdle.push(resolve));
  }

  #start(item: T): void {
    this.#running++;
    void this.#handle(item).then(this.#ended);
  }

  readonly #ended = (): void => {
    this.#running--;
    if (this.#first === this.#waiting.length) {
      if (this.#running === 0) { for (const resolve of this.#onIdle.splice(0)) resolve(); }
      return;
    }
    const next = this.#waiting[this.#first++]!;
    if (this.#first >= 1024 && this.#first * 2 >= this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    this.#start(next);
  };
}
