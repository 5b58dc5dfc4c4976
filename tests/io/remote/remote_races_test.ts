import { assert, assertEquals } from "@std/assert";
import { moveOnAfter, sleep, WorkerExitError } from "../../../mod.ts";
import { DeadLetterError } from "../../../remote.ts";
import { explore, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";
import { type Remote, withRemote } from "./remote_support.ts";

const ackWait = 3000;

/** Runs a body under many schedules, in which connections stall, and messages and acknowledgements are lost. */
async function exploreRemote(
  body: (remote: Remote, sim: Simulation) => Promise<void>,
  maxSchedules = 100,
): Promise<void> {
  const { schedules } = await explore((sim) => {
    sim.faults();
    return withRemote((remote) => body(remote, sim));
  }, { maxSchedules });
  assert(schedules >= 10, `only ${schedules} schedules`);
}

testWith(
  "async context",
  "whatever is lost, stalls or comes twice, each call settles once with its own result",
  () =>
    exploreRemote(async ({ pool, serve }) => {
      const calls = pool({ ackWait });
      const servers = [await serve({ ackWait }), await serve({ ackWait })];
      const results = await Promise.all([calls.run("add", [1, 2]), calls.run("after", [10]), calls.run("echo", ["x"])]);
      assertEquals(results, [3, 10, "x"]);
      const completed = servers.reduce((sum, server) => sum + server.statistics().completed, 0);
      assert(completed >= 3 && completed <= 9, String(completed));
      assertEquals(calls.statistics().completed, 3);
    }),
);

testWith(
  "async context",
  "a server that dies at any moment of a job, its answer said or not, loses no call",
  () =>
    exploreRemote(async ({ pool, mortal, serve }, sim) => {
      const calls = pool({ ackWait });
      const dying = await mortal({ ackWait });
      const result = calls.run("after", [20]);
      // Before it is taken, while it runs, between its answer and the acknowledgement, after both: whenever the schedule likes.
      const death = sim.io("the machine dies").then(() => dying.die());
      await serve({ ackWait });
      assertEquals(await result, 20);
      await death;
    }),
);

testWith(
  "async context",
  "a call that is cancelled while its job comes again settles at once, and nothing goes on running",
  () =>
    exploreRemote(async ({ pool, mortal, serve }, sim) => {
      const calls = pool({ ackWait });
      const dying = await mortal({ ackWait });
      const server = await serve({ ackWait });
      const died = sleep(5).then(() => dying.die());
      const begin = sim.now();
      assertEquals(await moveOnAfter(ackWait + 5, () => calls.run("untilCancelled", [])), undefined);
      assert(sim.now() - begin <= ackWait + 6, `${sim.now() - begin}`);
      await died;
      // What was told to nobody, because a message was lost, is found when its caller is asked.
      await calls.close();
      await server.drain();
    }),
);

testWith(
  "async context",
  "the answers of two servers that have the same job are one answer",
  () =>
    exploreRemote(async ({ pool, serve, engine }, sim) => {
      const calls = pool({ ackWait });
      const servers = [await serve({ ackWait }), await serve({ ackWait })];
      const other = engine();
      const queue = await other.queue("default", { ackWait, attempts: 3, limit: 100 });
      const results: unknown[] = [];
      const call = calls.run("after", [10]).then((value) => results.push(value));
      // As if its time had passed while it runs: it goes to the other server too.
      await sim.io("the job is published again");
      await queue.counts();
      await call;
      await Promise.all(servers.map((server) => server.drain()));
      assertEquals(results, [10]);
    }),
);

testWith(
  "async context",
  "a server that drains while a job comes to it gives it back, and another one does it",
  () =>
    exploreRemote(async ({ pool, serve }, sim) => {
      const calls = pool({ ackWait });
      const leaving = await serve({ ackWait });
      const results = Promise.all([calls.run("add", [1, 2]), calls.run("after", [10]), calls.run("add", [3, 4])]);
      await sim.io("the server is told to end");
      const drained = leaving.drain();
      await serve({ ackWait });
      assertEquals(await results, [3, 10, 7]);
      await drained;
    }),
);

testWith(
  "async context",
  "a stream either gives all of its values in order, or fails",
  () =>
    exploreRemote(async ({ pool, serve }) => {
      const calls = pool({ ackWait });
      await serve({ ackWait });
      const seen: number[] = [];
      try {
        for await (const value of calls.stream("countTo", [5], { highWaterMark: 2 })) seen.push(value);
        assertEquals(seen, [1, 2, 3, 4, 5]);
      } catch (error) {
        assert(error instanceof WorkerExitError, String(error));
        assertEquals(seen, [1, 2, 3, 4, 5].slice(0, seen.length));
      }
    }),
);

testWith(
  "async context",
  "a call of which every try is lost ends as one dead letter",
  () =>
    exploreRemote(async ({ pool, mortal }) => {
      const calls = pool({ ackWait });
      let error: unknown;
      const end = calls.run("after", [50_000]).catch((thrown) => error = thrown);
      for (let attempt = 0; attempt < 3; attempt++) {
        const dying = await mortal({ ackWait });
        await sleep(500);
        await dying.die();
        await sleep(ackWait);
      }
      await sleep(ackWait * 3);
      await end;
      assert(error instanceof DeadLetterError, String(error));
      assertEquals((await calls.deadLetters()).length, 1);
    }, 60),
);
