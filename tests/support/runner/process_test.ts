/** Processes with what they print. */

import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runProcess } from "./process.ts";

const limit = 60_000;

test("what a process prints on both streams is collected, and its exit code", async () => {
  const ended = await runProcess("sh", ["-c", "echo one; echo two >&2; exit 3"], { limit });
  assertEquals(ended.output.split("\n").sort(), ["", "one", "two"]);
  assertEquals([ended.code, ended.late], [3, false]);
});

test("a command that is not there is told and has no exit code", async () => {
  const { output, code } = await runProcess("no-such-command-anywhere", [], { limit });
  assertStringIncludes(output, "no-such-command-anywhere");
  assertEquals(code === 0, false);
});

test("a process that does not end in time is ended, and what it printed is kept", async () => {
  const { output, late, code } = await runProcess("sh", ["-c", "echo begun; exec sleep 60"], { limit: 500 });
  assertEquals([output, late, code === 0], ["begun\n", true, false]);
});

test("it is run in the root of the checkout, with the variables it is given", async () => {
  const { output } = await runProcess("sh", ["-c", "ls; echo $GIVEN"], { limit, env: { GIVEN: "here" } });
  for (const name of ["mod.ts", "here"]) assertEquals(output.split("\n").includes(name), true, name);
});
