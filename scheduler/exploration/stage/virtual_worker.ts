/**
 * The code of a worker that runs in the thread of its pool, in a simulation.
 *
 * @module
 */

import type { StartWorker, WorkerCode } from "../../../runtime/simulation/workers/workers.ts";
import { within } from "../../scopes/current_scope.ts";
import { Scope } from "../../scopes/scope.ts";
import type { WorkerState } from "../../workers/thread/current_job.ts";
import { WorkerSide } from "../../workers/thread/worker_side.ts";

const states = new WeakMap<object, WorkerState>();

/** What the code of a virtual worker may ask for, by the object that stands for the worker. */
export function stateOf(worker: object | undefined): WorkerState | undefined {
  return worker && states.get(worker);
}

/** Starts the code of a virtual worker; it has a scope of its own, which ends with it. */
export const startVirtualWorker: StartWorker = (parent, worker): WorkerCode => {
  states.set(worker, { job: undefined, data: undefined });
  const scope = new Scope(undefined);
  const side = new WorkerSide(parent);
  return {
    run: (fn) => within(scope, fn, undefined),
    end() {
      // Calls have scopes of their own, which are in none: a thread has nothing around them.
      side.end();
      scope.cancel("shutdown");
      scope.close();
    },
  };
};
