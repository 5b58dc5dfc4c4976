/**
 * Runs a block of seeds, in whatever thread this is.
 *
 * @module
 */

import { now as realNow } from "../../../runtime/hosts/common/timers.ts";
import type { ProfileName } from "../../../runtime/simulation/model/profile.ts";
import { checkSettings, onStage, type Stage, type StageSettings } from "../stage/stage.ts";
import { EventLog } from "./event_log.ts";
import { kindOfFailure } from "./failure_kind.ts";
import { runSeed, type SeedRun, type SoakBody } from "./seed_run.ts";
import type { Block } from "./seeds.ts";
import { addFailure, addRun, emptyTally, type Tally } from "./tally.ts";

/** How the seeds of a soak are run, wherever: plain values. */
export interface SoakSettings {
  readonly profile: ProfileName;
  readonly startTime: number;
  readonly maxSteps: number;
  readonly leaks: "fail" | "ignore";
  /** Each seed is run twice whose place is a multiple of this; 0 for none. */
  readonly checkEvery: number;
  readonly stopAtFailure: boolean;
}

/** Says when a block has to end before its time. */
export interface BlockLimits {
  readonly signal: AbortSignal | undefined;
  /** For how many ms of real time seeds are still begun. */
  readonly timeLeft: number;
}

/** Where two runs of a seed are not the same. */
export const notTheSame = "NondeterminismError";

/** The stage on which seeds are run. */
export function stageSettingsOf(settings: SoakSettings, signal: AbortSignal | undefined): StageSettings {
  const { profile, startTime, leaks } = settings;
  const options = signal === undefined ? {} : { signal };
  return { ...checkSettings({ profile, startTime, leaks, maxTime: Infinity, ...options }), holdsConsole: true };
}

/** Runs the seeds of a block in their order: to the end, to the first that fails, or until the time is over. */
export function runBlock(body: SoakBody, block: Block, settings: SoakSettings, limits: BlockLimits): Promise<Tally> {
  const end = realNow() + limits.timeLeft;
  return onStage(stageSettingsOf(settings, limits.signal), async (stage) => {
    const tally = emptyTally();
    let place = block.first;
    for (const seed of block.seeds) {
      // The first of all is run in any case: a report of nothing helps nobody.
      if (place > 0 && realNow() >= end) break;
      const isChecked = settings.checkEvery > 0 && place % settings.checkEvery === 0;
      const failed = await (isChecked ? runTwice : runOnce)(stage, body, seed, settings, tally);
      if (failed && settings.stopAtFailure) break;
      place++;
    }
    return tally;
  });
}

type Running = (stage: Stage, body: SoakBody, seed: number, settings: SoakSettings, tally: Tally) => Promise<boolean>;

const runOnce: Running = async (stage, body, seed, { maxSteps }, tally) => {
  const start = realNow();
  const run = await runSeed(stage, body, { seed, maxSteps });
  return add(tally, seed, run, realNow() - start);
};

const runTwice: Running = async (stage, body, seed, { maxSteps }, tally) => {
  const [first, second] = [new EventLog(), new EventLog()];
  const start = realNow();
  const run = await runSeed(stage, body, { seed, maxSteps, log: first });
  const time = realNow() - start;
  const again = await runSeed(stage, body, { seed, maxSteps, log: second });
  tally.checked++;
  const difference = run.hash === again.hash ? differentEnd(run, again) : first.differenceFrom(second);
  if (difference === undefined) return add(tally, seed, run, time);
  addRun(tally, seed, run, time);
  addFailure(tally, { seed, kind: notTheSame, difference: `seed ${seed} was run twice, and ${difference}` });
  return true;
};

function add(tally: Tally, seed: number, run: SeedRun, time: number): boolean {
  addRun(tally, seed, run, time);
  if (run.outcome.ok) return false;
  addFailure(tally, { seed, kind: kindOfFailure(run.outcome.error) });
  return true;
}

function differentEnd(first: SeedRun, second: SeedRun): string | undefined {
  const [one, other] = [endOf(first), endOf(second)];
  return one === other ? undefined : `after the same events it ${one}, then it ${other}`;
}

/** How a run has ended, in words. */
export function endOf({ outcome }: SeedRun): string {
  return outcome.ok ? "passed" : `failed with ${kindOfFailure(outcome.error)}`;
}
