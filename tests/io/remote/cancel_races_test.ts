/** Cancellation against everything else, and what becomes of keys. */

import { assert, assertEquals } from "@std/assert";
import { sleep, WorkerExitError } from "../../../mod.ts";
import { simulate } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { ackWait, exploreRemote, left, notedRuns } from "./races_support.ts";
import { withRemote } from "./remote_support.ts";

testWith(
  "async context",
  "a call that is cancelled at any moment settles at once, and nothing of it is left",
  async () => {
    // Before it was published, before that was answered, queued, delivered, running, over: each ms and each turn in it is one of them.
    for (const served of ["before", "after", "never"] as const) {
      for (let at = 0; at <= 12; at++) {
        await simulate((sim) =>
          withRemote(async (remote) => {
            const calls = remote.pool({ ackWait });
            const serve = () => remote.serve({ ackWait });
            if (served === "before") await serve();
            const controller = new AbortController();
            const reason = new Error("enough");
            const call = calls.run("after", [8], { signal: controller.signal }).catch((error) => error);
            if (served === "after") await serve();
            if (at % 2 === 0) await sleep(at);
            else for (let turn = 0; turn < at; turn++) await sim.io("a turn");
            const begin = sim.now();
            controller.abort(reason);
            const result = await call;
            assert(result === reason || result === 8, String(result));
            assertEquals(sim.now(), begin);
            await sleep(ackWait * 2);
            assertEquals(await left(remote), { queued: 0, delivered: 0 }, `${served} ${at}`);
          })
        );
      }
    }
  },
);

testWith(
  "async context",
  "a cancellation that races with everything else settles once, also where a message is lost",
  () =>
    exploreRemote(async (remote, sim) => {
      const calls = remote.pool({ ackWait });
      await remote.serve({ ackWait });
      const controller = new AbortController();
      const results: unknown[] = [];
      const call = calls.run("after", [5], { signal: controller.signal }).then(
        (value) => results.push(value),
        (error) => results.push(error.name),
      );
      await sim.io("the caller changes its mind");
      controller.abort();
      await call;
      await sleep(ackWait * 3);
      assert(results.length === 1 && (results[0] === 5 || results[0] === "AbortError"), `${results}`);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }, { isFaulty: true }),
);

testWith(
  "async context",
  "a call that is cancelled between two deliveries is not delivered a second time",
  () =>
    exploreRemote(async (remote, sim) => {
      const runs = notedRuns();
      const calls = remote.pool({ ackWait });
      const dying = await remote.mortal({ ackWait });
      const controller = new AbortController();
      const call = calls.run("note", [50_000], { signal: controller.signal }).catch((error) => error);
      await sleep(100);
      await dying.die();
      await sim.io("the caller changes its mind");
      controller.abort();
      assertEquals((await call).name, "AbortError");
      await remote.serve({ ackWait });
      await sleep(ackWait * 3);
      assert(runs.length <= 1, `${runs}`);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a call whose key another pool cancels settles, with the result or as one whose worker is gone",
  () =>
    exploreRemote(async (remote, sim) => {
      const [one, two] = [remote.pool({ ackWait }), remote.pool({ ackWait })];
      await remote.serve({ ackWait });
      const controller = new AbortController();
      const first = one.run("after", [10], { idempotencyKey: "k", signal: controller.signal }).catch((error) => error);
      const second = two.run("after", [10], { idempotencyKey: "k" }).catch((error) => error);
      await sim.io("the first one changes its mind");
      controller.abort();
      const results = await Promise.all([first, second]);
      assert(results[0] === 10 || results[0].name === "AbortError", String(results[0]));
      assert(results[1] === 10 || results[1] instanceof WorkerExitError, String(results[1]));
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a key whose call was cancelled is as good as new after two minutes",
  () =>
    simulate(() =>
      withRemote(async (remote) => {
        const calls = remote.pool({ ackWait });
        await remote.serve({ ackWait });
        const controller = new AbortController();
        const first = calls.run("untilCancelled", [], { idempotencyKey: "k", signal: controller.signal })
          .catch((error) => error.name);
        await sleep(100);
        controller.abort();
        assertEquals(await first, "AbortError");
        // The server remembered the key as one of a job that nobody wants, and acknowledged the new one without running it.
        await sleep(120_001);
        assertEquals(await calls.run("after", [1], { idempotencyKey: "k" }), 1);
      })
    ),
);

testWith(
  "async context",
  "a caller of a key that nobody wants any more does not speak for those elsewhere who do",
  () =>
    simulate(() =>
      withRemote(async (remote) => {
        const [one, two] = [remote.pool({ ackWait }), remote.pool({ ackWait })];
        await remote.serve({ ackWait, size: 2 });
        // Both listen to the key; the server asks there whether the call is wanted, and takes the first answer.
        const options = { idempotencyKey: "k" };
        const calls = [one.run("after", [ackWait * 2], options), two.run("after", [ackWait * 2], options)];
        assertEquals(await Promise.all(calls), [ackWait * 2, ackWait * 2]);
      })
    ),
);
