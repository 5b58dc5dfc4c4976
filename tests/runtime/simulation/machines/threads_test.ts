/** The threads of programs on simulated machines. */

import { assert, assertEquals } from "@std/assert";
import { sleep, WorkerPool } from "../../../../mod.ts";
import { explore, simulate, type Simulation } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";

const tasks = new URL("../../../scheduler/exploration/virtual_worker_tasks.ts", import.meta.url);
type Tasks = typeof import("../../../scheduler/exploration/virtual_worker_tasks.ts");

/** A program with a pool that has a function run for so many ms, and tells what it came to. */
function pooled(told: unknown[], ms: number): () => Promise<void> {
  return async () => {
    const pool = new WorkerPool<Tasks>(tasks, { size: 1, startTimeout: Infinity });
    await pool.run("after", [ms]).then((value) => told.push(value), (error) => told.push(error));
    await pool.close();
  };
}

testWith(
  "async context",
  "a program on a machine has threads of its own, and its process ends when they are at rest",
  () =>
    simulate(async (sim) => {
      const told: unknown[] = [];
      const machine = sim.machine("one", pooled(told, 100));
      sim.machine("two", pooled(told, 200));
      await sleep(150);
      assertEquals([told, machine.state], [[100], "exited"]);
      await sleep(100);
      assertEquals(told, [100, 200]);
    }),
);

testWith(
  "async context",
  "the threads of a program that is killed end with it, without a word, and are no leak",
  async () => {
    const killed = async (sim: Simulation, power: boolean): Promise<void> => {
      const told: unknown[] = [];
      const machine = sim.machine("one", pooled(told, 100), { restart: { atMost: 1 } });
      await sim.io("it is killed");
      const { life } = machine;
      machine.kill({ power });
      await sleep(50_000);
      assert(machine.life <= life + 1);
      // What the first program has begun comes to nothing; the second one has threads of its own.
      assert(told.every((value) => value === 100), `${told}`);
    };
    for (const power of [false, true]) await explore((sim) => killed(sim, power), { maxSchedules: 60 });
  },
);

testWith("async context", "threads that run when the body ends are no leak of it", () =>
  simulate(async (sim) => {
    sim.machine("one", pooled([], 1e9));
    await sleep(10);
  }));
