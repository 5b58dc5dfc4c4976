import { test } from "node:test";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { expectOrder, explore, OrderError, ScheduleFailure } from "../../../testing.ts";

test("what comes in order passes, steps of one list in any order", () => {
  for (const middle of [["b", "c"], ["c", "b"]]) {
    const order = expectOrder("a", ["b", "c"], [], "d");
    for (const step of ["a", ...middle, "d"]) order(step);
    order.end();
    assertEquals(order.steps, ["a", ...middle, "d"]);
  }
});

test("what comes too early, twice or too much is told, with what had to come", () => {
  const order = expectOrder("a", ["b", "c"]);
  const early = assertThrows(() => order("b"), OrderError);
  assertEquals(early.message, 'Nothing had happened: "a" was to come, and "b" came');
  order("a");
  order("b");
  const twice = assertThrows(() => order("b"), OrderError);
  assertEquals([twice.steps, twice.expected], [["a", "b"], ["c"]]);
  assertThrows(() => order.end(), OrderError, 'After "a", "b": "c" was to come, and the end came');
  order("c");
  order.end();
  assertThrows(() => order("d"), OrderError, 'nothing more was to come, and "d" came');
});

test("a step comes after its promise or function, and hands on what that gives", async () => {
  const order = expectOrder("a", "b");
  assertEquals(await order.after("a", Promise.resolve(1)), 1);
  assertEquals(await order.after("b", () => 2), 2);
  order.end();
  await assertRejects(() => order.after("c", Promise.reject(new RangeError("mine"))), RangeError, "mine");
});

test("in an exploration it is the failure of the schedule that breaks the order", async () => {
  const failure = await assertRejects(
    () =>
      explore(async (sim) => {
        const order = expectOrder("written", "read");
        await Promise.all([order.after("written", sim.io("write")), order.after("read", sim.io("read"))]);
        order.end();
      }),
    ScheduleFailure,
  );
  assertEquals(failure.cause instanceof OrderError, true);
  assertEquals(failure.schedule, ['"write" is held back until "read" has come']);
});

test("wrong steps throw at the call", () => {
  assertThrows(() => expectOrder(1 as unknown as string), TypeError, "1");
  assertThrows(() => void expectOrder("a").after("a", 5 as unknown as Promise<void>), TypeError, "5");
  assertThrows(() => expectOrder(["a", 2] as unknown as string[]), TypeError, "2");
});
