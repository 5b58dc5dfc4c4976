import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  Cancelled,
  configure,
  moveOnAfter,
  WorkerExitError,
  WorkerPool,
  type WorkerPoolOptions,
} from "../../../../mod.ts";
import { explore, LeakError, ScheduleFailure, simulate } from "../../../../testing.ts";
import { testWith } from "../../../support/needs.ts";

const tasks = new URL("../virtual_worker_tasks.ts", import.meta.url);
type Tasks = typeof import("../virtual_worker_tasks.ts");
type Pool = WorkerPool<Tasks>;

async function withPool<T>(body: (pool: Pool) => Promise<T>, options: WorkerPoolOptions = {}): Promise<T> {
  const pool: Pool = new WorkerPool<Tasks>(tasks, { size: 2, ...options });
  try {
    return await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

testWith(
  "async context",
  "a pool runs in a simulation, its jobs on the simulated clock, each with a world of its own",
  async () => {
    const log = await simulate((sim) =>
      withPool(async (pool) => {
        const named = ["a", "b"].map((name) => pool.run("slow", [3_600_000], { name }));
        const log: unknown[] = [...await Promise.all(named), sim.now()];
        log.push(await pool.run("raw", [50]), await pool.run("data", []));
        const buffer = new ArrayBuffer(8);
        log.push(await pool.run("size", [buffer], { transfer: [buffer] }), buffer.byteLength);
        log.push(await pool.run("fail", ["mine"]).catch((error) => `${error.name}: ${error.message}`));
        return log;
      }, { workerData: { rate: 2 } })
    );
    assertEquals(log, ["a", "b", 3_600_000, 3_600_050, { rate: 2 }, 8, 0, "RangeError: mine"]);
  },
);

test("a job that is cancelled, and a worker that is terminated for it, leave nothing behind", async () => {
  await simulate((sim) =>
    withPool(async (pool) => {
      assertEquals(await moveOnAfter(10, () => pool.run("untilCancelled", [])), undefined);
      // These look at no signal: their worker is terminated after teardownTimeout.
      assertEquals(await moveOnAfter(10, () => pool.run("slow", [1e9])), undefined);
      assertEquals(await moveOnAfter(10, () => pool.run("raw", [1e9])), undefined);
      assert(sim.now() < 10_000);
      assertEquals(await pool.run("double", [2]), 4);
    })
  );
});

test("what runs ends with its thread, whether it was told before or not, and what waits there does not start", async () => {
  await explore((sim) =>
    withPool(async (pool) => {
      const call = pool.run("slow", [1e9]).catch(() => {});
      await sim.io("the job has come");
      // The cancellation goes as a message: the thread may end before it comes.
      await pool.close({ timeout: 0 });
      await call;
    }, { size: 1, teardownTimeout: 1 }), { maxSchedules: 300 });
});

test("a pool that is not closed is a leak that names its workers", async () => {
  const error = await assertRejects(
    () => simulate(() => new WorkerPool<Tasks>(tasks, { size: 1, name: "images" }).run("double", [1])),
    LeakError,
  );
  assertEquals(error.leaks.length, 1);
  assert(error.leaks[0]!.includes("worker 1 of "), error.message);
});

testWith("async context", "the results of a map stand in order, whichever of its chunks is ready first", async () => {
  await simulate((sim) =>
    withPool(async (pool) => {
      const items = [50, 10, 10, 40, 1, 2, 3];
      assertEquals(await pool.map("after", items, { chunk: 1 }), items);
      assert(sim.now() < 117);
      assertEquals(await pool.map("after", items, { chunk: 3 }), items);
    })
  );
});

test("the results of two workers come in either order, those of one in order", async () => {
  const orders = async (size: number) => {
    const { reached } = await explore((sim) =>
      withPool(async (pool) => {
        const log: number[] = [];
        await Promise.all([1, 2].map(async (value) => log.push(await pool.run("double", [value]))));
        sim.sometimes(log.join(" "));
      }, { size }), { maxSchedules: 150 });
    return Object.keys(reached).sort();
  };
  assertEquals(await orders(2), ["2 4", "4 2"]);
  assertEquals(await orders(1), ["2 4"]);
});

test("each call settles exactly once whenever a worker dies", async () => {
  // A worker may die when it has no call: then there is nobody else to tell.
  configure({ onUnhandled: (error) => assert(error instanceof WorkerExitError, String(error)) });
  const { reached } = await explore(async (sim) => {
    sim.workers.exits = 1;
    const settled = [0, 0, 0];
    await withPool(async (pool) => {
      const outcomes = await Promise.all([1, 2, 3].map((value, index) =>
        pool.run("double", [value]).then(
          (result) => {
            assertEquals(result, value * 2);
            return "done";
          },
          (error) => {
            assert(error instanceof WorkerExitError, String(error));
            return "died";
          },
        ).finally(() => void settled[index]!++)
      ));
      for (const outcome of outcomes) sim.sometimes(outcome);
    });
    assertEquals(settled, [1, 1, 1]);
  }, { maxSchedules: 300 }).finally(() => configure({ onUnhandled: undefined }));
  assert(reached["done"]! > 0 && reached["died"]! > 0, JSON.stringify(reached));
});

test("a cancellation and a result race, and either may win", async () => {
  const { reached } = await explore((sim) =>
    withPool(async (pool) => {
      const controller = new AbortController();
      const running = pool.run("double", [1], { signal: controller.signal });
      await sim.io("the user leaves");
      controller.abort(new Cancelled("cancel"));
      sim.sometimes(await running.then(() => "result", () => "cancelled"));
    }), { maxSchedules: 100 });
  assert(reached["result"]! > 0 && reached["cancelled"]! > 0, JSON.stringify(reached));
});

test("what can go wrong is a decision like others, and told in words", async () => {
  const failure = await assertRejects(
    () =>
      explore(async (sim) => {
        const stored: string[] = [];
        const save = async (text: string): Promise<void> => {
          await sim.io(`save ${text}`);
          stored.push(text);
          if (sim.fault(`the answer to ${text} is lost`)) throw new Error("no answer");
        };
        // Tries again, although the first attempt may have come through.
        await save("a").catch(() => save("a"));
        await save("b");
        assertEquals(stored, ["a", "b"]);
      }),
    ScheduleFailure,
  );
  assertEquals(failure.schedule.length, 1);
  assert(failure.schedule[0]!.includes("the answer to a is lost"), failure.message);
});

test("an error that nobody catches in a worker ends the worker, not the simulation", async () => {
  await simulate((sim) =>
    withPool(async (pool) => {
      const error = await assertRejects(() => pool.run("dies", []), WorkerExitError);
      assertEquals([(error.cause as Error).message, sim.now()], ["nobody catches this", 5]);
      assertEquals(await pool.run("double", [2]), 4);
    })
  );
});
