/** Servers that end, and come back with what they had or without it. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Delivery, Engine, JobQueue } from "../../../../io/remote/engine/engine.ts";
import { natsEngine } from "../../../../io/remote/nats/nats_engine.ts";
import type { NatsEngineOptions } from "../../../../io/remote/nats/nats_options.ts";
import { job, Taker } from "../../../support/engine_bench.ts";
import { type NatsServer, withNats } from "../../../support/nats.ts";
import { until, within, withinTest } from "../../../support/within.ts";

const settings = { ackWait: 2000, attempts: 5, limit: 1000 };

/** A test with a server, and a queue of it. */
function queueTest(
  title: string,
  body: (server: NatsServer, engine: Engine, queue: JobQueue) => Promise<void>,
  options: NatsEngineOptions = {},
): void {
  test(title, () =>
    withinTest(withNats(async (server) => {
      const engine = await natsEngine({ servers: server.url, ...options });
      try {
        await body(server, engine, await engine.queue("images", settings));
      } finally {
        await engine.close();
      }
    })));
}

const bytes = new Uint8Array([1, 2, 3]);

/** Publishes 200 jobs and takes them, while something happens to the server; answers how often each was delivered. */
async function through(queue: JobQueue, happens: () => Promise<void>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  const done = new Set<string>();
  const work = async (delivery: Delivery): Promise<void> => {
    counts.set(delivery.id, (counts.get(delivery.id) ?? 0) + 1);
    await delivery.ack();
    done.add(delivery.id);
    held--;
    consuming.more();
  };
  let held = 0;
  const consuming = await queue.consume("user-visible", () => 4 - held, (delivery) => {
    held++;
    void work(delivery);
  });
  const published: Promise<unknown>[] = [];
  for (let i = 0; i < 200; i++) {
    published.push(queue.publish(job(`${i}`)));
    if (i === 100) {
      await until(() => done.size > 20, "some are done");
      published.push(happens());
    }
  }
  await within(Promise.all(published), "all are published");
  await until(() => done.size === 200, "all are done");
  // The server answers an acknowledgement of what it does not remember to have delivered, and delivers that again.
  const isEmpty = async (): Promise<boolean> => Object.values(await queue.counts()).every((count) => count === 0);
  for (let tries = 0; tries < 500 && !await isEmpty(); tries++) await new Promise((resolve) => setTimeout(resolve, 20));
  await until(() => held === 0, "nothing is held");
  await consuming.close();
  return counts;
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  queueTest(
    `a server that ends by ${signal} and comes back loses no job, neither of those published meanwhile`,
    async (server, engine, queue) => {
      const counts = await through(queue, () => server.restart(signal));
      assertEquals(counts.size, 200);
      assert(Math.max(...counts.values()) <= settings.attempts);
      assertEquals(engine.state, { reconnects: 1, isConnected: true });
      assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    },
  );
}

queueTest(
  "a server that comes back without its store has the queues again within one reconnect",
  async (server, engine, queue) => {
    await queue.publish(job("gone"));
    const taker = await Taker.of(queue);
    const stale = await taker.at(0);
    await server.restart();
    const { sequence } = await queue.publish(job("new"));
    const fresh = await taker.at(1);
    assertEquals([fresh.id, fresh.attempt, fresh.sequence], ["new", 1, sequence]);
    assertEquals([stale.sequence, sequence], [1, 1]);
    // It has the same place in the queue as the job that has gone: what is said of that one is not said of this one.
    stale.term();
    await stale.ack();
    assertEquals(await queue.counts(), { queued: 0, delivered: 1 });
    await fresh.ack();
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    assertEquals(engine.state, { reconnects: 1, isConnected: true });
    await taker.close();
  },
  { storage: "memory" },
);

queueTest(
  "a job in the place of an exhausted one that has gone is not told as that one",
  async (server, engine, queue) => {
    const few = await engine.queue("few", { ...settings, attempts: 1 });
    await few.publish(job("dies"));
    const taker = await Taker.of(few);
    (await taker.at(0)).nak(0);
    await taker.close();
    await call(server, "STREAM.DELETE.MILLRACE_few");
    const { sequence } = await few.publish(job("new", { priority: "background" }));
    assertEquals(sequence, 1);
    const told: number[] = [];
    const end = await few.onExhausted((job) => void told.push(job.sequence));
    const again = await Taker.of(few);
    await few.publish(job("dies too"));
    (await again.at(0)).nak(0);
    await until(() => told.length > 1, "its own death is told, and told again");
    assertEquals(new Set(told), new Set([2]));
    end();
    await again.close();
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
  },
);

for (const what of ["STREAM.DELETE.MILLRACE_images", "CONSUMER.DELETE.MILLRACE_images.user-visible"]) {
  queueTest(`a queue goes on after somebody has called ${what}`, async (server, engine, queue) => {
    const taker = await Taker.of(queue);
    await (await queue.publish(job("one")), taker.at(0)).then((delivery) => delivery.ack());
    await call(server, what);
    await queue.publish(job("two"));
    assertEquals((await taker.at(1)).id, "two");
    await taker.got[1]!.ack();
    assertEquals(engine.state.reconnects, 0);
    await taker.close();
  });
}

queueTest("listeners and large bytes are there again after a restart", async (server, engine) => {
  let heard = 0;
  await engine.listen("pool.cancel", () => void heard++);
  await engine.objects.put("args", bytes);
  await server.restart();
  await until(() => engine.state.reconnects === 1, "the server is found again");
  engine.send("pool.cancel", bytes);
  await until(() => heard === 1, "it is heard");
  assertEquals(await engine.objects.get("args"), bytes);
});

queueTest("large bytes can be kept again after the store has gone", async (server, engine) => {
  await engine.objects.put("args", bytes);
  await server.restart();
  await engine.objects.put("more", bytes);
  assertEquals([await engine.objects.get("args"), await engine.objects.get("more")], [undefined, bytes]);
}, { storage: "memory" });

queueTest(
  "what is published while the server is away is refused after the deadline, with what was tried",
  async (server, engine, queue) => {
    await server.stop();
    const error = await assertRejects(() => queue.publish(job("one")));
    assertEquals((error as Error).name, "TimeoutError");
    assert((error as Error).message.includes("millrace.images.task.user-visible.resize"), (error as Error).message);
    assertEquals(engine.state.isConnected, false);
  },
  { deadline: 300 },
);

queueTest("an engine that is closed while the server is away ends at once", async (server, engine, queue) => {
  const taker = await Taker.of(queue);
  await server.stop();
  await until(() => !engine.state.isConnected, "the connection is lost");
  const publishing = queue.publish(job("one"));
  await within(engine.close(), "it is closed", 4000);
  const error = await assertRejects(() => publishing);
  assert((error as Error).message.includes("the connection to the engine is closed"), (error as Error).message);
  await taker.close();
});

/** Calls JetStream behind the back of the engine. */
async function call(server: NatsServer, name: string): Promise<void> {
  const { connect } = await import("@nats-io/transport-node");
  const connection = await connect({ servers: server.url });
  const { success, error } = (await connection.request(`$JS.API.${name}`)).json<
    { success?: boolean; error?: unknown }
  >();
  assertEquals([success, error], [true, undefined]);
  await connection.close();
}
