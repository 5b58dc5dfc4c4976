/** Shields: what of a cancellation reaches the code inside. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelScope,
  checkpoint,
  effectiveDeadline,
  group,
  shield,
  sleep,
  throwIfCancelled,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";

testOnFakeLoopWith(
  "async context",
  "a shield keeps out the cancellation around it, not its own, nor that of scopes inside",
  async () => {
    const outer = new CancelScope();
    const shielded = new CancelScope({ shield: true });
    const inner = new CancelScope();
    const log: string[] = [];
    await outer.run(async () => {
      await shielded.run(async () => {
        outer.cancel();
        await checkpoint();
        await inner.run(async () => {
          inner.cancel();
          await checkpoint();
        });
        log.push(`inner ${inner.cancelCaught}`);
        shielded.cancel();
        await checkpoint();
      });
      log.push(`shielded ${shielded.cancelCaught}`);
      await checkpoint();
    });
    log.push(`outer ${outer.cancelCaught}`);
    assertEquals(log, ["inner true", "shielded true", "outer true"]);
  },
);

testOnFakeLoop(
  "inside a shield the code is not cancelled, while the handle tells the truth from outside",
  async () => {
    await group(async (g) => {
      const inside = latch();
      const goOn = latch();
      const task = g.spawn(() =>
        shield(async () => {
          inside.open();
          await goOn.promise;
          throwIfCancelled();
          assertEquals(effectiveDeadline(), Infinity);
          await checkpoint();
        })
      );
      await inside.promise;
      task.cancel();
      assertEquals([task.state, task.signal.aborted], ["cancelling", true]);
      goOn.open();
    });
  },
);

testOnFakeLoop(
  "tasks spawned in a group inside a shield are shielded; a shield around the call of spawn alone is no help",
  async () => {
    const log: string[] = [];
    const scope = new CancelScope();
    await scope.run(() =>
      group(async (outer) => {
        await shield(() => {
          outer.spawn(() => sleep(1).then(() => log.push("not reached")));
        });
        await shield(() =>
          group((g) => {
            g.spawn(() => sleep(1).then(() => log.push("shielded")));
            scope.cancel();
          })
        );
      })
    );
    assertEquals(log, ["shielded"]);
  },
);

testOnFakeLoop("a timeout around a shield waits for what is shielded, then is thrown", async () => {
  let done = false;
  await assertRejects(
    () => withTimeout(1, () => shield(() => sleep(5).then(() => done = true))),
    TimeoutError,
  );
  assert(done, "the shielded work was cut");
});
