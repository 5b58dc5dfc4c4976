/**
 * One exploration: many runs of a body, and what they prove.
 *
 * @module
 */

import type { Simulation } from "../../runtime/simulation/mod.ts";
import { type Chooser, NondeterminismError, PassChooser, SameChooser } from "./search/choosers.ts";
import { DivergedError, ScheduleFailure } from "./search/schedule_failure.ts";
import { guaranteeOf } from "./search/guarantee.ts";
import { Search, type SearchStrategy } from "./search/search.ts";
import { describeSchedule, namesOf, shrink } from "./search/shrink.ts";
import { hashLabel, labelsInToken, type RecordedSchedule, writeToken } from "./search/token.ts";
import type { Stage, StageRun, StageRunSettings } from "./stage/stage.ts";
import { TraceRecorder } from "./trace_recorder.ts";

/** What an exploration that found nothing has done. */
export interface ExploreReport {
  /** How many times the body was run. */
  readonly schedules: number;
  /** Have all schedules been run that there are? */
  readonly exhaustive: boolean;
  /** What is now known, in words. */
  readonly guarantee: string;
  /** How many different orders there were among them. */
  readonly distinct: number;
  /** How many decisions a schedule took. */
  readonly decisions: { readonly least: number; readonly mean: number; readonly most: number };
  /** In how many schedules each mark of `sim.sometimes` was reached; 0 for one whose condition never held. */
  readonly reached: Readonly<Record<string, number>>;
}

/** What is searched. */
export interface SearchSettings {
  readonly strategy: SearchStrategy;
  readonly maxSchedules: number;
  readonly seed: number;
  readonly lateTimers: boolean;
}

/** What the runs of an exploration have in common. */
interface ExplorationSettings extends Pick<RecordedSchedule, "profile" | "seed"> {
  /** The caller's; `seed` is that of the token where there is one. */
  readonly ownSeed: number;
  readonly maxSteps: number;
  /** The name of the test, where it is one of a runner. */
  readonly test: string | undefined;
}

/** What is to be known of a run besides its outcome. */
type Telling = Partial<Omit<StageRunSettings, "late" | "seed" | "maxSteps">> & Pick<StageRunSettings, "keepPlaces">;

const untold: Telling = { keepPlaces: false };

/** What is to be known of a run that is told. */
function telling(recorder: TraceRecorder): Telling {
  const { choose, observe, look } = recorder;
  return { keepPlaces: true, choose, observe, look, witness: recorder };
}

/** The runs of one call of `explore`, one after the other. */
export class Exploration {
  readonly #stage: Stage;
  readonly #body: (sim: Simulation) => unknown;
  readonly #settings: ExplorationSettings;
  /** Decides the random numbers of the runs. */
  #seed: number;
  readonly #reached = new Map<string, number>();
  readonly #orders = new Set<number>();
  readonly #decisions = { least: Infinity, sum: 0, most: 0 };
  #leftOut = false;
  #mayBeLate = false;
  #drawsNumbers = false;
  /** How many faults could happen in a run, where any were allowed. */
  #mostFaults: number | undefined = undefined;

  constructor(stage: Stage, body: (sim: Simulation) => unknown, settings: ExplorationSettings) {
    this.#stage = stage;
    this.#body = body;
    this.#settings = settings;
    this.#seed = settings.seed;
  }

