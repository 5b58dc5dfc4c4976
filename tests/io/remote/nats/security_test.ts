/** The settings of docs/remote/nats.conf: who may connect, and who may do what. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Engine } from "../../../../io/remote/engine/engine.ts";
import { natsEngine } from "../../../../io/remote/nats/nats_engine.ts";
import type { NatsEngineOptions } from "../../../../io/remote/nats/nats_options.ts";
import { certificate } from "../../../support/certificate.ts";
import { job, Taker } from "../../../support/engine_bench.ts";
import { type NatsServer, withNats } from "../../../support/nats.ts";
import { securedConfig } from "../../../support/nats_secured.ts";
import { until, within, withinTest } from "../../../support/within.ts";

const settings = { ackWait: 10_000, attempts: 1, limit: 100 };
const bytes = new Uint8Array([1, 2, 3]);

/** A test with a server of those settings; `connect` is for one of its users. */
function securityTest(
  title: string,
  body: (connect: (user: string, options?: NatsEngineOptions) => Promise<Engine>, server: NatsServer) => Promise<void>,
): void {
  test(title, () =>
    withinTest(withNats(async (server) => {
      const engines: Engine[] = [];
      try {
        await body(async (user, options = {}) => {
          const inboxPrefix = user === "admin" ? "_INBOX" : `_INBOX_${user}`;
          const tls = { ca: certificate.cert };
          const who = { servers: server.url, user, pass: `${user}-pw`, tls, inboxPrefix, deadline: 3000 };
          const engine = await natsEngine({ ...who, ...options });
          engines.push(engine);
          return engine;
        }, server);
      } finally {
        await Promise.all(engines.map((engine) => engine.close()));
      }
    }, securedConfig)));
}

const never = new AbortController().signal;

securityTest("a caller and a worker do all they have to with their own rights", async (connect) => {
  const admin = await connect("admin");
  await admin.queue("images", settings);
  await admin.objects.put("warm-up", bytes);
  const [caller, worker] = [await connect("caller"), await connect("worker")];
  const calls = await caller.queue("images", settings);
  const work = await worker.queue("images", settings);
  // A job, its answer, and that the caller is there.
  const answers: string[] = [];
  await caller.listen("millrace.images.inbox.c1", (message) => {
    answers.push(message.subject);
    message.reply(bytes);
  });
  await caller.objects.put("args", bytes);
  await calls.publish(job("one"));
  const taker = await Taker.of(work);
  const delivery = await taker.at(0);
  assertEquals(await worker.objects.get("args"), bytes);
  await worker.objects.remove("args");
  delivery.working();
  worker.send("millrace.images.inbox.c1", bytes);
  const { body } = await worker.request("millrace.images.inbox.c1", bytes, { signal: never, timeout: 5000 });
  assertEquals([body, answers.length], [bytes, 2]);
  await delivery.ack();
  // A call that is made once.
  await worker.listen("millrace.images.call", (message) => message.reply(bytes), "workers");
  assertEquals((await caller.request("millrace.images.call", bytes, { signal: never, timeout: 5000 })).body, bytes);
  // One that is taken back, and one that dies.
  let isTold = false;
  await work.onExhausted(async ({ sequence }) => {
    const dead = await work.look(sequence);
    await work.dead.add(dead!);
    await work.remove(sequence);
    isTold = true;
  });
  const { sequence } = await calls.publish(job("back", { priority: "background" }));
  assertEquals(await calls.remove(sequence), true);
  await calls.publish(job("dies"));
  (await taker.at(1)).nak(0);
  await until(() => isTold, "the death of a job is told");
  assertEquals(await calls.counts(), { queued: 0, delivered: 0 });
  const dead = await (await admin.queue("images", settings)).dead.list(10);
  assertEquals(dead.map(({ id }) => id), ["dies"]);
});

securityTest("a worker publishes no jobs, and neither a worker nor a caller makes streams", async (connect) => {
  const [caller, worker] = [await connect("caller"), await connect("worker")];
  const denied = async (work: () => Promise<unknown>): Promise<void> => {
    const error = await assertRejects(() => within(work(), "it is refused", 2500)) as Error;
    assert(/permissions? violation/i.test(error.message), `${error}`);
  };
  await denied(() => worker.queue("images", settings));
  await denied(() => caller.queue("images", settings));
  await denied(() => caller.queue("other", settings));
  const admin = await connect("admin");
  await admin.queue("images", settings);
  const work = await worker.queue("images", settings);
  await denied(() => work.publish(job("one")));
  const calls = await caller.queue("images", settings);
  await denied(() => calls.dead.list(1));
  await denied(() => caller.listen("millrace.images.task.>", () => {}));
  await denied(() => caller.listen("millrace.>", () => {}));
  await denied(() => worker.listen("millrace.images.inbox.c1", () => {}));
  await denied(() => worker.request("millrace.images.call", bytes, { signal: never, timeout: 60_000 }));
  assertEquals(await work.counts(), { queued: 0, delivered: 0 });
});

securityTest("a wrong password is refused, and so is nobody at all", async (connect) => {
  for (const who of [{ pass: "guessed" }, { user: "root" }, { user: "", pass: "" }]) {
    const error = await assertRejects(() => within(connect("caller", who), "it is refused")) as Error;
    assert(/authorization/i.test(`${error.name} ${error.message}`), `${error}`);
  }
});

securityTest("a server whose certificate is signed by nobody known is refused", async (connect) => {
  await assertRejects(() => within(connect("caller", { tls: {} }), "it is refused"));
});

test("a server without TLS is refused where TLS is asked for", () =>
  withinTest(withNats(async (server) => {
    const asking = natsEngine({
      servers: server.url,
      tls: { ca: certificate.cert },
      pass: "secret",
      user: "caller",
    });
    await assertRejects(() => within(asking, "it is refused"));
  })));
