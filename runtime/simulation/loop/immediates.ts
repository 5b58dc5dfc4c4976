/**
 * The immediates of a simulated loop, in batches as a host runs them: what one of them asks for comes in the next batch.
 *
 * ```
 *   asked for ──> waiting ──the batch before has run, startBatch──> in the batch ──next──> run
 *                    │                                                    │
 *                    └─cleared─> gone                                     └─cleared─> its turn comes, and nothing happens in it
 * ```
 *
 * Turns of a run queue are immediates too, which the program has not asked for. Where they alone wait they come promptly, without a
 * choice, but only so many batches in a row while something else is ready.
 *
 * @module
 */

import type { Immediate, LoopEvent } from "./loop_event.ts";
import type { Owner } from "./owner.ts";

/** After how many batches of turns alone whatever else is ready comes in between. */
const turnsInARow = 1;

/** Those that wait, and the batch that runs. */
export class Immediates {
  #waiting: Immediate[] = [];
  #batch: Immediate[] = [];
  #batchNext = 0;
  #batchesInARow = 0;
  /** Of those that wait, how many the program asked for. */
  #ownCount = 0;

  add(immediate: Immediate): void {
    this.#waiting.push(immediate);
    if (immediate.own) this.#ownCount++;
  }

  /** Takes one back; does nothing for one that has run. */
  clear(event: LoopEvent): void {
    const index = this.#waiting.indexOf(event as Immediate);
    if (index < 0) return void (event.fn = () => {});
    this.#waiting.splice(index, 1);
    if ((event as Immediate).own) this.#ownCount--;
  }

  /** Is one of them somebody's? */
  has(owner: Owner): boolean {
    const isTheirs = (immediate: Immediate): boolean => immediate.owner === owner;
    return this.#waiting.some(isTheirs) || this.#batch.slice(this.#batchNext).some(isTheirs);
  }

  /** Takes out all of somebody. */
  takeOut(owner: Owner): Immediate[] {
    const all = [...this.#batch.slice(this.#batchNext), ...this.#waiting];
    const isOther = (immediate: Immediate): boolean => immediate.owner !== owner;
    this.#batch = this.#batch.slice(this.#batchNext).filter(isOther);
    this.#batchNext = 0;
    this.#waiting = this.#waiting.filter(isOther);
    this.#ownCount = this.#waiting.filter(({ own }) => own).length;
    return all.filter((immediate) => !isOther(immediate));
  }

  /** How many wait for the next batch. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The first of the next batch, which stands for all of it in a choice; there has to be one. */
  get first(): Immediate {
    return this.#waiting[0]!;
  }

  /** Is there more of the batch that runs? */
  get hasNext(): boolean {
    return this.#batchNext < this.#batch.length;
  }

  /** Is it turns of a run queue alone that wait? */
  get areTurns(): boolean {
    return this.#waiting.length > 0 && this.#ownCount === 0;
  }

  /** May turns come before what else is ready? */
  get maySkipAhead(): boolean {
    return this.#batchesInARow < turnsInARow;
  }

  /** Something else runs in between. */
  interrupt(): void {
    this.#batchesInARow = 0;
  }

  /** Makes those that wait the batch. */
  startBatch(): void {
    this.#batch = this.#waiting;
    this.#batchNext = 0;
    this.#batchesInARow = this.#ownCount === 0 ? this.#batchesInARow + 1 : 0;
    this.#waiting = [];
    this.#ownCount = 0;
  }

  /** Takes the next of the batch; there has to be one. */
  next(): Immediate {
    return this.#batch[this.#batchNext++]!;
  }
}
