/** Hostile connections to the server of this runtime, from a fuzzer that runs on Node 26. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { executableOf, hostOfThis } from "../../support/hosts.ts";
import { breakages } from "../../support/fuzz/broken.ts";
import { runProcess } from "../../support/runner/process.ts";

/** Connections of a run, and how many runs there are: 10,000 connections on each runtime. */
const [cases, runs] = [2500, 4];

/** Runs the fuzzer against this runtime. */
async function fuzz(...args: string[]): Promise<{ code: number | null; output: string }> {
  const node26 = executableOf("node26");
  assert(node26 !== undefined, "Node 26 is not there");
  const all = ["tests/support/fuzz/run.ts", "--host", hostOfThis(), ...args];
  return await runProcess(node26, all, { limit: 55_000 });
}

for (let run = 1; run <= runs; run++) {
  const title =
    `hostile connections end no process, leave nothing behind, and run nothing that was not sent: ${run} of ${runs}`;
  test(title, async () => {
    const { code, output } = await fuzz("--cases", `${cases}`, "--seed", `${run}`, "--faults", "1");
    assertEquals(code, 0, output);
  });
}

for (const { name } of breakages) {
  test(`the fuzzer finds it when ${name}`, async () => {
    const { code, output } = await fuzz("--broken", name, "--cases", "10000");
    assertEquals(code, 0, output);
  });
}
