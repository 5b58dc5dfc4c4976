import { Latch } from "@millrace/millrace";
import type { Verdict } from "./check.ts";

/** Remembers what is known of a link, and asks about a link only once at a time. */
export class VerdictCache {
  readonly #known = new Map<string, Verdict>();
  readonly #asked = new Map<string, Latch>();
  readonly #check: (url: string) => Promise<Verdict>;

  constructor(check: (url: string) => Promise<Verdict>) {
    this.#check = check;
  }

  async get(url: string): Promise<Verdict> {
    for (;;) {
      const known = this.#known.get(url);
      if (known !== undefined) return known;
      const other = this.#asked.get(url);
      if (other === undefined) break;
      await other.wait(); // and look again: whoever asked may have been cancelled
    }
    const answered = new Latch();
    this.#asked.set(url, answered);
    try {
      const verdict = await this.#check(url);
      if (this.#known.size >= 10_000) this.#known.clear(); // a cache needs a bound
      this.#known.set(url, verdict);
      return verdict;
    } finally {
      this.#asked.delete(url);
      answered.open();
    }
  }
}
