/**
 * The stage on which bodies run: a simulated host, and Millrace's own loop on top of it.
 *
 * @module
 */

import { checkCount, show } from "../../../runtime/basics/check.ts";
import { currentHost, replaceHost } from "../../../runtime/current_host.ts";
import type { Choose } from "../../../runtime/simulation/loop/loop_event.ts";
import { Random } from "../../../runtime/simulation/loop/random.ts";
import { runInTurns } from "../../../runtime/simulation/loop/real_turns.ts";
import { type ProfileName, profileOf } from "../../../runtime/simulation/model/profile.ts";
import { simulatedHost } from "../../../runtime/simulation/run/host.ts";
import { Session } from "../../../runtime/simulation/run/session.ts";
import type { RunHooks } from "../../../runtime/simulation/run/simulation.ts";
import { tasks } from "../../inspection/task_tree.ts";
import { lendLoop } from "../../queue/loop.ts";
import { currentScope } from "../../scopes/current_scope.ts";
import type { Scope } from "../../scopes/scope.ts";
import { watchPermits } from "../../sync/permit.ts";
import { findWorlds } from "../../workers/thread/current_job.ts";
import { PermitLedger } from "./permit_ledger.ts";
import { cycleOf, unfinished } from "./unfinished.ts";
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
  const forgetWorlds = findWorlds(() => worldOf(session.threads.get() as object | undefined));
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
