import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { run } from "./support/child.ts";

const program = fileURLToPath(new URL("./support/import_probe.ts", import.meta.url));
const frozen = fileURLToPath(new URL("./support/frozen_probe.ts", import.meta.url));

for (const door of ["mod.ts", "io/mod.ts", "worker.ts", "remote.ts", "testing.ts"]) {
  test(`importing ${door} sets no timer, takes no turn, listens to nothing, prints nothing, and the process ends`, async () => {
    const { code, stdout, stderr } = await run(program, [door]);
    assertEquals([code, stdout, stderr], [0, "[]\n", ""]);
  });
}

test("the library works where all that the language has built in is frozen", async () => {
  const { code, stdout, stderr } = await run(frozen, []);
  assertEquals([code, stderr], [0, ""]);
  const expected = ["task", "TimeoutError", "RangeError", [2, 4], "posted", true, 1, 8, "answer"];
  assertEquals(JSON.parse(stdout), expected);
});
