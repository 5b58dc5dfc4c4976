/**
 * A failing seed, made small and told.
 *
 * @module
 */

import { now as realNow } from "../../../runtime/hosts/common/timers.ts";
import { NondeterminismError } from "../search/choosers.ts";
import { DivergedError } from "../search/schedule_failure.ts";
import { onStage, type Stage } from "../stage/stage.ts";
import { FewFaults, type FiredFault, type KeptFaults } from "./fault_draws.ts";
import { kindOfFailure } from "./failure_kind.ts";
import { endOf, type SoakSettings, stageSettingsOf } from "./run_block.ts";
import { runSeed, type SeedRun, type SeedRunSettings, type SoakBody } from "./seed_run.ts";
import { shrinkFaults, type ShrunkFaults } from "./shrink_faults.ts";
import { hashLabels, type SoakToken, writeSoakToken } from "./soak_token.ts";
import type { FailingSeedRun } from "./soak_failure.ts";
import type { FailingSeed } from "./tally.ts";
import type { Timeline } from "./timeline.ts";
import { TimelineRecorder } from "./timeline_recorder.ts";

/** What is run. */
export interface ExplainSettings {
  readonly name: string;
  readonly body: SoakBody;
  readonly settings: SoakSettings;
  readonly signal: AbortSignal | undefined;
}

/** How a failure is told. */
export interface Explained {
  readonly cause: unknown;
  readonly failing: Omit<FailingSeedRun, "seeds">;
}

/** For how many ms of real time faults are left out, and in how many runs. */
const longestShrinking = 30_000;
const maxRuns = 1000;

/** So many faults are few; so often others are drawn where there are more. */
const few = 3;
const maxDraws = 300;

/** Runs a failing seed again, with fewer and fewer faults. The best so far is told where the signal or the time ends that. */
export async function explain(found: FailingSeed, what: ExplainSettings): Promise<Explained> {
  const { body, settings: { maxSteps }, settings, signal } = what;
  const { seed, kind } = found;
  if (found.difference !== undefined) throw new NondeterminismError(found.difference);
  let best: ShrunkFaults | undefined;
  try {
    best = await onStage(stageSettingsOf(settings, signal), async (stage) => {
      const run = await runSeed(stage, body, { seed, maxSteps });
      if (run.outcome.ok || kindOfFailure(run.outcome.error) !== kind) {
        throw new NondeterminismError(`seed ${seed} failed with ${kind}, then it ${endOf(run)}`);
      }
      const { fired } = run;
      best = { kept: new Map(fired.map(({ key }) => [key, 0])), fired, runs: 0, isMinimal: false };
      const end = realNow() + longestShrinking;
      const isOver = (): boolean => realNow() >= end;
      const fails = async (settings: Pick<SeedRunSettings, "kept" | "places" | "few">) => {
        const { outcome, fired } = await runSeed(stage, body, { seed, maxSteps, ...settings });
        return !outcome.ok && kindOfFailure(outcome.error) === kind ? fired : undefined;
      };
      const shrink = (fired: readonly FiredFault[]): Promise<ShrunkFaults> => {
        const places = new Set(fired.map(({ place }) => place).filter((place) => place !== undefined));
        return shrinkFaults(fired, (kept) => fails({ kept, places }), {
          maxRuns,
          isOver,
          onBest: (found) => best = found.fired.length < best!.fired.length ? { ...found, isMinimal: false } : best,
        });
      };
      let least = await shrink(fired);
      // Where many faults hit one run, each that is left out changes all that follows: fewer of others may do.
      for (let draw = 0; least.fired.length > few && draw < maxDraws && !isOver(); draw++) {
        const other = await fails({ few: new FewFaults(seed, draw, 1 + draw % few) });
        if (other === undefined || other.length >= least.fired.length) continue;
        const shrunk = await shrink(other);
        if (shrunk.fired.length < least.fired.length) least = shrunk;
      }
      return least;
    });
  } catch (error) {
    // Only the signal ends what has begun; what was found by then is worth more than its reason.
    if (best === undefined || !signal?.aborted || error instanceof NondeterminismError) throw error;
  }
  const { kept, isMinimal } = best;
  // Without the signal: this run is what the caller gets to see.
  const { run, timeline } = await onStage(
    stageSettingsOf(settings, undefined),
    (stage) => record(stage, body, { seed, maxSteps, kept }),
  );
  if (run.outcome.ok) throw new NondeterminismError(`seed ${seed} failed with ${kind}, then it passed`);
  return { cause: run.outcome.error, failing: tell(what, { seed, kept, isMinimal }, run, timeline) };
}

/** Runs the run of a token again; answers with its failure, or with `undefined` where it passes. */
export async function replay(token: SoakToken, what: ExplainSettings): Promise<{ run: SeedRun; failure?: Explained }> {
  const { body, settings: { maxSteps }, settings, signal, name } = what;
  const { seed, kept } = token;
  const { run, timeline } = await onStage(
    stageSettingsOf(settings, signal),
    (stage) => record(stage, body, { seed, maxSteps, kept, prints: true }),
  );
  const labels = hashLabels(run.labels);
  const known = token.labels.filter((label) => labels.includes(label)).length;
  if (known * 2 < token.labels.length) {
    const first = run.labels.map((label) => JSON.stringify(label)).join(", ") || "none";
    throw new DivergedError(
      `it is of a run of ${token.name} with ${token.events} events, of whose first ${token.labels.length} ${known} came; ` +
        `this is a run of ${name} with ${run.events} events, and its first are ${first}`,
      run.outcome.ok ? undefined : run.outcome.error,
    );
  }
  if (run.outcome.ok) return { run };
  if (run.events !== token.events) {
    throw new DivergedError(
      `it is of a run of ${token.name} with ${token.events} events; this one has ${run.events} and ${endOf(run)}`,
      run.outcome.error,
    );
  }
  const failing = tell(what, { seed, kept, isMinimal: true }, run, timeline);
  return { run, failure: { cause: run.outcome.error, failing } };
}

async function record(
  stage: Stage,
  body: SoakBody,
  settings: { seed: number; maxSteps: number; kept: KeptFaults | undefined; prints?: boolean },
): Promise<{ run: SeedRun; timeline: Timeline }> {
  const { session } = stage;
  const timeline = new TimelineRecorder({ now: () => session.loop?.now ?? 0, machine: () => session.life?.name });
  const run = await runSeed(stage, body, { ...settings, timeline });
  return { run, timeline: timeline.end(run.outcome.ok ? undefined : run.outcome.error) };
}

/** Tells a failing run. */
function tell(
  { name, settings: { profile } }: ExplainSettings,
  { seed, kept, isMinimal }: { seed: number; kept: KeptFaults | undefined; isMinimal: boolean },
  run: SeedRun,
  timeline: Timeline,
): Omit<FailingSeedRun, "seeds"> {
  const { events, labels, fired, outcome } = run;
  const kind = outcome.ok ? "" : kindOfFailure(outcome.error);
  const token = writeSoakToken({ name, profile, seed, events, labels: hashLabels(labels), kept });
  return { seed, kind, faults: fired.map(({ told }) => told), isMinimal, token, timeline };
}
