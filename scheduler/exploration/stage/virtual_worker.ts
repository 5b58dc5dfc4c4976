/**
 * The code of a worker that runs in the thread of its pool, in a simulation.
 *
 * @module
 */

import type { StartWorker, WorkerCode } from "../../../runtime/simulation/workers/workers.ts";
import { within } from "../../scopes/current_scope.ts";
import { Scope } from "../../scopes/scope.ts";
import type { WorkerWorld } from "../../workers/thread/current_job.ts";
import { WorkerSide } from "../../workers/thread/worker_side.ts";

const worlds = new WeakMap<object, WorkerWorld>();

/** What the code of a virtual worker may ask for, by the object that stands for the worker. */
export function worldOf(worker: object | undefined): WorkerWorld | undefined {
  return worker && worlds.get(worker);
}

/** Starts the code of a virtual worker; it has a scope of its own, which ends with it. */
export const startVirtualWorker: StartWorker = (parent, worker): WorkerCode => {
  worlds.set(worker, { job: undefined, data: undefined });
  const scope = new Scope(undefined);
  new WorkerSide(parent);
  return {
    run: (fn) => within(scope, fn, undefined),
    end() {
      scope.cancel("shutdown");
      scope.close();
    },
  };
};
