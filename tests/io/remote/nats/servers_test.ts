/** Those who serve, over a real server: who dies, who drains, who is busy. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { configure, WorkerExitError } from "../../../../mod.ts";
import { DeadLetterError, type QueueOptions } from "../../../../remote.ts";
import { until } from "../../../support/within.ts";
import { kill, type OverNats, overNats } from "./over_nats.ts";

function natsTest(title: string, body: (over: OverNats) => Promise<void>, settings?: QueueOptions): void {
  test(`over NATS ${title}`, () => overNats(body, settings));
}

const quick = { ackWait: 1000 };

natsTest("the job of a server that is killed is done by another one as its next attempt", async (over) => {
  const { pool, serve, serveApart } = over;
  const calls = pool();
  const dying = await serveApart();
  let isRunning = false;
  const job = calls.run("staysAtFirst", [], { onProgress: () => isRunning = true });
  await until(() => isRunning, "it runs");
  await kill(dying);
  const server = await serve();
  assertEquals(await job, 2);
  assertEquals([server.statistics().redelivered, server.statistics().completed], [1, 1]);
}, quick);

natsTest("a call whose servers all die is a dead letter that names the last of them", async (over) => {
  const { pool, serve, serveApart } = over;
  const calls = pool();
  let isRunning = false;
  const job = assertRejects(
    () => calls.run("untilCancelled", [], { onProgress: () => isRunning = true, idempotencyKey: "poison" }),
    DeadLetterError,
  );
  for (const name of ["a", "b"]) {
    isRunning = false;
    const dying = await serveApart({ options: { name } });
    await until(() => isRunning, `${name} has begun`);
    await kill(dying);
  }
  // The server of NATS says that it is exhausted to whoever asks for jobs next.
  const server = await serve();
  const error = await job;
  assertEquals(error.attempts, 2);
  assert(error.message.includes("on b,"), error.message);
  const [letter, ...others] = await calls.deadLetters();
  assertEquals([letter!.id, letter!.worker, letter!.attempts, others.length], ["poison", "b", 2, 0]);
  assertEquals(await calls.run("add", [1, 2]), 3);
  assertEquals(server.statistics().completed, 1);
}, { ...quick, attempts: 2 });

natsTest(
  "a stream whose server is killed fails, and no generator is run twice",
  async ({ pool, serve, serveApart }) => {
    const calls = pool();
    const dying = await serveApart();
    const stream = calls.stream("countTo", [1e9], { highWaterMark: 3 });
    assertEquals((await stream.next()).value, 1);
    await kill(dying);
    const server = await serve();
    await assertRejects(async () => {
      for await (const _ of stream);
    }, WorkerExitError);
    assertEquals(await calls.run("add", [1, 2]), 3);
    assertEquals(server.statistics().completed, 1);
  },
  quick,
);

natsTest("at most once: the call of a server that is killed fails, and is not tried again", async (over) => {
  const { pool, serve, serveApart } = over;
  const calls = pool({ delivery: "at-most-once" });
  const dying = await serveApart();
  let isRunning = false;
  const job = assertRejects(
    () => calls.run("untilCancelled", [], { onProgress: () => isRunning = true }),
    WorkerExitError,
  );
  await until(() => isRunning, "it runs");
  await kill(dying);
  const server = await serve();
  await job;
  assertEquals(await calls.run("add", [1, 2]), 3);
  assertEquals(server.statistics().completed, 1);
}, quick);

natsTest("a server that drains finishes what runs, and gives back the rest at once", async ({ pool, serve }) => {
  const calls = pool();
  const leaving = await serve();
  const running = calls.run("after", [500]);
  await until(() => leaving.statistics().running === 1, "it runs");
  const queued = calls.map("after", [1, 1, 1]);
  const drained = leaving.drain();
  await serve();
  // With this ackWait nothing comes by a silence.
  assertEquals([await queued, await running], [[1, 1, 1], 500]);
  await drained;
  assertEquals(leaving.statistics().completed, 1);
}, { ackWait: 120_000 });

natsTest("what still runs when the grace of a drain has passed is done by another server", async ({ pool, serve }) => {
  const calls = pool();
  const leaving = await serve();
  const job = calls.run("staysAtFirst", []);
  await until(() => leaving.statistics().running === 1, "it runs");
  await leaving.drain({ grace: 50 });
  await serve();
  assertEquals(await job, 2);
  assertEquals(leaving.statistics().completed, 0);
}, { ackWait: 120_000 });

natsTest("the call of a caller that was killed is cancelled where it runs, unless it is detached", async (over) => {
  const { serve, callApart } = over;
  const server = await serve({ size: 2 });
  const caller = await callApart([["untilCancelled", [], {}], ["after", [3000], { detached: true }]]);
  await until(() => server.statistics().running === 2, "both run");
  await kill(caller);
  await until(() => server.statistics().cancelled === 1, "one is cancelled");
  await until(() => server.statistics().completed === 1, "the other one ends");
  assertEquals(server.statistics().running, 0);
}, { ackWait: 600 });

natsTest("a server that has no thread free leaves what comes to one that has, whatever its priority", async (over) => {
  const { pool, serve, nats } = over;
  const calls = pool();
  const busy = await serve();
  const long = calls.run("untilCancelled", []).catch(() => {});
  await until(() => busy.statistics().running === 1, "it is busy");
  // What it had asked for of other priorities it takes back.
  const asking = async (): Promise<number> =>
    (await nats.subscriptions()).flat().filter((subject) => /\.p\..*\.\*$/.test(subject)).length;
  // Of that which it got its job from it has asked for no more; and the exhausted are asked for by both.
  await until(async () => await asking() === 3, "it asks for nothing else");
  const idle = await serve();
  for (const priority of ["background", "user-visible", "user-blocking"] as const) {
    assertEquals(await calls.map("after", [1, 2, 3, 4], { priority }), [1, 2, 3, 4]);
  }
  assertEquals([busy.statistics().completed, idle.statistics().completed], [0, 12]);
  await calls.close({ timeout: 0 });
  await long;
});

natsTest("background calls are done in the end, however many urgent ones there are", async ({ pool, serve }) => {
  const calls = pool();
  await serve();
  configure({ ageing: 50 });
  let isOver = false;
  const flood = Array.from({ length: 4 }, async () => {
    while (!isOver) await calls.run("after", [5], { priority: "user-blocking" });
  });
  try {
    assertEquals(await calls.map("after", [1, 2, 3], { priority: "background" }), [1, 2, 3]);
  } finally {
    configure({ ageing: 5000 });
    isOver = true;
    await Promise.all(flood);
  }
});

natsTest("a job in a busy loop, five times as long as ackWait, runs once", async ({ pool, serve }) => {
  const [calls, server] = [pool(), await serve()];
  assertEquals(await calls.run("spin", [1500]), 1);
  assertEquals([server.statistics().completed, server.statistics().redelivered], [1, 0]);
}, { ackWait: 300 });

natsTest("ten jobs on one thread run once each, although together they take longer than ackWait", async (over) => {
  const { pool, serve } = over;
  const [calls, server] = [pool(), await serve()];
  assertEquals(await calls.map("spin", Array.from({ length: 10 }, () => 100)), Array.from({ length: 10 }, () => 1));
  assertEquals([server.statistics().completed, server.statistics().redelivered], [10, 0]);
}, { ackWait: 300 });

natsTest("a job that nobody can read is given up once: it is not delivered again", async (over) => {
  const { pool, serve, nats } = over;
  const [calls, server] = [pool(), await serve()];
  const queue = await (await over.engine()).queue("default", { ackWait: 300, attempts: 3, limit: 100_000 });
  const body = new Uint8Array([1, 2, 3]);
  await queue.publish({ id: "poison", name: "add", priority: "user-visible", headers: {}, body });
  await until(() => server.statistics().malformed === 1, "it is counted");
  // Three times as long as it would take to come again.
  assertEquals(await calls.run("spin", [1000]), 1);
  assertEquals([server.statistics().malformed, server.statistics().redelivered], [1, 0]);
  // The result is sooner here than the word of it at nats-server.
  const isEmpty = async (): Promise<boolean> => {
    const { messages, pending } = (await nats.streams()).get("MILLRACE_default")!;
    return messages === 0 && pending.every((count) => count === 0);
  };
  await until(isEmpty, "nothing is left of either");
}, { ackWait: 300 });
