/** What a server that is told to end does to clients that go on asking. */

import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { start } from "../../support/child.ts";
import { askUntilClosed } from "../../support/drain_load.ts";

/** `MILLRACE_DRAINS=20 npm test -- bun drain_load` tries more. */
const rounds = Number(process.env["MILLRACE_DRAINS"] ?? 2);

test("under load no request is lost to a SIGTERM: each is answered, or finds its connection closed cleanly", async () => {
  for (let round = 0; round < rounds; round++) {
    const program = start("tests/io/serve/drain_load_program.ts");
    try {
      const [, port] = await program.waitFor(/port (\d+)/);
      const { answered, lost, seen } = await askUntilClosed(Number(port), 50, (answers) => {
        if (answers === 500) program.signal("SIGTERM");
      });
      assertEquals([lost, seen], [0, []]);
      assert(answered >= 500, `${answered} answers`);
    } finally {
      program.process.kill("SIGKILL");
      await program.ended;
    }
  }
});
