/** A lock as users write it, over promises alone. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `fn` when all before it have ended. */
  run<T>(fn: () => Promise<T>): Promise<T> {
    const result = this.#last.then(fn);
    this.#last = result.catch(() => {});
    return result;
  }
}
