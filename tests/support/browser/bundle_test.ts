/** Which test files are portable, and what a page gets of them. */

import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bundleTests } from "./bundle.ts";

test("a file is portable if it reaches no module of Node's but those with a stand-in; the others say what they need", async () => {
  const latch = "tests/scheduler/sync/latch_test.ts";
  const { portable, others, script } = await bundleTests([latch, "tests/rooms_test.ts"]);
  assertEquals(portable, [latch]);
  assertEquals([...others.keys()], ["tests/rooms_test.ts"]);
  assert(others.get("tests/rooms_test.ts")!.includes("node:fs"));
  assertMatch((await script(latch))!, /opening a latch/);
});

test("a module of a worker is bundled when it is asked for, what is no program is as it is, and else there is none", async () => {
  const { script } = await bundleTests(["tests/scheduler/sync/latch_test.ts"]);
  assertStringIncludes((await script("tests/scheduler/workers/tasks.ts"))!, "function spinUntilCancelled");
  assert((await script("tests/scheduler/workers/programs/does_not_parse.mjs")) !== undefined);
  assertEquals(await script("tests/no_such_file.ts"), undefined);
});

test("a stack has its places in the sources", async () => {
  const file = "tests/scheduler/sync/latch_test.ts";
  const { script, mapped } = await bundleTests([file]);
  const lines = (await script(file))!.split("\n");
  const line = lines.findIndex((text) => text.includes("opening a latch for 20,000 tasks")) + 1;
  const stack = mapped(`Error: mine\n    at http://127.0.0.1:1/${file}:${line}:1`);
  assertMatch(stack, /^Error: mine\n {4}at tests\/scheduler\/sync\/latch_test\.ts:\d+:\d+$/);
});
