/**
 * A body of ordinary async code on a simulated loop.
 *
 * @module
 */

import { currentHost, replaceHost } from "../../runtime/host.ts";
import { type ProfileName, profileOf } from "../../runtime/simulation/profile.ts";
import { Random } from "../../runtime/simulation/random.ts";
import { runInTurns } from "../../runtime/simulation/real_turns.ts";
import { Run, type RunHooks, type Simulation } from "../../runtime/simulation/run.ts";
import { Session } from "../../runtime/simulation/session.ts";
import type { Choose } from "../../runtime/simulation/loop_event.ts";
import { simulatedHost } from "../../runtime/simulation/simulated_host.ts";
import { checkCount, checkFunction, checkOptions, show } from "../check.ts";
import { lendLoop } from "../loop.ts";
import { currentScope, type Scope } from "../scope.ts";
import { watchPermits } from "../sync/permit.ts";
import { type TaskInfo, tasks } from "../task_tree.ts";
import { findWorlds } from "../workers/current_job.ts";
import { PermitLedger } from "./permit_ledger.ts";
import { startVirtualWorker, worldOf } from "./virtual_worker.ts";

/** What a simulation is made with. */
export interface SimulateOptions {
  /** Which host's rules the loop follows. Default: `"node"`. */
  profile?: ProfileName;
  /** Decides the order of what could come in several orders, and all random numbers. Without one, what comes first goes first. */
  seed?: number;
  /** The wall clock at the beginning, in ms since 1970. Default: 0. */
  startTime?: number;
  /** After how many macrotasks a body that has not ended is taken for a livelock. Default: 1,000,000. */
  maxSteps?: number;
  /** Lets `fetch` and its kind through. The run is then not the same every time. Default: false. */
  allowRealIo?: boolean;
}

/**
 * Runs a body on a simulated loop: the clock stands still while anything can run and jumps when all is blocked. The body is
 * ordinary async code; timers, `Date`, `performance.now`, `AbortSignal.timeout`, `MessageChannel`, `Math.random` and
 * their relatives are the simulation's until the body has ended, then the host's again. Millrace itself runs in it unchanged.
 *
 * Cancel what the body does inside of it: there is nothing outside to wait for.
 *
 * @throws {TypeError} or {RangeError} at the call, for arguments of a wrong kind or range.
 * @throws (rejection) what the body throws; what a callback throws and nobody catches; {@linkcode DeadlockError},
 * {@linkcode LivelockError}, {@linkcode LeakError}, {@linkcode UnhandledRejectionError}; an `Error` if another simulation runs.
 *
 * @example
 * ```ts
 * import { sleep } from "@millrace/millrace";
 * import { simulate } from "@millrace/millrace/testing";
 *
 * const elapsed = await simulate(async (sim) => {
 *   const start = sim.now();
 *   await sleep(60 * 60 * 1000);
 *   return sim.now() - start;
 * });
 * console.log(elapsed);
 * // -> 3600000
 * ```
 */
export function simulate<T>(
  body: (sim: Simulation) => T | PromiseLike<T>,
  options: SimulateOptions = {},
): Promise<T> {
  checkFunction(body, "The body of a simulation");
  checkOptions(options);
  const settings = checkSettings(options);
  const { seed, maxSteps = 1_000_000 } = options;
  return onStage(settings, (stage, resolve: (value: T) => void, reject) => {
    const runSettings = { choose: chooseBy(seed), seed: seed ?? 0, keepPlaces: true };
    const run = new Run(stage.session, body, runSettings, maxSteps, stage.hooks);
    return () => {
      if (run.turn()) return true;
      const outcome = run.outcome!;
      if (outcome.ok) resolve(outcome.value);
      else reject(outcome.error);
      return false;
    };
  });
}

/**
 * Opens the stage in a turn of its own, so that whoever calls sees nothing of it, and calls what `begin` answers in one turn
 * after another, until that answers false.
 */
export function onStage<R>(
  settings: Session["settings"],
  begin: (stage: Stage, resolve: (value: R) => void, reject: (error: unknown) => void) => () => boolean,
): Promise<R> {
  return new Promise((resolve, reject) => {
    Session.check();
    let stage: Stage | undefined;
    let turn: (() => boolean) | undefined;
    runInTurns(() => {
      try {
        stage ??= openStage(settings);
        turn ??= begin(stage, resolve, reject);
        if (turn()) return true;
      } catch (error) {
        reject(error);
      }
      stage?.close();
      return false;
    });
  });
}

