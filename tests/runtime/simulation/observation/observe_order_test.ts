import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type LoopProgram, observeOrder, predictOrders } from "../../../../testing.ts";
import { hostOfThis } from "../../../support/hosts.ts";
import { loopPrograms, show } from "../../../support/loop_programs.ts";
import { agreement } from "../../../support/model_agreement.ts";

test("what random programs do on this host lies in the prediction of its profile", async () => {
  const numRuns = Number(process.env["MILLRACE_ORDERS"] ?? 250);
  await fc.assert(
    fc.asyncProperty(loopPrograms(), async (steps) => {
      const { result, order } = await agreement(steps);
      assert(result !== "disagrees", `${show(steps)} left ${order?.join(" ")}`);
    }),
    { numRuns },
  );
});

test("the order of callbacks that no host may change is observed", async () => {
  const program: LoopProgram = (loop) => {
    loop.io(() => {
      loop.log("io");
      loop.setTimeout(() => loop.log("timeout"), 0);
      loop.setImmediate(() => loop.log("immediate"));
      loop.nextTick(() => loop.log("tick"));
    });
    loop.promise(() => loop.log("promise"));
    loop.log("main");
  };
  assertEquals(await observeOrder(program), ["main", "promise", "io", "tick", "immediate", "timeout"]);
});

test("an observation of a program without callbacks ends", async () => {
  assertEquals(await observeOrder((loop) => loop.log("main")), ["main"]);
});

for (const when of ["in its own callback", "after it has fired"]) {
  test(`a timer that is cleared ${when} and then refreshed does what the model says of the host`, async () => {
    const program: LoopProgram = (loop) => {
      const timer = loop.setTimeout(() => {
        loop.log("timer");
        if (when === "in its own callback") loop.clear(timer);
      }, 1);
      loop.setTimeout(() => {
        if (when === "after it has fired") loop.clear(timer);
        loop.refresh(timer);
      }, 20);
    };
    const host = hostOfThis();
    const comesAgain = host === "deno" && when === "after it has fired";
    const orders = [comesAgain ? ["timer", "timer"] : ["timer"]];
    assertEquals(predictOrders(program, host === "node26" ? "node" : host), orders);
    assertEquals([await observeOrder(program)], orders);
  });
}

test("what the program or a callback throws rejects the observation, and the rest does not run", async () => {
  let ran = false;
  const program: LoopProgram = (loop) => {
    loop.io(() => {
      loop.setImmediate(() => ran = true);
      throw new RangeError("mine");
    });
  };
  await assertRejects(() => observeOrder(program), RangeError, "mine");
  await assertRejects(() => observeOrder((loop) => loop.animationFrame(() => {})), TypeError, "animationFrame");
  await observeOrder((loop) => void loop.setImmediate(() => {}));
  assert(!ran);
  assertThrows(() => observeOrder(1 as unknown as LoopProgram), TypeError, "1");
});
