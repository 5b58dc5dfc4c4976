/** What is particular to NATS: rooms that are shared, connections that are handed in, packages that are absent. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import process from "node:process";
import { connect, headers } from "@nats-io/transport-node";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Delivery, type JobQueue, priorities } from "../../../../io/remote/engine/engine.ts";
import { natsEngine } from "../../../../io/remote/nats/nats_engine.ts";
import { start } from "../../../support/child.ts";
import { job, Taker } from "../../../support/engine_bench.ts";
import { withFolder } from "../../../support/folder.ts";
import { withNats } from "../../../support/nats.ts";
import { until, within, withinTest } from "../../../support/within.ts";

const settings = { ackWait: 1000, attempts: 3, limit: 100 };

/** Takes jobs of all priorities with one slot; a job is said to go on while it is held. */
async function takeWithOneSlot(
  queue: JobQueue,
  work: (delivery: Delivery) => Promise<void>,
): Promise<() => Promise<void>> {
  let isFree = true;
  const take = async (delivery: Delivery): Promise<void> => {
    assert(isFree, "a job was delivered although there was no room");
    isFree = false;
    const beats = setInterval(() => delivery.working(), settings.ackWait / 3);
    await work(delivery);
    clearInterval(beats);
    isFree = true;
    for (const { more } of consuming) more();
  };
  const room = () => Number(isFree);
  const consuming = await Promise.all(
    priorities.map((priority) => queue.consume(priority, room, (delivery) => void take(delivery))),
  );
  return async () => void await Promise.all(consuming.map(({ close }) => close()));
}

test("jobs that wait for one slot longer than nothing may be heard of them are delivered once", () =>
  withinTest(withNats(async (server) => {
    const engine = await natsEngine({ servers: server.url });
    const queue = await engine.queue("images", settings);
    const ran: string[] = [];
    for (const priority of priorities) {
      for (let i = 0; i < 3; i++) await queue.publish(job(`${priority} ${i}`, { priority }));
    }
    const close = await takeWithOneSlot(queue, async (delivery) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await delivery.ack();
      ran.push(`${delivery.id} ${delivery.attempt}`);
    });
    await until(() => ran.length === 9, "all have run");
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    assertEquals(ran.sort(), priorities.flatMap((priority) => [0, 1, 2].map((i) => `${priority} ${i} 1`)).sort());
    await close();
    await engine.close();
  })));

test("what a worker holds without having begun it goes to another one as soon as it closes", () =>
  withinTest(withNats(async (server) => {
    const engine = await natsEngine({ servers: server.url });
    const queue = await engine.queue("images", { ...settings, ackWait: 120_000 });
    const { promise: ended, resolve: end } = deferred();
    let first: string | undefined;
    const close = await takeWithOneSlot(queue, async (delivery) => {
      first = delivery.id;
      await ended;
    });
    await queue.publish(job("urgent", { priority: "user-blocking" }));
    await until(() => first === "urgent", "the first one is delivered");
    await queue.publish(job("held", { priority: "background" }));
    const other = await natsEngine({ servers: server.url });
    try {
      // It is held, if the request for it was there still; otherwise nobody has asked for it yet.
      for (let tries = 0; tries < 50 && (await queue.counts()).delivered < 2; tries++);
      const taker = await Taker.of(await other.queue("images", settings), 10, "background");
      await close();
      const delivery = await taker.at(0);
      assertEquals(delivery.id, "held");
      assert(delivery.attempt <= 2, `it was delivered ${delivery.attempt} times`);
      await delivery.ack();
    } finally {
      end();
      await Promise.all([engine.close(), other.close()]);
    }
  })));

test("those who ask for the queues of a pool at the same moment all get them", () =>
  withinTest(withNats(async (server) => {
    const engines = await Promise.all(Array.from({ length: 6 }, () => natsEngine({ servers: server.url })));
    try {
      for (let pool = 0; pool < 25; pool++) {
        const queues = await Promise.all(engines.map((engine) => engine.queue(`pool-${pool}`, settings)));
        assertEquals(queues.map(({ settings }) => settings), engines.map(() => settings));
      }
    } finally {
      await Promise.all(engines.map((engine) => engine.close()));
    }
  })));

test("a job of a worker that is killed goes to another one, once nothing has been heard of it for so long", () =>
  withinTest(withNats(async (server) => {
    const engine = await natsEngine({ servers: server.url });
    const queue = await engine.queue("images", settings);
    const child = start(new URL("./programs/holder.ts", import.meta.url), [server.url]);
    await child.waitFor(/ready/);
    await queue.publish(job("one"));
    await within(child.waitFor(/one 1/), "the worker has it");
    const taker = await Taker.of(queue);
    const from = performance.now();
    process.kill(child.process.pid!, "SIGKILL");
    const delivery = await taker.at(0);
    const took = performance.now() - from;
    assertEquals([delivery.id, delivery.attempt], ["one", 2]);
    assert(took > 500 && took < 10_000, `it came after ${took} ms`);
    await delivery.ack();
    await taker.close();
    await child.ended;
    await engine.close();
  })));

