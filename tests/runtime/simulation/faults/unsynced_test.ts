import fs from "node:fs/promises";
import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { explore, ScheduleFailure, type Simulation } from "../../../../testing.ts";

/** A counter that keeps its number in a file, and syncs that and the folder it is in, or does not. */
function counting(syncs: boolean): (sim: Simulation) => Promise<void> {
  const count = async () => {
    let number = Number(await fs.readFile("/count", "utf8"));
    await serve(async () => {
      number++;
      await using file = await fs.open("/count.new", "w");
      await file.write(String(number));
      if (syncs) await file.sync();
      await fs.rename("/count.new", "/count");
      if (syncs) {
        await using folder = await fs.open("/", "r");
        await folder.sync();
      }
      return new Response(String(number));
    }, { port: 80 });
  };
  const ask = async (): Promise<number> => {
    for (;;) {
      try {
        return Number(await (await fetch("http://counter/", { signal: AbortSignal.timeout(1000) })).text());
      } catch {
        await sleep(500);
      }
    }
  };
  return async (sim) => {
    sim.network.latency = 1;
    sim.machine("counter", count, { restart: true, files: { "/count": "0" } });
    await sleep(50);
    sim.faults({ kinds: ["power", "kill"], atMost: 1 });
    const first = await ask();
    const second = await ask();
    if (second <= first) throw new Error(`${second} came after ${first}`);
  };
}

test("a number that was told before it was synced is lost with the power, and that is all it takes", async () => {
  const failure = await assertRejects(() => explore(counting(false)), ScheduleFailure, "came after");
  assertEquals(failure.schedule.length, 1);
  assertEquals(failure.schedule[0]!.startsWith("counter loses its power before"), true);
});

test("a number that is synced with its folder before it is told survives a kill and a loss of power at any place", async () => {
  const report = await explore(counting(true), { lateTimers: false, maxSchedules: 500 });
  assertEquals(/^all \d+ schedules with timers on time and at most 1 fault pass;/.test(report.guarantee), true);
});
