/**
 * What ends a `fetch` before its time.
 *
 * @module
 */

/** The aborting of a fetch, with one listener for all that it may interrupt. */
export class FetchAbort {
  readonly #signal: AbortSignal | undefined;
  readonly #interrupts = new Set<(reason: unknown) => void>();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this);
  }

  /** Called by the signal. */
  handleEvent(): void {
    for (const interrupt of [...this.#interrupts]) interrupt(this.#signal!.reason);
  }

  /** Calls back when the fetch is aborted; the returned function takes that back. */
  on(interrupt: (reason: unknown) => void): () => void {
    this.#interrupts.add(interrupt);
    return () => void this.#interrupts.delete(interrupt);
  }

  /** Settles as `promise` does, or rejects when the fetch is aborted first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const off = this.on(reject);
      promise.then(resolve, reject).finally(off);
    });
  }

  /** Ends with `reason` what is still on its way, and leaves no listener behind. */
  end(reason: unknown): void {
    this.#signal?.removeEventListener("abort", this);
    for (const interrupt of [...this.#interrupts]) interrupt(reason);
    this.#interrupts.clear();
  }
}

/** What `fetch` rejects with when the network fails it. */
export function failed(cause: Error): TypeError {
  return new TypeError("fetch failed", { cause });
}
