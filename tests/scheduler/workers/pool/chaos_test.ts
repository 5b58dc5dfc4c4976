/** Calls that end in every way at random; the bench pool-chaos makes ten thousand of them. */

import { assertEquals } from "@std/assert";
import { run } from "../../../support/child.ts";
import { errorOf } from "../../../support/errors.ts";
import { spin } from "../../../support/spin.ts";
import type { ChaosReport } from "../chaos.ts";
import { flagsOf, withPool } from "../pool_support.ts";
import { testWith } from "../../../support/needs.ts";

const program = new URL("../chaos.ts", import.meta.url).pathname;

for (const seed of [1, 22, Math.floor(Math.random() * 1e9)]) {
  const known = seed < 100;
  testWith(
    "programs",
    `of calls that end in every way at random each settles rightly, and nothing is left (${
      known ? `seed ${seed}` : "a new seed"
    })`,
    async () => {
      const { code, stdout, stderr } = await run(program, [String(seed), "150"], { timeout: 120_000 });
      assertEquals(code, 0, `seed ${seed}: ${stderr}`);
      const { calls, unsettled, wrong, left } = JSON.parse(stdout) as ChaosReport;
      assertEquals({ unsettled, wrong, left }, { unsettled: 0, wrong: [], left: [] }, `seed ${seed}`);
      assertEquals(calls >= 150, true);
    },
  );
}

testWith(
  "shared memory",
  "an aborted call that had ended already, though nobody has heard it, does not take the next one down",
  async () => {
    await withPool({ size: 1, teardownTimeout: 0 }, async (pool) => {
      await pool.run("add", [1, 1]);
      const flags = flagsOf();
      const controller = new AbortController();
      const first = errorOf(pool.run("add", [1, 2], { signal: controller.signal }));
      const second = pool.run("holdUntil", [flags, 1]);
      await Promise.resolve().then(() => {}).then(() => {});
      // The worker goes from the one to the other while this thread hears nothing.
      while (Atomics.load(flags, 0) === 0);
      controller.abort("stop");
      spin(5);
      assertEquals(await first, "stop");
      await new Promise((resolve) => setTimeout(resolve, 5));
      Atomics.store(flags, 1, 7);
      assertEquals(await second, 7);
    });
  },
);
