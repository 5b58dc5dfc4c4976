import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { explore, ScheduleFailure, simulate, type Simulation } from "../../../testing.ts";

/** Which of three calls go wrong, over all schedules. */
async function faultsOf(options?: { atMost?: number }): Promise<string[]> {
  const seen = new Set<string>();
  await explore((sim) => {
    seen.add([1, 2, 3].map(() => sim.fault("lost", options) ? "x" : ".").join(""));
  });
  return [...seen].sort();
}

test("what can go wrong does so in every combination, and with atMost no more often than that in a run", async () => {
  assertEquals(await faultsOf(), ["...", "..x", ".x.", ".xx", "x..", "x.x", "xx.", "xxx"]);
  assertEquals(await faultsOf({ atMost: 1 }), ["...", "..x", ".x.", "x.."]);
  assertEquals((await faultsOf({ atMost: 2 })).length, 7);
  assertEquals(await faultsOf({ atMost: 0 }), ["..."]);
});

async function failureOf(body: (sim: Simulation) => unknown, options: Parameters<typeof explore>[1] = {}) {
  const error = await explore(body, options).catch((error) => error);
  if (!(error instanceof ScheduleFailure)) throw new Error("No schedule fails", { cause: error });
  return error;
}

test("what went wrong is told with its number, and only what the failure needs", async () => {
  const body = (sim: Simulation) => {
    const lost = [1, 2, 3].map(() => sim.fault("lost", { atMost: 2 }));
    sim.fault("slow");
    if (lost[1] && lost[2]) throw new Error("both");
  };
  for (const strategy of ["auto", "uniform", "priority"] as const) {
    const failure = await failureOf(body, { strategy });
    assertEquals(failure.schedule, ['"lost" (number 2) happens', '"lost" (number 3) happens']);
    const again = await failureOf(body, { replay: failure.token });
    assertEquals([again.schedule, again.schedules], [failure.schedule, 1]);
  }
});

test("a fault and an event that is held back are told side by side", async () => {
  const { schedule } = await failureOf(async (sim) => {
    const order: string[] = [];
    await Promise.all(["a", "b"].map((name) => sim.io(name).then(() => order.push(name))));
    if (order.join("") === "ba" && sim.fault("the answer is lost")) throw new Error("lost");
  });
  assertEquals([...schedule].sort(), ['"a" is held back until "b" has come', '"the answer is lost" happens']);
});

test("in order of arrival nothing goes wrong, and wrong options throw at the call", async () => {
  await simulate((sim) => {
    assert(!sim.fault("lost"));
    assertThrows(() => sim.fault("lost", { atMost: -1 }), RangeError, "-1");
    assertThrows(() => sim.fault("lost", { most: 1 } as { atMost?: number }), TypeError, "most");
    assertThrows(() => sim.fault(1 as unknown as string), TypeError, "1");
  });
});
