import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { explore, type FaultKind, ScheduleFailure, simulate, type Simulation } from "../../../../testing.ts";

/** A bank that counts what it is asked to pay, and a client that asks once more where it has got no answer. */
function paying(kinds: readonly FaultKind[]): (sim: Simulation) => Promise<void> {
  return async (sim) => {
    const payments: string[] = [];
    sim.machine("bank", () =>
      serve(async (request) => {
        payments.push(await request.text());
        return new Response("paid");
      }, { port: 80 }), { restart: true });
    sim.faults({ kinds, atMost: 1 });
    await sim.allBlocked();
    for (let attempt = 0; attempt < 5; attempt++) {
      try {
        await (await fetch("http://bank/", { method: "POST", body: "rent" })).text();
        break;
      } catch {
        await sleep(2000);
      }
    }
    sim.calm();
    if (payments.length > 1) throw new Error("paid twice");
  };
}

test("an answer that is lost is found as the one fault of the smallest schedule, and its token runs it again", async () => {
  const body = paying(["loss"]);
  const failure = await assertRejects(() => explore(body), ScheduleFailure, "paid twice");
  assertEquals(failure.schedule, ["the connection is reset before bank.1 : response to POST / # 1"]);
  const again = await assertRejects(() => explore(body, { replay: failure.token }), ScheduleFailure, "paid twice");
  assertEquals(again.schedule, failure.schedule);
  assert(failure.trace.some(({ machine }) => machine === "bank"));
});

test("a kill, a loss of power, a pause and an isolation are each tried at each place, and lose no payment by themselves", async () => {
  for (const kind of ["power", "kill", "pause", "isolate", "clock"] as const) {
    const body = paying([kind]);
    const { guarantee, distinct } = await explore(body, { lateTimers: false, maxSchedules: 200 });
    assert(guarantee.includes("at most 1 fault"), guarantee);
    assert(distinct >= 3, `${kind}: ${distinct}`);
  }
});

test("without a search no fault happens, and after a calm none does either", async () => {
  await simulate(paying(["loss", "kill", "power", "pause", "isolate", "cut", "clock"]));
  const report = await explore(async (sim) => {
    sim.machine("a", () => serve(() => new Response("here"), { port: 80 }), { restart: true });
    sim.faults();
    sim.calm();
    await sim.allBlocked();
    assertEquals(await (await fetch("http://a/")).text(), "here");
  });
  assertEquals(report.distinct, 1);
});

test("a calm heals the network, lets machines go on, and starts those that are down and have a supervisor", async () => {
  await simulate(async (sim) => {
    const program = () => serve(() => new Response("here"), { port: 80 });
    const [a, b, c] = ["a", "b", "c"].map((name) => sim.machine(name, program, { restart: name !== "c" }));
    await sleep(10);
    sim.network.partition(["a"], ["b"]);
    a!.pause();
    b!.kill({ power: true });
    c!.kill();
    sim.calm();
    assertEquals([a, b, c].map((machine) => machine!.state), ["running", "running", "killed"]);
    await sleep(10);
    assertEquals(await (await fetch("http://b/")).text(), "here");
  });
});

test("faults that have no effect on what is counted are bounded by how many machines may be down at once", async () => {
  let most = 0;
  await explore(async (sim) => {
    const machines = ["a", "b", "c"].map((name) =>
      sim.machine(name, () => serve(() => new Response("here"), { port: 80 }), { restart: { delay: 5000 } })
    );
    sim.faults({ kinds: ["kill", "power"], atMost: 5, down: 1 });
    sim.always("one is down at most", () => {
      const down = machines.filter(({ state }) => state === "killed").length;
      most = Math.max(most, down);
      return down <= 1;
    });
    await sim.allBlocked();
    for (const { name } of machines) {
      await fetch(`http://${name}/`, { signal: AbortSignal.timeout(100) }).catch(() => {});
    }
    sim.calm();
  }, { maxSchedules: 100 });
  assertEquals(most, 1);
});

test("a search that has not run all says how many faults it has come to, and not how many there could be", async () => {
  const { guarantee } = await explore(async (sim) => {
    sim.machine("a", () => serve(() => new Response("here"), { port: 80 }), { restart: true });
    await sleep(50);
    sim.faults({ kinds: ["kill"], atMost: 20 });
    for (let round = 0; round < 20; round++) {
      await fetch("http://a/").catch(() => {});
      await sleep(10);
    }
  }, { maxSchedules: 10, lateTimers: false });
  assert(guarantee.includes("all with <= 0 held-back events and faults"), guarantee);
  assert(!guarantee.includes("20"), guarantee);
});

test("a machine may be killed between any two of its timers", async () => {
  const steps = [1, 2, 3];
  const reached = new Set<string>();
  await explore(async (sim) => {
    let done: number[] = [];
    sim.machine("a", async ({ life }) => {
      if (life > 1) return void reached.add(`after ${done.join()}`);
      for (const step of steps) {
        await sleep(10);
        done = [...done, step];
      }
    }, { restart: true });
    sim.faults({ kinds: ["kill"], atMost: 1 });
    await sleep(500);
  });
  assertEquals([...reached].sort(), ["after ", "after 1", "after 1,2"]);
});
