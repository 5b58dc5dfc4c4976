/** Races of the protocol, each explored: what one side does at the moment at which the other does something else. */

import { assert, assertEquals } from "@std/assert";
import { sleep, TimeoutError, WorkerExitError } from "../../../mod.ts";
import { DeadLetterError } from "../../../remote.ts";
import { explore, simulate, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { type Remote, withRemote } from "./remote_support.ts";

const ackWait = 3000;

/** What is left in the queue of a pool. */
async function left({ engine }: Remote): Promise<{ queued: number; delivered: number }> {
  const connection = engine();
  const queue = await connection.queue("default", { ackWait, attempts: 3, limit: 100 });
  const counts = await queue.counts();
  await connection.close();
  return counts;
}

/** Waits until so much has become so: a schedule may hold a thread's message back for any time. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!await isSo()) await sleep(1000);
}

/** Runs a body under many orders of what happens, and of messages that are lost where `kinds` says so. */
async function exploreRemote(
  body: (remote: Remote, sim: Simulation) => Promise<void>,
  { maxSchedules = 80, isFaulty = false }: { maxSchedules?: number; isFaulty?: boolean } = {},
): Promise<void> {
  const { schedules } = await explore((sim) => {
    if (isFaulty) sim.faults({ kinds: ["buggify"], atMost: 1 });
    return withRemote((remote) => body(remote, sim));
  }, { maxSchedules });
  assert(schedules >= 5, `only ${schedules} schedules`);
}

/** Runs by the text of their key: simulated threads are in this one. */
function notedRuns(): string[] {
  return (globalThis as { notedRuns?: string[] }).notedRuns = [];
}

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
  "the late answer of the first server, after that of the second, changes nothing",
  () =>
    exploreRemote(async (remote, sim) => {
      const calls = remote.pool({ ackWait });
      // It goes on with its job, but what it says of it is heard only at the end: as one that was cut off.
      const late = await remote.serve({ ackWait });
      const [engine, queue] = [
        remote.engine(),
        await remote.engine().queue("default", { ackWait, attempts: 3, limit: 9 }),
      ];
      const results: unknown[] = [];
      const call = calls.run("after", [10], { idempotencyKey: "k" }).then((value) => results.push(value));
      await sim.io("an answer comes a second time");
      await call;
      await queue.publish({
        id: "again",
        name: "after",
        priority: "user-visible",
        headers: {},
        body: new Uint8Array(),
      });
      await engine.flush();
      await late.drain();
      assertEquals(results, [10]);
      assertEquals(calls.statistics().completed, 1);
    }, { isFaulty: true }),
);

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
