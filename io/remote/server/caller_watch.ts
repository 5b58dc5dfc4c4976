/**
 * Whether the callers of what a server holds are still there.
 *
 * @module
 */

import type { Engine } from "../engine/engine.ts";

/** How often in a row nobody may be at an inbox until its caller counts as gone. */
const missesOfGone = 3;

/** The callers of a server. */
export class CallerWatch {
  readonly #engine: Engine;
  readonly #beat: number;
  readonly #onGone: (inbox: string) => void;
  /** How often in a row nobody was at an inbox. */
  readonly #misses: Map<string, number> = new Map();

  constructor(engine: Engine, beat: number, onGone: (inbox: string) => void) {
    this.#engine = engine;
    this.#beat = beat;
    this.#onGone = onGone;
  }

  /** Asks at the inboxes of those for whom something is held; those of others are forgotten. */
  look(inboxes: ReadonlySet<string>): void {
    for (const inbox of this.#misses.keys()) if (!inboxes.has(inbox)) this.#misses.delete(inbox);
    for (const inbox of inboxes) void this.#ask(inbox);
  }

  async #ask(inbox: string): Promise<void> {
    const { signal } = new AbortController();
    try {
      await this.#engine.request(inbox, new Uint8Array(0), { signal, timeout: this.#beat });
      this.#misses.delete(inbox);
    } catch {
      // While the connection is lost nobody can be found, and nothing can be said of anybody.
      if (!this.#engine.state.isConnected) return;
      const misses = (this.#misses.get(inbox) ?? 0) + 1;
      this.#misses.set(inbox, misses);
      if (misses >= missesOfGone) this.#onGone(inbox);
    }
  }
}
