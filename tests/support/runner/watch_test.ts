/** Runs that follow changes. */

import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { type Snapshot, watch } from "./watch.ts";

test("it runs at once, and again after each change, one that came during a run too", async () => {
  const said: string[] = [];
  let files: Snapshot = new Map([["a.ts", 1], ["b.ts", 1]]);
  const changes: (() => void)[] = [
    () => files = new Map([["a.ts", 1], ["b.ts", 2]]),
    () => {},
    () => files = new Map([["a.ts", 1], ["c.ts", 1]]),
    () => {
      throw new Error("enough");
    },
  ];
  let runs = 0;
  const run = () => {
    // The file is saved while the second run is at it.
    if (++runs === 2) files = new Map([["a.ts", 9], ["b.ts", 2]]);
    return Promise.resolve();
  };
  const pause = () => Promise.resolve(changes.shift()!());
  await assertRejects(() => watch(run, { look: () => files, pause, say: (text) => said.push(text) }), Error, "enough");
  assertEquals(runs, 4);
  assertEquals(said.filter((text) => text.includes("Changed")), [
    "\nChanged: b.ts",
    "\nChanged: a.ts",
    "\nChanged: a.ts, b.ts, c.ts",
  ]);
});

test("an error of the run ends it", async () => {
  await assertRejects(() => watch(() => Promise.reject(new Error("broken"))), Error, "broken");
});
