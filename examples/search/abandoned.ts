/** How long the workers went on for searches that nobody waited for any more. */

import { currentTask } from "../../mod.ts";

export class Abandoned {
  /** How many searches were given up by those who had asked for them. */
  count = 0;
  /** How long it took, in ms, until a worker was free again: lately, and at most. */
  latest = 0;
  longest = 0;

  /** Runs a search. It ends, however it does, only when its last call has: that is what a group is for. */
  async watch<T>(search: () => Promise<T>): Promise<T> {
    const { signal } = currentTask()!;
    let since: number | undefined;
    const note = (): void => void (since = performance.now());
    signal.addEventListener("abort", note, { once: true });
    try {
      return await search();
    } finally {
      signal.removeEventListener("abort", note);
      if (since !== undefined) this.#add(performance.now() - since);
    }
  }

  #add(ms: number): void {
    this.count++;
    this.latest = ms;
    this.longest = Math.max(this.longest, ms);
  }
}
