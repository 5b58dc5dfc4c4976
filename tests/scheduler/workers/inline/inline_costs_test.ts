/** Which functions are found to be cheaper than the way to a worker. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { InlineCosts } from "../../../../scheduler/workers/inline/inline_costs.ts";

function runs(costs: InlineCosts, count: number, ms: number, asynchronous = false): boolean {
  for (let n = 0; n < count; n++) costs.ran("fn", ms, asynchronous);
  return costs.isCheap("fn");
}

test("a function is cheap after twenty runs below half the limit, and no more after one above it", () => {
  const costs = new InlineCosts(1);
  assertEquals(costs.isCheap("fn"), false);
  assertEquals(runs(costs, 19, 0.1), false);
  assertEquals(runs(costs, 1, 0.1), true);
  // Between half and whole: it stays what it is.
  assertEquals(runs(costs, 1, 0.9), true);
  assertEquals(runs(costs, 1, 1.1), false);
  assertEquals(runs(costs, 19, 0.1), false);
  assertEquals(runs(costs, 20, 0.1), true);
});

test("a function between half the limit and the limit never becomes cheap; a promise never is", () => {
  assertEquals(runs(new InlineCosts(1), 1000, 0.7), false);
  const costs = new InlineCosts(1);
  assertEquals(runs(costs, 1, 0, true), false);
  assertEquals(runs(costs, 1000, 0), false);
});

test("the limit is the shortest way to a worker and back of late, and none is cheap before one is known", () => {
  const costs = new InlineCosts(undefined);
  assertEquals(runs(costs, 100, 0.001), false);
  costs.travelled(50);
  costs.travelled(0.02);
  costs.travelled(30);
  assertEquals(runs(costs, 20, 0.005), true);
  assertEquals(runs(costs, 1, 0.1), false);
  for (let n = 0; n < 1000; n++) costs.travelled(30);
  assertEquals(runs(costs, 50, 1), true);
});

test("no more than a thousand functions are remembered", () => {
  const costs = new InlineCosts(1);
  for (let n = 0; n < 2000; n++) costs.ran(`fn${n}`, 0, false);
  assertEquals(runs(costs, 100, 0), false);
});