  async search({ strategy, maxSchedules, seed, lateTimers }: SearchSettings): Promise<ExploreReport> {
    const onTime = new Search(strategy, maxSchedules, seed);
    const mayBeLate = (): boolean => lateTimers && this.#mayBeLate && !onTime.isByLot;
    // Late timers and other random numbers come last, and have some schedules all the same.
    const spare = Math.floor(maxSchedules / 10);
    await this.#runAll(onTime, 0, () => {
      if (mayBeLate()) onTime.leave(spare);
      if (this.#drawsNumbers) onTime.leave(spare);
    });
    const { schedules } = onTime;
    const kept = this.#drawsNumbers ? Math.min(spare, maxSchedules - schedules) : 0;
    const budget = mayBeLate() ? Math.min(maxSchedules - kept - schedules, Math.max(spare, schedules)) : 0;
    const late = new Search("exhaustive", budget, seed, true);
    await this.#runAll(late, schedules, () => {});
    let ran = schedules + late.schedules;
    for (let number = 1; number <= kept; number++) {
      this.#seed = seed + number;
      const inOrder = new Search("exhaustive", 1, seed);
      await this.#runAll(inOrder, ran, () => {});
      ran++;
    }
    const { least, sum, most } = this.#decisions;
    const otherSeeds = this.#drawsNumbers ? kept : undefined;
    return {
      schedules: ran,
      exhaustive: onTime.exhaustive && !this.#leftOut,
      guarantee: guaranteeOf({
        onTime,
        late,
        mayBeLate: this.#mayBeLate,
        leftOut: this.#leftOut,
        mostFaults: this.#mostFaults,
        otherSeeds,
      }),
      distinct: this.#orders.size,
      decisions: { least, mean: sum / ran, most },
      reached: Object.fromEntries(this.#reached),
    };
  }

