import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { run } from "./support/child.ts";

const program = fileURLToPath(new URL("./support/import_probe.ts", import.meta.url));

for (const door of ["mod.ts", "io/mod.ts", "worker.ts"]) {
  test(`importing ${door} sets no timer, takes no turn, listens to nothing, prints nothing, and the process ends`, async () => {
    const { code, stdout, stderr } = await run(program, [door]);
    assertEquals([code, stdout, stderr], [0, "[]\n", ""]);
  });
}
