/**
 * The workers that are started ahead for those that may have to be ended: one for each whose call was told to stop and goes on.
 *
 * ```
 *   the call goes on ──start──> spare ──the worker is ended──> takes its place
 *                                 ├──the call ends in time──> closed
 *                                 └──it cannot be put to use──> gone; the start that is needed will tell why
 * ```
 *
 * @module
 */

import type { PoolWorker } from "./pool_worker.ts";

/** How much time beyond what starts have taken is left for one, in ms, and how many times as long as the longest it may take. */
const margin = 20;
const slower = 2;

/** The spares of a pool, each with the worker whose place it may take. None has a job. */
export class Spares {
  readonly #spares: Map<PoolWorker, PoolWorker> = new Map();
  /** How long the start of a worker takes at the longest lately, in ms. */
  #longestStart = 0;

  /** How many there are. */
  get size(): number {
    return this.#spares.size;
  }

  /** How long before a worker may have to be ended its spare is to be started, in ms, so that it is ready then. */
  get lead(): number {
    return this.#longestStart * slower + margin;
  }

  /** A worker has taken so many ms to be ready. */
  took(ms: number): void {
    this.#longestStart = Math.max(ms, this.#longestStart * 0.9);
  }

  /** Keeps a spare for a worker, made if it has none; there is none as well if it cannot be made. */
  start(worker: PoolWorker, make: () => PoolWorker): void {
    if (this.#spares.has(worker)) return;
    try {
      this.#spares.set(worker, make());
    } catch {
      // Whoever needs a worker starts one, and is told.
    }
  }

  /** Takes the spare of a worker out. */
  take(worker: PoolWorker): PoolWorker | undefined {
    const spare = this.#spares.get(worker);
    this.#spares.delete(worker);
    return spare;
  }

  /** Is this worker a spare? */
  has(spare: PoolWorker): boolean {
    return this.#keyOf(spare) !== undefined;
  }

  /** Takes a spare out that has ended; answers whether it was one. */
  remove(spare: PoolWorker): boolean {
    const worker = this.#keyOf(spare);
    return worker !== undefined && this.#spares.delete(worker);
  }

  /** Takes all out. */
  takeAll(): PoolWorker[] {
    const all = [...this.#spares.values()];
    this.#spares.clear();
    return all;
  }

  #keyOf(spare: PoolWorker): PoolWorker | undefined {
    for (const [worker, other] of this.#spares) if (other === spare) return worker;
    return undefined;
  }
}
