import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { run } from "../../support/child.ts";

test("a broadcast keeps no value that all have taken, a watch none but the latest, and none of them nor a lock those who are gone", async () => {
  const program = fileURLToPath(new URL("./programs/values_gc.ts", import.meta.url));
  const { stdout, stderr } = await run(program, [], { env: { DENO_V8_FLAGS: "--expose-gc" } });
  const lines = stdout.trimEnd().split("\n").map((line) => line.replace(/(none|hardly any)$/, "few"));
  assertEquals(lines, [
    "values that all have taken: few",
    "values that all but a closed receiver have taken: few",
    "values that one has not taken: all",
    "values of a watch that were replaced: few",
    "receivers that were waited through: few",
    "waits that were aborted: few",
    "scopes of functions that have read: few",
    "open: true",
  ], `${stdout}${stderr}`);
});
