/**
 * The stage on which bodies run: a simulated host, and Millrace's own loop on top of it.
 *
 * ```
 *   onStage ──in a turn of its own──> open ──run──> a body runs, a macrotask in each turn ──it has ended──> open
 *                                      └──what `act` answers has settled──> closed: everything is put back
 * ```
 *
 * @module
 */

import { checkCount, checkDuration, show } from "../../../runtime/basics/check.ts";
import { Random } from "../../../runtime/basics/random.ts";
import { currentHost, replaceHost } from "../../../runtime/current_host.ts";
import type { Choose } from "../../../runtime/simulation/loop/loop_event.ts";
import type { Simulation } from "../../../runtime/simulation/mod.ts";
import { type ProfileName, profileOf } from "../../../runtime/simulation/model/profile.ts";
import { simulatedHost } from "../../../runtime/simulation/run/host.ts";
import { type RunOutcome, SimulatedRun } from "../../../runtime/simulation/run/run.ts";
import { Session } from "../../../runtime/simulation/run/session.ts";
import type { RunHooks, RunSettings } from "../../../runtime/simulation/run/session.ts";
import { tasks } from "../../inspection/task_tree.ts";
import { cyclesOf } from "../../inspection/wait_cycles.ts";
import { lendLoop } from "../../queue/loop.ts";
import { currentScope } from "../../scopes/current_scope.ts";
import { checkSignal } from "../../scopes/foreign_signal.ts";
import type { Scope } from "../../scopes/scope.ts";
import { watchPermits } from "../../sync/permit.ts";
import { findWorkerStates } from "../../workers/thread/current_job.ts";
import { book, isStageWanted, type Play, type StageLimits } from "./booking.ts";
import { HeldPermits } from "./held_permits.ts";
import { loopOfMachines, programFrame } from "./machine_loops.ts";
import { unfinished } from "./unfinished.ts";
import { startVirtualWorker, stateOf } from "./virtual_worker.ts";

/** What a simulation is made with. */
export interface SimulateOptions {
  /** Which host's rules the loop follows. Default: `"node"`. */
  profile?: ProfileName;
  /** Decides the order of what could come in several orders, and all random numbers. Default: none; what comes first goes first. */
  seed?: number;
  /** The wall clock at the beginning, in ms since 1970. Default: 0. */
  startTime?: number;
  /** After how many macrotasks a body that has not ended is taken for a livelock. Default: 1,000,000. */
  maxSteps?: number;
  /**
   * Lets `fetch` and its kind through. The clock stands still for what is on its way, but not for more than 10 s of real time without a
   * sign of life. The run is then not the same every time. Default: false.
   */
  allowRealIo?: boolean;
  /** Ends the simulation when aborted, which then rejects with the signal's reason: that of a test ends it with the test. */
  signal?: AbortSignal;
  /** For how many ms of real time it may go on, over all runs of its body; `Infinity` for no limit. Default: 60,000. */
  maxTime?: number;
  /** Is it a failure that something which the body began has not ended with it? Default: `"fail"`. */
  leaks?: "fail" | "ignore";
}

/** The names of the options that all kinds of simulations have; `allowRealIo` is for `simulate` alone. */
export const simulateOptions: readonly (keyof SimulateOptions)[] = [
  "profile",
  "seed",
  "startTime",
  "maxSteps",
  "signal",
  "maxTime",
  "leaks",
];

/** What a stage is made with, and what may end it. */
export type StageSettings = Session["settings"] & StageLimits;

/** How one body is run on a stage. */
export interface StageRunSettings extends RunSettings {
  /** Is called before each macrotask, when the microtasks of the one before have run. */
  readonly look?: (() => void) | undefined;
}

/** What has come of a run. */
export interface StageRun<T> {
  readonly outcome: RunOutcome<T>;
  /** The marks of `sometimes` that were come by, and whether their condition ever held. */
  readonly marks: ReadonlyMap<string, boolean>;
}

/**
 * Opens a stage in a turn of its own, when it is free, and lets `act` run bodies on it. Each macrotask of a run has a turn of the real
 * loop. When what `act` answers has settled, everything is put back in the turn in which the caller is told.
 */
export function onStage<R>(settings: StageSettings, act: (stage: Stage) => Promise<R>): Promise<R> {
  return book(() => new Stage(settings), act, settings);
}

/** What comes first goes first; with a seed, anything may. */
export function chooseBy(seed: number | undefined): Choose {
  if (seed === undefined) return () => 0;
  // Not the numbers the body is given, lest its own use of them change the order.
  const random = new Random(~seed);
  return (events) => random.below(events.length);
}

