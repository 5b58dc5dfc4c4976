/**
 * Whether the callers of what a server holds are still there, and want it: what cancels a call may be lost, or its caller die.
 *
 * @module
 */

import { type Engine, type Message, NoResponderError } from "../engine/engine.ts";
import { writeBody } from "../wire/messages.ts";
import { asks } from "../wire/subjects.ts";
import type { HeldJob } from "./held_job.ts";

/** How often in a row nobody may be at an inbox until its caller counts as gone. */
const missesOfGone = 3;

/** The callers of a server. */
export class CallerWatch {
  readonly #engine: Engine;
  readonly #beat: number;
  readonly #onGone: (inbox: string) => void;
  readonly #onUnwanted: (message: Message) => void;
  /** How often in a row nobody was at an inbox. */
  readonly #misses: Map<string, number> = new Map();

  constructor(
    engine: Engine,
    beat: number,
    { onGone, onUnwanted }: { onGone(inbox: string): void; onUnwanted(message: Message): void },
  ) {
    this.#engine = engine;
    this.#beat = beat;
    this.#onGone = onGone;
    this.#onUnwanted = onUnwanted;
  }

  /** Asks at the inboxes of jobs that are held, unless they are detached; other inboxes are forgotten. */
  look(jobs: readonly HeldJob[]): void {
    const inboxes = new Map<string, string[]>();
    for (const { body: { isDetached, inbox, id } } of jobs) {
      if (isDetached) continue;
      const ids = inboxes.get(inbox);
      if (ids === undefined) inboxes.set(inbox, [id]);
      else ids.push(id);
    }
    for (const inbox of this.#misses.keys()) if (!inboxes.has(inbox)) this.#misses.delete(inbox);
    for (const [inbox, ids] of inboxes) void this.#ask(inbox, ids);
  }

  async #ask(inbox: string, ids: readonly string[]): Promise<void> {
    const { signal } = new AbortController();
    const options = { headers: { [asks.header]: asks.wanted }, signal, timeout: this.#beat };
    try {
      const answer = await this.#engine.request(inbox, writeBody({ kind: "ask", ids }), options);
      this.#misses.delete(inbox);
      this.#onUnwanted(answer);
    } catch (error) {
      // An answer that is late says nothing: the caller may be busy, or this server be cut off, with jobs whose callers are all there.
      if (!(error instanceof NoResponderError)) return;
      const misses = (this.#misses.get(inbox) ?? 0) + 1;
      this.#misses.set(inbox, misses);
      if (misses >= missesOfGone) this.#onGone(inbox);
    }
  }
}
