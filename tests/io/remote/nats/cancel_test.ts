/** Cancellation in every state of a call, over a real server: its caller goes on at once, and nothing is left anywhere. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { QueueOptions, RemotePool, RemoteRunOptions, TaskServer } from "../../../../remote.ts";
import type { NatsServer } from "../../../support/nats.ts";
import { until } from "../../../support/within.ts";
import type { Tasks } from "../remote_support.ts";
import { type OverNats, overNats } from "./over_nats.ts";

function natsTest(title: string, body: (over: OverNats) => Promise<void>, settings?: QueueOptions): void {
  test(`over NATS ${title}`, () => overNats(body, settings));
}

/** Makes a call and aborts it when `when` has resolved; it has to be settled before anything else happens. */
async function aborted(
  calls: RemotePool<Tasks>,
  name: string,
  { args = [], when, ...options }: RemoteRunOptions & { args?: unknown[]; when(): Promise<void> },
): Promise<void> {
  const controller = new AbortController();
  let end: unknown;
  (calls as unknown as RemotePool).run(name, args, { ...options, signal: controller.signal })
    .then((value) => end = { value }, (error) => end = error);
  await when();
  assertEquals(end, undefined);
  const reason = new RangeError("enough");
  controller.abort(reason);
  await Promise.resolve().then(() => {}).then(() => {});
  assertEquals(end, reason);
}

/** Waits until nothing is left: in the streams, with their consumers, in the store. */
async function nothingIsLeft(nats: NatsServer): Promise<void> {
  await until(async () => {
    const streams = [...(await nats.streams()).values()];
    return streams.every(({ messages, pending }) => messages === 0 && pending.every((count) => count === 0));
  }, "nothing is left in the streams");
}

natsTest("a call that is cancelled before it is published, or while it is, is never run", async (over) => {
  const { pool, serve, nats } = over;
  const calls = pool();
  const controller = new AbortController();
  controller.abort(new RangeError("before"));
  await assertRejects(() => calls.run("add", [1, 2], { signal: controller.signal }), RangeError, "before");
  // The first connects meanwhile; at the second one the connection is there.
  await aborted(calls, "add", { args: [1, 2], when: () => Promise.resolve() });
  await until(() => calls.statistics().isConnected, "it is connected");
  await aborted(calls, "add", { args: [1, 2], when: () => Promise.resolve() });
  const server = await serve();
  assertEquals(await calls.run("add", [1, 2]), 3);
  await nothingIsLeft(nats);
  assertEquals([server.statistics().completed, calls.statistics().cancelled], [1, 2]);
});

natsTest("a call that is cancelled while it is queued is taken out", async ({ pool, serve, nats, engine }) => {
  const calls = pool();
  const queue = await (await engine()).queue("default", { ackWait: 30_000, attempts: 3, limit: 100_000 });
  const when = (): Promise<void> => until(async () => (await queue.counts()).queued === 1, "it is queued");
  await aborted(calls, "add", { args: [1, 2], when });
  await nothingIsLeft(nats);
  const server = await serve();
  assertEquals(await calls.run("add", [1, 2]), 3);
  assertEquals(server.statistics().completed, 1);
});

natsTest("a call that is cancelled while it runs is told so, and does what is to be done at its end", async (over) => {
  const { pool, serve, nats } = over;
  const [calls, server] = [pool(), await serve()];
  const file = join(nats.folder, "ended");
  let isRunning = false;
  const when = (): Promise<void> => until(() => isRunning, "it runs");
  await aborted(calls, "writesHowItEnds", { args: [file], when, onProgress: () => isRunning = true });
  await until(() => existsSync(file) && readFileSync(file, "utf8") === "true\n", "its end was written");
  await nothingIsLeft(nats);
  assertEquals(await calls.run("add", [1, 2]), 3);
  assertEquals([server.statistics().cancelled, server.statistics().completed], [1, 1]);
});

natsTest("a function that does not heed its cancellation has its thread replaced", async ({ pool, serve, nats }) => {
  const [calls, server] = [pool(), await serve({ workers: { teardownTimeout: 50 } })];
  const when = (): Promise<void> => until(() => server.statistics().running === 1, "it runs");
  await aborted(calls, "spin", { args: [120_000], when });
  assertEquals(await calls.run("add", [1, 2]), 3);
  await nothingIsLeft(nats);
});

natsTest("a call that is cancelled between two deliveries is not delivered again", async ({ pool, serve, nats }) => {
  const [calls, server] = [pool(), await serve({ retryOn: () => true, backoff: { delay: 300 } })];
  const when = (): Promise<void> => until(() => server.statistics().retried === 1, "it has failed once");
  await aborted(calls, "failsUntil", { args: [9], when });
  await nothingIsLeft(nats);
  assertEquals(await calls.run("spin", [600]), 1);
  assertEquals([server.statistics().retried, server.statistics().redelivered], [1, 0]);
});

natsTest("a call that waits where it was delivered to is cancelled there", async ({ pool, serve, nats }) => {
  const [calls, server] = [pool({ delivery: "at-most-once" }), await serve()];
  const long = calls.run("after", [500]);
  await until(() => server.statistics().running === 1, "the thread is taken");
  const when = (): Promise<void> => until(() => server.statistics().waiting === 1, "it waits");
  await aborted(calls, "add", { args: [1, 2], when });
  assertEquals(await long, 500);
  await nothingIsLeft(nats);
  assertEquals([server.statistics().cancelled, server.statistics().completed], [1, 1]);
});

natsTest("an abort after the end of a call is nothing", async ({ pool, serve, nats }) => {
  const [calls, server] = [pool(), await serve()];
  const controller = new AbortController();
  assertEquals(await calls.run("add", [1, 2], { signal: controller.signal }), 3);
  controller.abort();
  assertEquals(await calls.run("add", [3, 4]), 7);
  await nothingIsLeft(nats);
  assertEquals([server.statistics().completed, server.statistics().cancelled], [2, 0]);
});

natsTest(
  "calls that are cancelled leave nothing to listen to, and a closed pool and server nothing at all",
  async (over) => {
    const { pool, serve, nats } = over;
    const [calls, server]: [RemotePool<Tasks>, TaskServer] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2]), 3);
    const listening = async (): Promise<string[]> => (await nats.subscriptions()).flat();
    // Those by which jobs are asked for come and go with the room there is.
    const isOther = (subject: string): boolean => !/\.p\..*\*$/.test(subject);
    const others = async (): Promise<number> => (await listening()).filter(isOther).length;
    const before = await others();
    for (let round = 0; round < 20; round++) {
      const options = round % 2 === 0 ? { idempotencyKey: `${round}` } : {};
      await aborted(calls, "after", {
        ...{ args: [round], ...options },
        when: () => round < 10 ? Promise.resolve() : until(() => calls.statistics().pending === 1, "it is made"),
      });
    }
    assertEquals(await calls.run("add", [1, 2]), 3);
    await nothingIsLeft(nats);
    await until(async () => await others() <= before, "nobody listens to more than before");
    await Promise.all([calls.close(), server.drain()]);
    await until(async () => (await listening()).length === 0, "nobody listens to anything");
    assert((await nats.subscriptions()).length === 0, "no connection is left");
  },
  { largePayloads: true },
);
