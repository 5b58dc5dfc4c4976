/**
 * How many jobs a server takes beyond those that its threads run.
 *
 * While the functions are short it takes as many as the threads do in about a millisecond. Then a packet to the engine, to a thread and
 * back is for many jobs; with a job for each thread most of what a call costs would be packets and waking up. The engine gives away only
 * what nobody else waits for. A job that is found to wait behind long ones goes back.
 *
 * @module
 */

import { loop } from "../../../scheduler/queue/loop.ts";
import { leastAhead, type PoolInside } from "../../../scheduler/workers/pool/for_machines.ts";

/** How many jobs it may be for each thread. */
const mostForThread = 32;

/** For how many ms nothing may come to its end while jobs wait behind those that run. */
const patience = 50;

/** Fewest attempts with which it is done: a job that goes back, or dies with a server that had not begun it, has lost one. */
const fewestAttempts = 3;

/** The work ahead of the threads of a server. */
export class WorkAhead {
  readonly #pool: PoolInside;
  readonly #most: number;
  /** Do jobs wait behind others? */
  readonly #isAhead: () => boolean;
  readonly #onStuck: () => void;
  /** How many jobs had come to their end when nothing more did. */
  #stuckAt = -1;
  #isWatched = false;

  constructor(
    pool: PoolInside,
    { size, attempts, isAhead, onStuck }: { size: number; attempts: number; isAhead(): boolean; onStuck(): void },
  ) {
    this.#pool = pool;
    this.#most = attempts < fewestAttempts ? 0 : size * mostForThread;
    this.#isAhead = isAhead;
    this.#onStuck = onStuck;
  }

  /** How many jobs that is. */
  get count(): number {
    const { ahead } = this.#pool.meter;
    return this.#ended === this.#stuckAt || ahead <= leastAhead ? 0 : Math.min(this.#most, ahead);
  }

  /** How many jobs have come to their end in the threads; those that were taken back have not. */
  get #ended(): number {
    const { completed, failed } = this.#pool.meter;
    return completed + failed;
  }

  /** Jobs have been started ahead: if nothing comes to its end, they wait behind long ones. */
  watch(): void {
    if (this.#isWatched) return;
    this.#isWatched = true;
    const ended = this.#ended;
    // It is not taken back: batches come and go in less than a millisecond.
    loop().timers.setTimer(
      () => {
        this.#isWatched = false;
        if (!this.#isAhead()) return;
        if (this.#ended !== ended) return this.watch();
        this.#stuckAt = ended;
        this.#onStuck();
      },
      patience,
      { hold: false, real: true },
    );
  }
}
