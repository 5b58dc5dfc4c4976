import fs from "node:fs/promises";
import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { explore, type FaultKind, ScheduleFailure, simulate, type Simulation } from "../../../../testing.ts";

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

test("a disk that is full refuses what it has no room for, and takes it when there is room again", async () => {
  const told: unknown[] = [];
  await simulate(async (sim) => {
    sim.machine("a", async () => {
      await fs.writeFile("/one", "12345678");
      told.push(await fs.writeFile("/two", "1234").catch((error: { code: string }) => error.code));
      await fs.rm("/one");
      told.push(await fs.writeFile("/two", "1234"));
    }, { capacity: 10 });
    await sleep(100);
  });
  assertEquals(told, ["ENOSPC", undefined]);
});

test("a disk corrupts what is on it only where a body asks for that", async () => {
  const body = (kinds?: FaultKind[]) => async (sim: Simulation) => {
    let seen = "";
    const machine = sim.machine("a", async () => {
      seen = await fs.readFile("/x", "utf8").catch((error: { code: string }) => error.code);
    }, { files: { "/x": "A" } });
    sim.faults(kinds === undefined ? {} : { kinds });
    await sleep(50);
    if (machine.state === "exited" && seen !== "A") throw new Error(`read ${seen}`);
  };
  await explore(body(), { lateTimers: false });
  const failure = await assertRejects(() => explore(body(["corrupt"])), ScheduleFailure, "read EIO");
  assertEquals(failure.schedule, ["a.1 : read error of read /x # 1"]);
});

test("a machine that is replaced has an empty disk, and one that is upgraded has another program on the same disk", async () => {
  const seen: string[] = [];
  const version = (name: string) => async () => {
    const text = await fs.readFile("/x", "utf8").catch((error: { code: string }) => error.code);
    seen.push(`${name}: ${text}`);
    await fs.writeFile("/x", name);
    await sleep(1_000_000);
  };
  await simulate(async (sim) => {
    const machine = sim.machine("a", version("one"));
    await sleep(100);
    machine.restart({ main: version("two") });
    await sleep(100);
    machine.restart();
    await sleep(100);
    machine.restart({ wipe: true });
    await sleep(100);
    machine.kill();
  });
  assertEquals(seen, ["one: ENOENT", "two: one", "two: two", "two: ENOENT"]);
});
