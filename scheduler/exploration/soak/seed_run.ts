/**
 * One run of a whole system with one seed.
 *
 * @module
 */

import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import type { Simulation } from "../../../runtime/simulation/mod.ts";
import type { RunOutcome } from "../../../runtime/simulation/run/run.ts";
import type { Stage } from "../stage/stage.ts";
import type { EventLog } from "./event_log.ts";
import { type FaultCount, FaultDraws, type FewFaults, type FiredFault, type KeptFaults } from "./fault_draws.ts";
import { hashText, mix } from "../../../runtime/basics/hash.ts";
import { countFaults, machineOf, SoakPlan } from "./soak_plan.ts";
import { ownerOf } from "./timeline.ts";
import type { TimelineRecorder } from "./timeline_recorder.ts";

/** A body of a soak. */
export type SoakBody = (sim: Simulation) => unknown;

/** How one seed is run. */
export interface SeedRunSettings {
  readonly seed: number;
  readonly maxSteps: number;
  /** Lets only these faults come; without it all that the seed draws. */
  readonly kept?: KeptFaults | undefined;
  /** The hashes of the places where these come, where they are known: it is faster then. */
  readonly places?: ReadonlySet<number> | undefined;
  /** Draws a few faults only, in the place of those of the seed. */
  readonly few?: FewFaults | undefined;
  /** Keeps all events, to be compared with those of another run. */
  readonly log?: EventLog | undefined;
  readonly timeline?: TimelineRecorder | undefined;
  /** Does the body print? */
  readonly prints?: boolean;
}

/** What has come of it. */
export interface SeedRun {
  readonly outcome: RunOutcome<unknown>;
  /** How many macrotasks have run. */
  readonly events: number;
  /** How far the simulated clock went, in ms. */
  readonly virtual: number;
  /** Stands for all that happened: what it was, when, and on which machine. */
  readonly hash: number;
  /** The labels of the first events, to know the body again. */
  readonly labels: readonly string[];
  readonly faults: ReadonlyMap<string, FaultCount>;
  readonly fired: readonly FiredFault[];
  readonly marks: ReadonlyMap<string, boolean>;
}

/** How many labels are kept. */
export const keptLabels = 8;

/** Runs a body with a seed. */
export async function runSeed(stage: Stage, body: SoakBody, settings: SeedRunSettings): Promise<SeedRun> {
  const { seed, maxSteps, kept, places, few, log, timeline, prints = false } = settings;
  const plan = new SoakPlan(seed, kept, places, few);
  const draws = new FaultDraws(seed, plan.isCalm, kept, timeline?.fault, few);
  const { session } = stage;
  const labels = new Set<string>();
  let hash = 0;
  function observe(event: LoopEvent): void {
    const { now } = session.loop;
    // In microseconds: engines agree on sums, and fractions below that are of no account.
    hash = mix(hash, hashText(event.label, Math.round(now * 1000) ^ hashText(ownerOf(event))));
    if (labels.size < keptLabels && event.kind !== "immediate") labels.add(event.label);
    log?.add(event, now);
    if (timeline === undefined) return;
    tellFaults(timeline);
    timeline.came(event);
  }
  let told = 0;
  function tellFaults(timeline: TimelineRecorder): void {
    const { happened } = session.parts;
    for (; told < happened.length; told++) {
      const { at, identity, told: text } = happened[told]!;
      timeline.happened(at, machineOf(identity), text);
    }
  }
  const { choose } = draws;
  const { outcome, marks } = await stage.run(body, {
    choose,
    plan,
    seed,
    keepPlaces: false,
    maxSteps,
    observe,
    look: timeline && (() => timeline.ran(session.loop?.owner?.name)),
    witness: timeline,
    prints,
  });
  if (timeline !== undefined) tellFaults(timeline);
  const { loop: { steps, now }, parts: { happened, faultKinds } } = session;
  return {
    outcome,
    events: steps,
    virtual: now,
    hash,
    labels: [...labels],
    faults: countFaults(draws.counts, happened, faultKinds),
    fired: [...plan.fired(happened), ...draws.fired],
    marks,
  };
}
