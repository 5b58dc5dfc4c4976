/**
 * Ids that are known for a while, and the jobs that were given up.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import type { JobMessage } from "../engine/engine.ts";

/** For how long the same id adds nothing, in ms: JetStream's own. */
const dedupeWindow = 120_000;

/** Ids, each with the place of what came with it. */
export class KnownIds {
  readonly #ids: Map<string, { readonly sequence: number; readonly until: number }> = new Map();

  /** The place that an id stands for. */
  get(id: string): number | undefined {
    const now = loop().host.now();
    for (const [oldest, { until }] of this.#ids) {
      if (until > now) break;
      this.#ids.delete(oldest);
    }
    return this.#ids.get(id)?.sequence;
  }

  /** Adds one that is not known. */
  add(id: string, sequence: number): void {
    this.#ids.set(id, { sequence, until: loop().host.now() + dedupeWindow });
  }
}

/** Jobs that were given up. */
export class DeadJobs {
  readonly #jobs: Map<number, JobMessage> = new Map();
  readonly #ids: KnownIds = new KnownIds();
  #sequence = 0;

  add(message: JobMessage): void {
    if (this.#ids.get(message.id) !== undefined) return;
    this.#ids.add(message.id, ++this.#sequence);
    this.#jobs.set(this.#sequence, message);
  }

  list(limit: number): (JobMessage & { readonly sequence: number })[] {
    return [...this.#jobs].slice(0, limit).map(([sequence, job]) => ({ ...job, sequence }));
  }

  remove(sequence: number): boolean {
    return this.#jobs.delete(sequence);
  }
}