  /** Runs the schedules of a search; `before` is how many were run by others. There is no promise per schedule but that of its run. */
  async #runAll(search: Search, before: number, onFirst: () => void): Promise<void> {
    const decisions = this.#decisions;
    for (let chooser = search.next(); chooser !== undefined; chooser = search.next()) {
      const { outcome, marks } = await this.#execute(chooser);
      if (!outcome.ok) throw await this.#explain(chooser, outcome.error, before + search.schedules);
      this.#count(marks);
      const { ways } = this.#stage.session.loop;
      this.#leftOut ||= ways.leftOut;
      this.#mayBeLate ||= ways.mayBeLate;
      this.#mostFaults ??= this.#stage.session.parts.mostFaults;
      this.#drawsNumbers ||= this.#stage.session.drawsNumbers;
      search.ran(chooser);
      this.#orders.add(orderOf(chooser));
      const { length } = chooser.chosen;
      decisions.least = Math.min(decisions.least, length);
      decisions.most = Math.max(decisions.most, length);
      decisions.sum += length;
      if (search.schedules === 1) onFirst();
    }
  }

  async replay(recorded: RecordedSchedule): Promise<ExploreReport> {
    const chooser = new PassChooser(new Map(recorded.deviations.map(({ id, passes }) => [id, passes])));
    const recorder = new TraceRecorder(this.#stage, chooser);
    // Whoever looks at one run wants to see what it prints as it does.
    const { outcome, marks } = await this.#execute(chooser, { ...telling(recorder), prints: true });
    this.#count(marks);
    const seen = new Set([...recorder.ran.values()].map(hashLabel));
    const known = recorded.labels.filter((label) => seen.has(label)).length;
    const missing = recorded.deviations.filter(({ id, label }) => hashLabel(chooser.labels.get(id) ?? "") !== label);
    const isOther = known * 2 < recorded.labels.length;
    const { count, hash } = recorded.decisions ?? decisionsOf(chooser);
    const now = decisionsOf(chooser);
    const decidesOtherwise = now.count !== count || now.hash !== hash;
    // A body that was mended may well decide otherwise: it passes.
    if (isOther || (!outcome.ok && (missing.length > 0 || decidesOtherwise))) {
      const error = outcome.ok ? undefined : outcome.error;
      const labels = [...new Set(chooser.labels.values())].slice(0, 8).map((label) => JSON.stringify(label)).join(", ");
      const why = isOther
        ? `of the ${recorded.labels.length} events it knows, ${known} came; there were ${
          labels || "no events to decide on"
        }`
        : missing.length > 0
        ? `event number ${missing[0]!.id}, which it holds back, was not there; there were ${labels}`
        : `it knows a run of ${count} decisions; this one took ${now.count}, between ${labels}`;
      throw new DivergedError(why, error);
    }
    if (!outcome.ok) throw this.#failure(chooser, outcome.error, 1, recorder);
    return {
      schedules: 1,
      exhaustive: false,
      guarantee: "the schedule of the token passes",
      distinct: 1,
      decisions: { least: chooser.chosen.length, mean: chooser.chosen.length, most: chooser.chosen.length },
      reached: Object.fromEntries(this.#reached),
    };
  }

  /** Runs the body once; only where `told` says so the places are kept, and the run is recorded: both take time. */
  #execute(chooser: Chooser, told: Telling = untold): Promise<StageRun<unknown>> {
    const { maxSteps } = this.#settings;
    const { choose = chooser.choose, keepPlaces, observe, look, witness, prints = false } = told;
    const { late } = chooser;
    const [seed, body] = [this.#seed, this.#body];
    return this.#stage.run(body, { choose, seed, keepPlaces, late, observe, look, witness, prints, maxSteps });
  }

  /** The marks of `sometimes` that a run has come by. */
  #count(marks: ReadonlyMap<string, boolean>): void {
    for (const [mark, reached] of marks) {
      this.#reached.set(mark, (this.#reached.get(mark) ?? 0) + (reached ? 1 : 0));
    }
  }

  /** The failure of a schedule, made small. */
  async #explain(found: Chooser, error: unknown, schedules: number): Promise<unknown> {
    if (error instanceof NondeterminismError) return error;
    const attempt = async (chooser: Chooser) => {
      const { outcome } = await this.#execute(chooser, { keepPlaces: false, observe: chooser.came });
      if (!outcome.ok && outcome.error instanceof NondeterminismError) throw outcome.error;
      return outcome.ok ? undefined : outcome;
    };
    const same = new SameChooser(found);
    if (await attempt(same) === undefined) return notAgain(error);
    const passes = await shrink(same.passed, attempt);
    const last = new PassChooser(passes);
    const { outcome } = await this.#execute(last, { keepPlaces: true });
    if (outcome.ok) return notAgain(error);
    const again = new PassChooser(last.passed);
    const recorder = new TraceRecorder(this.#stage, again);
    const { outcome: outcomeAgain } = await this.#execute(again, telling(recorder));
    if (outcomeAgain.ok || orderOf(again) !== orderOf(last)) return notAgain(error);
    return this.#failure(last, outcome.error, schedules, recorder);
  }

  /** The failure of a run, told with its record. */
  #failure(chooser: PassChooser, error: unknown, schedules: number, recorder: TraceRecorder): ScheduleFailure {
    const { ran } = recorder;
    const labels = new Set(ran.values());
    // Immediates have no name by which a program could be known again.
    labels.delete("immediate");
    const token = writeToken({
      profile: this.#settings.profile,
      seed: this.#seed,
      decisions: decisionsOf(chooser),
      deviations: [...chooser.deviations.values()].map(({ id, label }) => ({
        id,
        passes: chooser.passed.get(id)!,
        label: hashLabel(label),
      })),
      labels: [...labels].slice(0, labelsInToken).map(hashLabel),
    });
    const known = new Map([...ran, ...chooser.labels]);
    const schedule = describeSchedule(chooser.deviations.values(), known);
    if (this.#seed !== this.#settings.ownSeed && this.#stage.session.drawsNumbers) {
      if (chooser.deviations.size === 0) schedule.length = 0;
      schedule.push(`the random numbers are those of seed ${this.#seed}`);
    }
    const trace = recorder.end(error, namesOf(known));
    return new ScheduleFailure(error, { schedule, token, schedules, trace, test: this.#settings.test });
  }
}

function notAgain(error: unknown): Error {
  return new Error(
    "The body failed under a schedule, but not when that schedule was run again: something in it depends on what an earlier run has left behind, " +
      "or on what a simulation does not control",
    { cause: error },
  );
}

/** What a token says of the decisions of a run. */
function decisionsOf(chooser: Chooser): { count: number; hash: number } {
  return { count: chooser.chosen.length, hash: orderOf(chooser) & 0xfffff };
}

/** A number that stands for the order of a schedule. */
function orderOf({ chosen, sizes }: Chooser): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < chosen.length; index++) {
    hash = Math.imul(hash ^ (chosen[index]! + (sizes[index]! << 12)), 0x01000193);
  }
  return hash ^ chosen.length;
}