/** Everything that is in place while simulations run: the simulated functions, host and loop. */
export class Stage implements Play {
  readonly session: Session;
  /** Has the body of the run that is on used Millrace's loop? */
  readonly isLoopUsed: () => boolean;
  runs = 0;
  readonly #hooks: RunHooks;
  readonly #restores: (() => void)[];
  /** The run that is on. */
  #run: SimulatedRun<unknown> | undefined;
  #look: (() => void) | undefined;
  #ended: (() => void) | undefined;

  constructor(settings: StageSettings) {
    const session = this.session = new Session(settings);
    session.open();
    const real = currentHost();
    replaceHost(simulatedHost(session, real, startVirtualWorker));
    const forgetStates = findWorkerStates(() => stateOf(session.threads.get() as object | undefined));
    const loan = lendLoop();
    this.isLoopUsed = loan.isUsed;
    session.frame = programFrame;
    const permits = new HeldPermits(() => session.loop.place, () => session.life);
    watchPermits(permits);
    session.onMachines = () => loan.replace((world) => loopOfMachines(session, permits, world));
    this.#restores = [
      () => watchPermits(undefined),
      forgetStates,
      () => loan.end(),
      () => void replaceHost(real),
      () => session.close(),
    ];
    this.#hooks = {
      onBegin() {
        loan.renew();
        permits.clear();
      },
      unfinished: () => loan.isUsed() ? unfinished(tasks()).map(({ line }) => line) : [],
      cycle: () => loan.isUsed() ? cyclesOf(unfinished(tasks()))[0] ?? [] : [],
      left: () => permits.left(),
      scope: () => loan.isUsed() ? currentScope() : undefined,
      isCancelled: (scope) => (scope as Scope).effective !== undefined,
      isWaitedFor: isStageWanted,
    };
  }

  /**
   * Runs a body from its beginning to its end; one at a time. It never rejects: a failure is an outcome. There are 100,000 runs a
   * second, so that each costs one promise. To resolve that with the run itself looks leaner, and takes a fifth longer: the engine
   * makes its code anew after each full collection.
   */
  run<T>(body: (sim: Simulation) => T | PromiseLike<T>, settings: StageRunSettings): Promise<StageRun<T>> {
    const run = this.#run = new SimulatedRun(this.session, body, settings, this.#hooks);
    this.#look = settings.look;
    this.runs++;
    return new Promise((resolve) => {
      this.#ended = () => resolve({ outcome: run.outcome!, marks: run.marks });
    });
  }

  /** Runs one macrotask of the run that is on. */
  turn(): true | "later" {
    const run = this.#run;
    if (run === undefined) return true;
    this.session.act(true);
    this.#look?.();
    const more = run.turn();
    if (more !== false) return more;
    this.#run = undefined;
    this.#ended!();
    return true;
  }

  /** Lets code that is not of the body find the host's own functions; where something real may go on with it, it cannot be told apart. */
  rest(): void {
    if (!this.session.settings.allowRealIo && !this.#run?.isPatient) this.session.act(false);
  }

  /** Ends the run that is on, and puts everything back. */
  close(): void {
    this.#run?.abandon();
    for (const restore of this.#restores) restore();
  }
}

/** The value of a run that has ended with one; throws the error of one that failed. */
export function valueOf<T>({ outcome }: StageRun<T>): T {
  if (outcome.ok) return outcome.value;
  throw outcome.error;
}

/** Checks what `simulate` and `explore` have in common. */
export function checkSettings(options: SimulateOptions): StageSettings {
  const { profile = "node", seed, startTime = 0, maxSteps, allowRealIo = false, signal, maxTime = 60_000 } = options;
  const { leaks = "fail" } = options;
  if (seed !== undefined && !Number.isInteger(seed)) {
    throw new TypeError(`A seed has to be an integer: received ${show(seed)}`);
  }
  if (typeof startTime !== "number") {
    throw new TypeError(`startTime has to be a number of ms: received ${show(startTime)}`);
  }
  if (!Number.isFinite(startTime)) throw new RangeError(`startTime has to be finite: received ${startTime}`);
  if (maxSteps !== undefined) checkCount(maxSteps, "maxSteps", 1);
  checkSignal(signal);
  if (leaks !== "fail" && leaks !== "ignore") {
    throw new TypeError(`leaks is one of "fail", "ignore": received ${show(leaks)}`);
  }
  checkDuration(maxTime, "maxTime");
  const { shortestDelay, kind } = profileOf(profile);
  const [isBrowser, ignoresLeaks, holdsConsole] = [kind === "browser", leaks === "ignore", false];
  return { startTime, shortestDelay, isBrowser, allowRealIo, ignoresLeaks, holdsConsole, signal, maxTime };
}
