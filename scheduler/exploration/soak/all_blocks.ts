/**
 * Runs the blocks of a soak, several at once where there are threads.
 *
 * ```
 *   block 0   block 1   block 2   ...        each lane takes the next one
 *      │         │ fails    │
 *      │         │          └── is given up: a higher seed tells nothing more
 *      └─────────┴── those below go on to their end: the lowest failing seed is the one that is told
 * ```
 *
 * @module
 */

import { now as realNow } from "../../../runtime/hosts/common/timers.ts";
import { onAbort } from "../../scopes/foreign_signal.ts";
import type { Block, SeedList } from "./seeds.ts";
import { addTally, emptyTally, type Tally } from "./tally.ts";

/** Runs a block somewhere. */
export type RunBlock = (block: Block, signal: AbortSignal, timeLeft: number) => Promise<Tally>;

/** How the blocks are run. */
export interface BlocksSettings {
  readonly seeds: SeedList;
  /** How many are run at once. */
  readonly lanes: number;
  /** For how many ms of real time. */
  readonly duration: number;
  readonly stopAtFailure: boolean;
  readonly signal: AbortSignal | undefined;
  /** Is told of the sum as it grows. */
  readonly onMore: (sum: Tally) => void;
}

/** Runs blocks until there are none, until the time is over, or until nothing below a failing seed is left. */
export async function runAllBlocks(run: RunBlock, settings: BlocksSettings): Promise<Tally> {
  return await new AllBlocks(run, settings).run();
}

class AllBlocks {
  readonly #run: RunBlock;
  readonly #settings: BlocksSettings;
  readonly #end: number;
  readonly #sum: Tally = emptyTally();
  /** Blocks that are done before one below them is. */
  readonly #done: Map<number, Tally> = new Map();
  readonly #running: Map<number, AbortController> = new Map();
  #next = 0;
  /** How many blocks are in the sum. */
  #summed = 0;
  /** The block of the lowest failing seed, where that ends all. */
  #failing = Infinity;
  #error: { readonly error: unknown } | undefined = undefined;

  constructor(run: RunBlock, settings: BlocksSettings) {
    this.#run = run;
    this.#settings = settings;
    this.#end = realNow() + settings.duration;
  }

  async run(): Promise<Tally> {
    const { lanes, signal } = this.#settings;
    const leaveSignal = signal && onAbort(signal, (reason) => this.#stop(reason));
    await Promise.all(Array.from({ length: lanes }, () => this.#lane()));
    leaveSignal?.();
    if (this.#error !== undefined) throw this.#error.error;
    return this.#sum;
  }

  async #lane(): Promise<void> {
    for (let block = this.#take(); block !== undefined; block = this.#take()) {
      const { index } = block;
      const controller = new AbortController();
      this.#running.set(index, controller);
      try {
        this.#ended(index, await this.#run(block, controller.signal, this.#end - realNow()));
      } catch (error) {
        if (!controller.signal.aborted) this.#stop(error);
      } finally {
        this.#running.delete(index);
      }
    }
  }

  /** The next block to run. */
  #take(): Block | undefined {
    const isOver = this.#next > 0 && realNow() >= this.#end;
    if (isOver || this.#error !== undefined || this.#next > this.#failing) return undefined;
    const block = this.#settings.seeds.block(this.#next);
    if (block !== undefined) this.#next++;
    return block;
  }

  #ended(index: number, tally: Tally): void {
    if (this.#settings.stopAtFailure && tally.failing > 0 && index < this.#failing) {
      this.#failing = index;
      for (const [other, controller] of this.#running) if (other > index) controller.abort();
    }
    this.#done.set(index, tally);
    // In their order: whatever the number of lanes, those behind a failing one are not in the sum.
    for (let next = this.#done.get(this.#summed); next !== undefined; next = this.#done.get(this.#summed)) {
      this.#done.delete(this.#summed);
      if (this.#summed <= this.#failing) addTally(this.#sum, next);
      this.#summed++;
    }
    if (this.#error === undefined) this.#settings.onMore(this.#sum);
  }

  /** Ends all at once. */
  #stop(error: unknown): void {
    this.#error ??= { error };
    for (const controller of this.#running.values()) controller.abort(error);
  }
}