/** What comes first goes first; with a seed, anything may. */
export function chooseBy(seed: number | undefined): Choose {
  if (seed === undefined) return () => 0;
  // Not the numbers the body is given, lest its own use of them change the order.
  const random = new Random(~seed);
  return (events) => random.below(events.length);
}

/** Everything that is in place while simulations run. */
export interface Stage {
  readonly session: Session;
  readonly hooks: RunHooks;
  /** Puts everything back. */
  close(): void;
}

/** Puts the simulated functions, host and loop in place. */
function openStage(settings: Session["settings"]): Stage {
  const session = new Session(settings);
  session.open();
  const real = currentHost();
  replaceHost(simulatedHost(session, real, startVirtualWorker));
  const forgetWorlds = findWorlds(() => worldOf(session.worlds.get() as object | undefined));
  const loan = lendLoop();
  const permits = new PermitLedger(() => session.loop.place);
  watchPermits(permits);
  return {
    session,
    hooks: {
      onBegin() {
        loan.renew();
        permits.clear();
      },
      unfinished: () => loan.isUsed() ? unfinished(tasks()).map(({ line }) => line) : [],
      cycle: () => loan.isUsed() ? cycleOf(unfinished(tasks())) : [],
      left: () => permits.left(),
      scope: () => loan.isUsed() ? currentScope() : undefined,
      isCancelled: (scope) => (scope as Scope).effective !== undefined,
    },
    close() {
      watchPermits(undefined);
      forgetWorlds();
      loan.end();
      replaceHost(real);
      session.close();
    },
  };
}

/** Checks what `simulate` and `explore` have in common. */
export function checkSettings(options: SimulateOptions): Session["settings"] {
  const { profile = "node", seed, startTime = 0, maxSteps, allowRealIo = false } = options;
  if (seed !== undefined && !Number.isInteger(seed)) {
    throw new TypeError(`A seed has to be an integer: received ${show(seed)}`);
  }
  if (typeof startTime !== "number") {
    throw new TypeError(`startTime has to be a number of ms: received ${show(startTime)}`);
  }
  if (!Number.isFinite(startTime)) throw new RangeError(`startTime has to be finite: received ${startTime}`);
  if (maxSteps !== undefined) checkCount(maxSteps, "maxSteps", 1);
  const { shortestDelay, kind } = profileOf(profile);
  return { startTime, shortestDelay, isBrowser: kind === "browser", allowRealIo };
}

interface Unfinished {
  readonly name: string;
  readonly line: string;
  readonly blockedBy: readonly string[];
}

/** The unfinished tasks of the simulation, by their path, with what each waits for and who has it. */
function unfinished(roots: readonly TaskInfo[]): readonly Unfinished[] {
  const found: Unfinished[] = [];
  function look(infos: readonly TaskInfo[], path: string): void {
    for (const info of infos) {
      const { name, waitingFor, blockedBy, children, kind } = info;
      const own = path === "" ? name : `${path} > ${name}`;
      if (kind === "task" || children.length === 0) {
        const holders = blockedBy.filter((holder) => holder !== waitingFor);
        const held = holders.length === 0 ? "" : ` held by ${holders.join(" and ")}`;
        found.push({
          name,
          blockedBy,
          line: waitingFor === undefined ? own : `${own}, waiting for ${waitingFor}${held}`,
        });
      }
      look(children, own);
    }
  }
  look(roots, "");
  return found;
}

/** The names of tasks each of which waits for the next, and the last for the first; empty if there are none. */
function cycleOf(tasks: readonly Unfinished[]): readonly string[] {
  const byName = new Map(tasks.map((task) => [task.name, task]));
  const done = new Set<string>();
  const path: string[] = [];
  function look(name: string): readonly string[] {
    if (path.includes(name)) return path.slice(path.indexOf(name));
    if (done.has(name)) return [];
    done.add(name);
    path.push(name);
    for (const next of byName.get(name)?.blockedBy ?? []) {
      const cycle = look(next);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    return [];
  }
  for (const { name } of tasks) {
    const cycle = look(name);
    if (cycle.length > 0) return cycle;
  }
  return [];
}
