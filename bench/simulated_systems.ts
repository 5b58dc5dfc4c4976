/** What an event of a simulated system costs: three machines that talk to each other all the time, and a replicated store. */

import { replicatedStore } from "../examples/kv/simulated.ts";
import { serve } from "../io/mod.ts";
import { sleep } from "../mod.ts";
import { simulate, type Simulation, soak } from "../testing.ts";
import { type Bench, stopwatch, type Timed, timeEach } from "./harness.ts";

const names = ["a", "b", "c"];

/** Each machine sends the others a small message every 10 ms, and waits for their answers. */
async function beats(sim: Simulation): Promise<void> {
  sim.network.link({ latency: 1 });
  for (const name of names) {
    const others = names.filter((other) => other !== name).map((other) => `http://${other}/beat`);
    sim.machine(name, async () => {
      let seen = 0;
      await serve(async (request) => {
        seen += (await request.json() as { number: number }).number;
        return Response.json({ seen });
      }, { port: 80 });
      for (let number = 0;; number++) {
        const init = { method: "POST", body: JSON.stringify({ name, number }) };
        await Promise.all(others.map(async (other) => (await fetch(other, init)).json()));
        await sleep(10);
      }
    });
  }
  await sleep(20_000);
}

/** How many events `beats` has: the same each time. */
let beatEvents = 0;

async function timeBeats(): Promise<Timed> {
  if (beatEvents === 0) beatEvents = await simulate(async (sim) => (await beats(sim), sim.steps));
  return await timeEach(beatEvents, () => simulate(beats));
}

const seeds = 5;

/** Seeds of the store on Raft, with three clients and all faults: how many events there are is known when they have run. */
async function timeStore(): Promise<Timed> {
  const stop = stopwatch();
  const { events } = await soak(replicatedStore(), { seeds });
  return stop(events);
}

export const bench: Bench = {
  name: "simulated-systems",
  claim: "three machines have 50,000 simulated events a second: 20 us each",
  unit: "us",
  target: undefined,
  rounds: 9,
  cases: () => [
    { name: "Millrace: three machines that call each other", kind: "ours", limits: { most: 20 }, run: timeBeats },
    { name: "Millrace: soak of a store on Raft", kind: "ours", run: timeStore },
  ],
};
