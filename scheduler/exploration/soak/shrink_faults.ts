/**
 * Leaving out faults of a run that fails, until none can be left out.
 *
 * ```
 *   all that came ──none──> whole kinds ──> halves, quarters, ... ──> one by one ──> simpler ones ──┐
 *                                               ▲                                                   │
 *                                               └──────────as long as something went────────────────┘
 * ```
 *
 * @module
 */

import type { FiredFault, KeptFaults } from "./fault_draws.ts";

/** Runs with these faults only: answers with those that came if it fails in the same way, else `undefined`. */
export type FailsWith = (kept: KeptFaults) => Promise<readonly FiredFault[] | undefined>;

/** What bounds it. */
export interface ShrinkLimits {
  /** How many runs may be spent. Default: 1000. */
  readonly maxRuns?: number;
  /** Is looked at before each run: is the time over? */
  readonly isOver?: () => boolean;
  /** Is told of each smaller set, as it is found. */
  readonly onBest?: (best: ShrunkFaults) => void;
}

/** Faults with which it still fails. */
export interface ShrunkFaults {
  readonly kept: KeptFaults;
  /** Those of them that came. */
  readonly fired: readonly FiredFault[];
  /** How many runs it took. */
  readonly runs: number;
  /** Has each smaller set been tried that differs by one fault? Not where a limit came first. */
  readonly isMinimal: boolean;
}

/** The smallest set of faults that was found: leaving out any one of them passes, unless a limit came first. */
export function shrinkFaults(
  fired: readonly FiredFault[],
  fails: FailsWith,
  limits: ShrinkLimits = {},
): Promise<ShrunkFaults> {
  return new Shrinking(fired, fails, limits).run();
}

class Shrinking {
  #best: readonly FiredFault[];
  #simpler: KeptFaults;
  readonly #fails: FailsWith;
  readonly #limits: Required<ShrinkLimits>;
  #runs = 0;
  #isStopped = false;

  constructor(fired: readonly FiredFault[], fails: FailsWith, limits: ShrinkLimits) {
    this.#best = fired;
    this.#simpler = new Map(fired.map(({ key }) => [key, 0]));
    this.#fails = fails;
    this.#limits = { maxRuns: 1000, isOver: () => false, onBest: () => {}, ...limits };
  }

  async run(): Promise<ShrunkFaults> {
    if (this.#best.length > 0 && !await this.#takes([])) {
      await this.#leaveOutKinds();
      do await this.#leaveOutParts(); while (await this.#simplify());
    }
    return this.#result;
  }

  get #result(): ShrunkFaults {
    return { kept: this.#simpler, fired: this.#best, runs: this.#runs, isMinimal: !this.#isStopped };
  }

  /** Takes these faults if the run fails with them: those that came. */
  async #takes(some: readonly FiredFault[], simpler: KeptFaults = this.#simpler): Promise<boolean> {
    const { maxRuns, isOver, onBest } = this.#limits;
    this.#isStopped ||= this.#runs >= maxRuns || isOver();
    if (this.#isStopped) return false;
    this.#runs++;
    const fired = await this.#fails(new Map(some.map(({ key }) => [key, simpler.get(key) ?? 0])));
    if (fired === undefined) return false;
    // One whose place never came is void. That others come is not possible: only these were let through.
    this.#best = fired;
    this.#simpler = new Map(fired.map(({ key }) => [key, simpler.get(key) ?? 0]));
    onBest(this.#result);
    return true;
  }

  async #leaveOutKinds(): Promise<void> {
    for (const kind of new Set(this.#best.map(({ kind }) => kind))) {
      const rest = this.#best.filter((fault) => fault.kind !== kind);
      if (rest.length > 0 && rest.length < this.#best.length) await this.#takes(rest);
    }
  }

  async #leaveOutParts(): Promise<void> {
    for (let part = Math.floor(this.#best.length / 2); part > 1; part = Math.floor(part / 2)) {
      for (let start = 0; start < this.#best.length && !this.#isStopped;) {
        if (!await this.#takes(without(this.#best, start, part))) start += part;
      }
    }
    // One by one, round and round: what was needed before others went may not be any more.
    for (let at = 0, needed = 0; this.#best.length > 1 && needed < this.#best.length && !this.#isStopped;) {
      if (await this.#takes(without(this.#best, at % this.#best.length, 1))) {
        needed = 0;
      } else {
        needed++;
        at++;
      }
    }
  }

  /** Tries each fault in its simplest form first; answers whether one could be made simpler. */
  async #simplify(): Promise<boolean> {
    let isSimpler = false;
    for (const { key } of [...this.#best]) {
      const fault = this.#best.find((other) => other.key === key);
      if (fault === undefined) continue;
      const now = this.#simpler.get(key) ?? 0;
      for (let simpler = fault.simpler; simpler > now && !this.#isStopped; simpler--) {
        if (!await this.#takes(this.#best, new Map(this.#simpler).set(key, simpler))) continue;
        isSimpler = true;
        break;
      }
    }
    return isSimpler;
  }
}

function without(faults: readonly FiredFault[], start: number, count: number): readonly FiredFault[] {
  return [...faults.slice(0, start), ...faults.slice(start + count)];
}
