/** Races of the protocol, each explored: what one side does at the moment at which the other does something else. */

import { assert, assertEquals } from "@std/assert";
import { sleep, TimeoutError, WorkerExitError } from "../../../mod.ts";
import { DeadLetterError } from "../../../remote.ts";
import { testWith } from "../../support/needs.ts";
import { ackWait, exploreRemote, left, notedRuns, until } from "./races_support.ts";

testWith(
  "async context",
  "a deadline that passes between two deliveries ends the call once, and nothing runs after it",
  () =>
    exploreRemote(async (remote) => {
      const runs = notedRuns();
      const calls = remote.pool({ ackWait });
      const dying = await remote.mortal({ ackWait });
      const call = calls.run("note", [50_000], { timeout: ackWait - 10 }).catch((error) => error);
      await sleep(100);
      await dying.die();
      await remote.serve({ ackWait });
      assert(await call instanceof TimeoutError);
      await sleep(ackWait * 3);
      assert(runs.length <= 1, `${runs}`);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a deadline at the very moment of a redelivery settles the call once, with its result or its timeout",
  () =>
    exploreRemote(async (remote) => {
      const calls = remote.pool({ ackWait });
      const dying = await remote.mortal({ ackWait });
      const results: unknown[] = [];
      const call = calls.run("after", [1], { timeout: ackWait + 2 }).then(
        (value) => results.push(value),
        (error) => results.push(error.name),
      );
      await dying.die();
      await remote.serve({ ackWait });
      await call;
      assert(results.length === 1 && (results[0] === 1 || results[0] === "TimeoutError"), `${results}`);
      await sleep(ackWait * 3);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a letter that two redrive at once is run once more, and is nobody's after that",
  () =>
    exploreRemote(async (remote) => {
      const runs = notedRuns();
      const [one, two] = [remote.pool({ ackWait, attempts: 1 }), remote.pool({ ackWait, attempts: 1 })];
      const dying = await remote.mortal({ ackWait, attempts: 1 });
      const call = one.run("note", [500], { idempotencyKey: "k" }).catch((error) => error);
      await sleep(100);
      await dying.die();
      assert(await call instanceof DeadLetterError);
      await remote.serve({ ackWait, attempts: 1 });
      const redriven = await Promise.all([one.redrive("k"), two.redrive("k")]);
      assert(redriven.includes(true), `${redriven}`);
      await until(async () => (await left(remote)).delivered === 0);
      assert(runs.length <= 2, `${runs}`);
      assertEquals(await one.deadLetters(), []);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a letter that is redriven while its call is still being given up is run",
  () =>
    exploreRemote(async (remote, sim) => {
      const [calls, other] = [remote.pool({ ackWait }), remote.pool({ ackWait })];
      const server = await remote.serve({ ackWait, backoff: { delay: 1 }, retryOn: () => true });
      const call = calls.run("failsUntil", [4], { idempotencyKey: "k" }).catch((error) => error);
      let isThere = false;
      while (!isThere) {
        await sim.io("somebody looks at the letters");
        isThere = await other.redrive("k");
        if (!isThere) await sleep(1);
      }
      assert(await call instanceof DeadLetterError);
      await until(() => server.statistics().dead === 2);
      await until(async () => (await calls.deadLetters()).length === 1);
      await until(async () => (await left(remote)).delivered === 0);
      assertEquals((await calls.deadLetters()).length, 1);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a server that dies between its answer and its acknowledgement has its job run once more, and answered once",
  () =>
    exploreRemote(async (remote, sim) => {
      const runs = notedRuns();
      const calls = remote.pool({ ackWait });
      const dying = await remote.mortal({ ackWait });
      const results: unknown[] = [];
      const call = calls.run("note", [5], { idempotencyKey: "k" }).then((value) => results.push(value), (error) =>
        results.push(error));
      // An acknowledgement that is lost brings the job again; by then whoever had it has gone.
      await sim.io("the answer is on its way");
      await sleep(20);
      await dying.die();
      await remote.serve({ ackWait });
      await call;
      await until(async () =>
        (await left(remote)).delivered === 0
      );
      const [result] = results;
      // Where its only answer was lost with whoever knew it, that is said.
      assert(results.length === 1 && (result === "k" || result instanceof WorkerExitError), `${results}`);
      assert(runs.length <= 2, `${runs}`);
    }, { isFaulty: true, maxSchedules: 150 }),
);

testWith(
  "async context",
  "a server that drains at any moment of a delivery neither loses the job nor runs it twice",
  () =>
    exploreRemote(async (remote, sim) => {
      const runs = notedRuns();
      const calls = remote.pool({ ackWait });
      const leaving = await remote.serve({ ackWait });
      const keys = ["a", "b", "c"];
      const results = Promise.all(keys.map((idempotencyKey) => calls.run("note", [2], { idempotencyKey })));
      await sim.io("the server is told to end");
      const drained = leaving.drain();
      await remote.serve({ ackWait });
      assertEquals(await results, keys);
      await drained;
      assertEquals(runs.toSorted(), keys);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "a server that drains with no grace gives back what runs, and another one runs it once more",
  () =>
    exploreRemote(async (remote, sim) => {
      const runs = notedRuns();
      const calls = remote.pool({ ackWait });
      const leaving = await remote.serve({ ackWait });
      const result = calls.run("note", [200], { idempotencyKey: "k" });
      await sim.io("the server is told to end");
      const drained = leaving.drain({ grace: 0 });
      await remote.serve({ ackWait });
      assertEquals(await result, "k");
      await drained;
      assert(runs.length <= 2, `${runs}`);
      assertEquals(await left(remote), { queued: 0, delivered: 0 });
    }),
);

testWith(
  "async context",
  "of what is queued the urgent goes first, and nothing of lesser urgency is lost or run twice by that",
  () =>
    exploreRemote(async (remote) => {
      const runs = notedRuns();
      const calls = remote.pool({ ackWait });
      const priorities = ["background", "user-visible", "user-blocking"] as const;
      const results = priorities.flatMap((priority) =>
        [1, 2].map((number) => calls.run("note", [1], { priority, idempotencyKey: `${priority}-${number}` }))
      );
      await until(async () => (await left(remote)).queued === 6);
      const server = await remote.serve({ ackWait });
      await Promise.all(results);
      assertEquals(runs.length, 6);
      // All three wait when the second one is chosen; what is refused for the lack of room counts as no attempt.
      assertEquals(runs.map((key) => key.slice(0, -2)).slice(1, 3), ["user-blocking", "user-visible"], `${runs}`);
      assertEquals(server.statistics().redelivered, 0);
    }),
);
