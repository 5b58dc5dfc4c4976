/**
 * Real work of a body that a simulation waits for: the clock stands still meanwhile, and what comes of it comes at a fixed place.
 *
 * ```
 *   begin ──it is at work──> done ──all that were begun before it have come──> it comes, in a macrotask
 * ```
 *
 * How long it takes is the machine's affair: no order may depend on it.
 *
 * @module
 */

interface Job {
  readonly label: string;
  /** Tells whoever waits; there once it is done. */
  come: (() => void) | undefined;
}

/** The real work of one run. */
export class RealWork {
  readonly #jobs: Job[] = [];
  #isOver = false;
  /** Work whose parts reach the body as they come: streams. */
  open = 0;

  /** Work begins. The function that is returned is told, once it is done, what to call. */
  begin(label: string): (come: () => void) => void {
    const job: Job = { label, come: undefined };
    this.#jobs.push(job);
    return (come) => {
      job.come = come;
      if (this.#isOver) come();
    };
  }

  /** Is there any, at work or done? */
  get isOn(): boolean {
    return this.open > 0 || this.#jobs.length > 0;
  }

  /** What comes next; `undefined` while that is at work. */
  next(): { readonly label: string; readonly come: () => void } | undefined {
    const [first] = this.#jobs;
    if (first?.come === undefined || this.open > 0) return undefined;
    return this.#jobs.shift() as { label: string; come: () => void };
  }

  /** The run is over: whoever still waits, in another one it may be, is told as soon as it is done. */
  end(): void {
    this.#isOver = true;
    for (const { come } of this.#jobs.splice(0)) {
      try {
        come?.();
      } catch {
        // What a callback throws after the end has nobody to go to.
      }
    }
  }
}
