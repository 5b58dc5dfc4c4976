import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { checkpoint, Latch, sleep } from "../../../mod.ts";
import { cancelEverywhere, checkpointsOf } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

testWith("async context", "the waits of all tasks are listed in order, with whose they are and what for", async () => {
  const checkpoints = await checkpointsOf(async (_, group) => {
    const ready = new Latch();
    group.spawn(() => ready.wait(), { name: "reader" });
    await sleep(10);
    await checkpoint();
    ready.open();
  });
  assertEquals(checkpoints.map(({ task, waitingFor }) => `${task}: ${waitingFor}`), [
    "body: sleep",
    "reader: a latch",
    "body: its turn",
  ]);
  const points = checkpoints.map(({ point }) => point);
  assertEquals(points, [...points].sort((a, b) => a - b));
});

testWith("async context", "two waits of the same kind, one after the other, are two checkpoints", async () => {
  const checkpoints = await checkpointsOf(async () => {
    for (let round = 0; round < 3; round++) await sleep(10);
  });
  assertEquals(checkpoints.length, 3);
});

test("a body that awaits promises of others alone has no checkpoint", async () => {
  const checkpoints = await checkpointsOf(async (sim) => {
    await sim.io("answer");
    await new Promise((resolve) => setTimeout(resolve, 10));
  });
  assertEquals(checkpoints, []);
});

test("each checkpoint is a point at which cancelEverywhere cancels", async () => {
  const body = async () => {
    await sleep(10);
    await checkpoint();
    await sleep(5);
  };
  const checkpoints = await checkpointsOf(body);
  const { points } = await cancelEverywhere(body);
  assert(checkpoints.every(({ point }) => point <= points), `${points}`);
});

test("what the body fails with comes through, wrong arguments throw at the call", async () => {
  await assertRejects(() => checkpointsOf(() => Promise.reject(new RangeError("mine"))), RangeError, "mine");
  assertThrows(() => checkpointsOf(1 as unknown as () => void), TypeError, "1");
  assertThrows(() => checkpointsOf(() => {}, { maxSteps: 0 }), RangeError, "0");
});
