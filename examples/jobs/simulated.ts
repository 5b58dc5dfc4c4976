/** The queue on simulated machines, with workers that are killed and paused: a body for `simulate`, `explore` and `soak`. */

import { sleep } from "../../mod.ts";
import type { Machine, Simulation } from "../../testing.ts";
import { Nemesis } from "../kv/nemesis.ts";
import { type Bugs, insist, type JobState, runQueue, runStorage, runWorker, type Stored } from "./jobs.ts";

/** How the queue is used, and what it suffers. */
export interface Scenario {
  readonly bugs?: Bugs;
  /** How many jobs there are. Default: 30. */
  readonly jobs?: number;
  /** Are there faults of the body's own, by the random numbers of the run? With `soak` the faults are the schedule's. Default: false. */
  readonly faults?: boolean;
}

const [queue, storage] = ["http://queue:80", "http://storage:80"];

/** All that was acknowledged is done once everything is whole again, and its result is of the one who did it. */
export function jobQueue({ bugs = {}, jobs = 30, faults = false }: Scenario = {}): (sim: Simulation) => Promise<void> {
  return async (sim) => {
    sim.network.link({ latency: 2 });
    const restart = { delay: 50, backoff: 1 };
    const settings = { folder: "/data", port: 80, bugs };
    const machines: Machine[] = [
      sim.machine("queue", () => runQueue(settings), { restart }),
      sim.machine("storage", () => runStorage(settings), { restart }),
      ...["w1", "w2", "w3"].map((name) =>
        sim.machine(name, () =>
          runWorker(queue, storage, async ({ id, token }) => {
            await sleep(10 + Math.random() * 80);
            return `${id} by ${name}, token ${token}`;
          }), { restart })
      ),
    ];
    const nemesis = faults ? new Nemesis(sim, machines, () => undefined) : undefined;
    if (!faults) sim.faults({ down: 2, duration: [100, 800], atMost: 20 });

    const acknowledged: string[] = [];
    for (let number = 0; number < jobs; number++) {
      await insist(queue, "/submit", { id: `job ${number}` });
      acknowledged.push(`job ${number}`);
      await sleep(Math.random() * 60);
    }
    nemesis?.stop();
    sim.calm();
    await settled(jobs);

    const states = await insist<JobState[]>(queue, "/list", {});
    const results = await insist<Stored[]>(storage, "/list", {});
    for (const id of acknowledged) {
      const state = states.find((each) => each.id === id);
      if (state === undefined) throw new Error(`A job is lost that was acknowledged: ${id}`);
      if (!state.isDone) throw new Error(`A job is never done: ${id}`);
      const stored = results.find((each) => each.id === id);
      if (stored?.token === state.token) continue;
      throw new Error(
        `A result is of somebody else than who has done the job: ${stored?.result}, not token ${state.token}`,
      );
    }
  };
}

/** Waits until nothing is left to be done, for half a minute at most, and until whoever is late has come. */
async function settled(jobs: number): Promise<void> {
  for (let second = 0; second < 30; second++) {
    const states = await insist<JobState[]>(queue, "/list", {});
    await sleep(1000);
    if (states.length <= jobs && states.every(({ isDone }) => isDone)) return;
  }
}
