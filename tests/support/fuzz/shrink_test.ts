/** The fuzzer's cases: how they are made, and made small. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { bytesOf, type Case, send } from "./case.ts";
import { caseOf, seedOf } from "./generate.ts";
import { shrink } from "./shrink.ts";

test("a case is the same for the same seed, and another one for another", () => {
  const seeds = Array.from({ length: 200 }, (_, index) => seedOf(1, index));
  assertEquals(new Set(seeds).size, seeds.length);
  for (const seed of seeds) assertEquals(JSON.stringify(caseOf(seed)), JSON.stringify(caseOf(seed)));
  assert(new Set(seeds.map((seed) => bytesOf(caseOf(seed)))).size === seeds.length);
});

test("a case that fails loses the steps, lines and bytes that it does not need, and its cuts", async () => {
  const steps = [
    send("GET / HTTP/1.1\r\nhost: a\r\n\r\n"),
    { wait: 1 },
    send("POST /"),
    send("xyz HTTP/1.1\r\nhost: b\r\n\r\n"),
  ];
  const failing: Case = { seed: 1, steps, end: "reset" };
  const small = await shrink(failing, (one) => Promise.resolve(/P[^]*yz/.test(bytesOf(one))));
  assertEquals([bytesOf(small), small.steps.length, small.end], ["Pyz", 1, "settle"]);
});

test("making a case small takes no more tries than it may", async () => {
  let tries = 0;
  const failing: Case = { seed: 1, steps: [send("x".repeat(10_000))], end: "settle" };
  await shrink(failing, () => (tries++, Promise.resolve(false)), { tries: 50 });
  assertEquals(tries, 50);
});