test("messages of somebody else in the queues are delivered as what they are, or passed over, and nothing ends", () =>
  withinTest(withNats(async (server) => {
    const engine = await natsEngine({ servers: server.url });
    const queue = await engine.queue("images", settings);
    const taker = await Taker.of(queue);
    const told: number[] = [];
    const end = await queue.onExhausted(({ sequence }) => void told.push(sequence));
    const stranger = await connect({ servers: server.url });
    const hostile = headers();
    hostile.set("Nats-Msg-Id", "%ff%");
    hostile.set("__proto__", "polluted");
    hostile.set("A", "%zz");
    const task = "millrace.images.task.user-visible";
    stranger.publish(`${task}.constructor`, "", { headers: hostile });
    stranger.publish(`${task}.a.b.c`, new Uint8Array([0, 255, 0]));
    stranger.publish("millrace.images.dead.nobody", "x");
    for (const text of ["", "null", "[1]", '{"stream_seq":"1"}', '{"stream_seq":1e400}', "{".repeat(10_000)]) {
      stranger.publish("$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.MILLRACE_images.x", text);
    }
    await stranger.flush();
    await taker.at(1);
    const [first, second] = taker.got;
    assertEquals([first!.id, first!.name, first!.headers["A"]], ["%ff%", "constructor", "%zz"]);
    assertEquals(Object.keys(first!.headers).sort(), ["A", "__proto__"]);
    assertEquals([second!.id, second!.name, second!.body], ["", "a", new Uint8Array([0, 255, 0])]);
    assertEquals(await queue.look(first!.sequence) !== undefined, true);
    for (const delivery of taker.got) delivery.term();
    await queue.publish(job("ours"));
    assertEquals((await taker.at(2)).id, "ours");
    await taker.got[2]!.ack();
    await queue.dead.add(job("dead"));
    assertEquals([(await queue.dead.list(10)).map(({ id }) => id), told], [["dead"], []]);
    end();
    await taker.close();
    await Promise.all([engine.close(), stranger.close()]);
  })));

test("a connection that is handed in is used, stays open, and keeps no listener of a closed engine", () =>
  withinTest(withNats(async (server) => {
    const connection = await connect({ servers: server.url });
    const engine = await natsEngine({ connection });
    const queue = await engine.queue("images", settings);
    const taker = await Taker.of(queue);
    await engine.listen("pool.cancel", () => {});
    await queue.onExhausted(() => {});
    await queue.publish(job("one"));
    await (await taker.at(0)).ack();
    await engine.close();
    assertEquals(connection.isClosed(), false);
    await connection.flush();
    const { connections } = await server.monitor("connz?subs=1") as {
      connections: { subscriptions_list?: string[] }[];
    };
    assertEquals(connections.flatMap(({ subscriptions_list = [] }) => subscriptions_list), []);
    await connection.close();
  })));

test("a request that is given up leaves nothing at the server", () =>
  withinTest(withNats(async (server) => {
    const engine = await natsEngine({ servers: server.url });
    await engine.listen("pool.ask", () => {});
    const count = async () => {
      await engine.flush();
      const { connections } = await server.monitor("connz?subs=1") as { connections: { subscriptions: number }[] };
      return connections[0]!.subscriptions;
    };
    const before = await count();
    for (let i = 0; i < 20; i++) {
      const controller = new AbortController();
      const asked = engine.request("pool.ask", new Uint8Array(), { signal: controller.signal, timeout: 60_000 });
      controller.abort();
      await assertRejects(() => asked);
    }
    assertEquals(await count(), before);
    await engine.close();
  })));

test("a server without JetStream is refused with what could not be asked", () =>
  withinTest(withNats(async (server) => {
    const engine = await natsEngine({ servers: server.url, deadline: 300 });
    const error = await assertRejects(() => engine.queue("images", settings)) as Error;
    assert(error.message.includes("$JS.API.STREAM.INFO.MILLRACE_images"), error.message);
    assertEquals((error.cause as Error).name, "NoResponderError");
    await engine.close();
  }, (folder) => {
    const file = join(folder, "nats.conf");
    writeFileSync(file, "max_connections: 100\n");
    return { file, env: {} };
  })));

test("no server at all is refused when the engine is made", () =>
  withFolder(async () => {
    await assertRejects(() =>
      within(natsEngine({ servers: "nats://127.0.0.1:1", connectTimeout: 2000 }), "it is refused")
    );
  }));

test("without nats-server these tests fail with the command that installs it", async () => {
  const before = process.env["MILLRACE_NATS_SERVER"];
  process.env["MILLRACE_NATS_SERVER"] = "/nowhere/nats-server";
  try {
    const command = "apt-get install -y --no-install-recommends nats-server";
    await assertRejects(() => withNats(() => Promise.resolve()), Error, command);
  } finally {
    if (before === undefined) delete process.env["MILLRACE_NATS_SERVER"];
    else process.env["MILLRACE_NATS_SERVER"] = before;
  }
});

test("options that it does not know, or of a wrong kind, are refused", async () => {
  await assertRejects(() => natsEngine({ server: "nats://127.0.0.1:1" } as never), TypeError, "server");
  await assertRejects(() => natsEngine({ storage: "disk" as never }), TypeError, "disk");
  await assertRejects(() => natsEngine({ deadline: -1 }), RangeError);
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => resolve = done);
  return { promise, resolve };
}
