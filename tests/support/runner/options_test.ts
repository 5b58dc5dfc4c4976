/** The words that `npm test` takes. */

import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { run } from "../child.ts";
import { testFiles } from "./files.ts";
import { checks, help, matrix, planOf } from "./options.ts";

test("without words everything is run", () => {
  assertEquals(planOf([]), { mode: "once", checks, hosts: matrix, parts: [] });
});

test("a check is made alone, without tests; a runtime runs all tests, without checks", () => {
  assertEquals(planOf(["types", "fmt"]), { mode: "once", checks: ["fmt", "types"], hosts: [], parts: [] });
  assertEquals(planOf(["bun", "node"]), { mode: "once", checks: [], hosts: ["node", "bun"], parts: [] });
});

test("consumers are run after the package is made, once", () => {
  assertEquals(planOf(["consumers"]), { mode: "once", checks: ["pack", "consumers"], hosts: [], parts: [] });
  assertEquals(planOf(["pack", "consumers"]).checks, ["pack", "consumers"]);
  assertEquals(planOf(["pack"]).checks, ["pack"]);
});

test("a browser is a runtime among the others", () => {
  const planned = planOf(["browser", "channel_test"]);
  assertEquals(planned, { mode: "once", checks: [], hosts: ["browser"], parts: ["channel_test"] });
});

test("a part of a file name runs on all runtimes, or on those that are named", () => {
  assertEquals(planOf(["retry_test"]), { mode: "once", checks: [], hosts: matrix, parts: ["retry_test"] });
  const both = planOf(["lint", "retry_test", "deno", "io/"]);
  assertEquals(both, { mode: "once", checks: ["lint"], hosts: ["deno"], parts: ["retry_test", "io/"] });
});

test("--watch runs on one runtime unless some are named, and makes the checks that are named", () => {
  assertEquals(planOf(["--watch", "retry"]), { mode: "watch", checks: [], hosts: ["node"], parts: ["retry"] });
  assertEquals(planOf(["--watch"]), { mode: "watch", checks: [], hosts: ["node"], parts: [] });
  assertEquals(planOf(["--watch", "bun", "deno"]).hosts, ["deno", "bun"]);
  assertEquals(planOf(["types", "--watch"]), { mode: "watch", checks: ["types"], hosts: [], parts: [] });
});

test("--coverage is for Node 26, and takes parts of file names only", () => {
  assertEquals(planOf(["--coverage", "io/"]), { mode: "coverage", checks: [], hosts: ["node26"], parts: ["io/"] });
  assertThrows(() => planOf(["--coverage", "deno"]), Error, "parts of file names only");
  assertThrows(() => planOf(["--coverage", "--watch"]), Error, "do not go together");
});

test("an option that is not known is refused with those that are, before anything is run", async () => {
  const { code, stdout, stderr } = await run("tests/support/run.ts", ["types", "--wacth"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^Unknown option --wacth\. Known are --help, -h, --watch, --coverage\n$/);
});

test("a part that is in no test file's name is refused, also beside one that is", () => {
  assertEquals(testFiles(["runner/options_test"]), ["tests/support/runner/options_test.ts"]);
  assert(testFiles([]).length > 100);
  assertThrows(() => testFiles(["options_test", "no_such", "neither"]), Error, "No test file matches no_such, neither");
});

test("--help tells every word and option", async () => {
  const { code, stdout } = await run("tests/support/run.ts", ["--help"]);
  assertEquals([code, stdout], [0, `${help}\n`]);
  for (const word of [...checks, ...matrix, "--watch", "--coverage", "--help"]) assertStringIncludes(help, word);
});
