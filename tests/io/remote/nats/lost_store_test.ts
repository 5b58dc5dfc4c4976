/** Queues that are lost with everything in them: no call waits for ever, and each is told what happened. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect } from "@nats-io/transport-node";
import { WorkerExitError } from "../../../../mod.ts";
import type { NatsServer } from "../../../support/nats.ts";
import { until, within } from "../../../support/within.ts";
import { type OverNats, overNats } from "./over_nats.ts";

/** How the queues are lost. */
const losses: [string, "file" | "memory", (nats: NatsServer) => Promise<void>][] = [
  ["a server that keeps them in memory ends, and comes back", "memory", (nats) => nats.restart("SIGKILL")],
  ["an admin deletes the stream", "file", async (nats) => {
    const connection = await connect({ servers: nats.url });
    await connection.request("$JS.API.STREAM.DELETE.MILLRACE_default");
    await connection.close();
  }],
];

for (const [what, storage, lose] of losses) {
  test(`when ${what}: calls that run are answered, queued ones are told, and later ones are done`, () =>
    overNats(async ({ pool, serve, nats }: OverNats) => {
      const [calls, server] = [pool(), await serve()];
      // One that is done, so that places in the new queue are others than in the old one.
      assertEquals(await calls.run("add", [1, 2]), 3);
      const running = calls.run("after", [2500]);
      await until(() => server.statistics().running === 1, "one runs");
      const queued = ["one", "two"].map((key) => calls.run("add", [1, 2], { idempotencyKey: key }));
      const ends = queued.map((call) => assertRejects(() => call, WorkerExitError, "its queue was lost"));
      await until(async () => (await nats.streams()).get("MILLRACE_default")!.messages === 3, "the others are queued");
      await lose(nats);
      // Their places in the new queue are those of the lost ones.
      const later = [1, 2, 3, 4].map((index) => calls.run("add", [index, index]));
      await Promise.all(ends);
      assertEquals(await running, 2500);
      assertEquals(await Promise.all(later), [2, 4, 6, 8]);
      assertEquals(calls.statistics().pending, 0);
      assertEquals(server.statistics().completed, 6);
      await until(async () => (await nats.streams()).get("MILLRACE_default")!.messages === 0, "nothing is left");
    }, { storage, ackWait: 900 }));

  test(`when ${what}: a call that is cancelled then takes no other one out`, () =>
    overNats(async ({ pool, serve, nats }: OverNats) => {
      const calls = pool();
      const controller = new AbortController();
      const lost = calls.run("add", [1, 2], { signal: controller.signal }).catch((error) => error);
      await until(async () => (await nats.streams()).get("MILLRACE_default")?.messages === 1, "it is queued");
      await lose(nats);
      const other = pool().run("add", [3, 4]);
      await until(async () => (await nats.streams()).get("MILLRACE_default")?.messages === 1, "another one is queued");
      controller.abort(new RangeError("enough"));
      assert(await lost instanceof Error);
      await calls.close();
      await serve();
      assertEquals(await other, 7);
    }, { storage }));
}

test("a call that is published while the server is away is done when it is back", () =>
  overNats(async ({ pool, serve, nats }) => {
    const [calls, server] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2]), 3);
    await nats.stop();
    await until(() => !calls.statistics().isConnected, "the connection is lost");
    const call = calls.run("add", [3, 4]);
    const once = pool({ delivery: "at-most-once" });
    await nats.start();
    assertEquals(await call, 7);
    assertEquals(await once.run("add", [5, 6]), 11);
    assertEquals([calls.statistics().reconnects, server.statistics().reconnects], [1, 1]);
  }));

test("who serves can be drained while the server is away for good", () =>
  overNats(async ({ pool, serve, nats }) => {
    const [calls, server] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2]), 3);
    await nats.stop();
    await until(() => !server.statistics().isConnected, "the connection is lost");
    await within(server.drain(), "it is drained");
  }));

test("who serves and who calls can end while the server stands still", () =>
  overNats(async ({ pool, serve, nats }) => {
    const [calls, server] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2]), 3);
    nats.freeze();
    await within(Promise.all([server.drain(), calls.close()]), "both have ended");
  }));

test("calls of a pool whose server never comes back end with their timeout, and the pool can be closed", () =>
  overNats(async ({ pool, nats, serve }) => {
    const [calls] = [pool(), await serve()];
    assertEquals(await calls.run("add", [1, 2]), 3);
    await nats.stop();
    await until(() => !calls.statistics().isConnected, "the connection is lost");
    const call = assertRejects(() => calls.run("add", [3, 4], { timeout: 100 }), Error, "add");
    const other = assertRejects(() => calls.run("add", [3, 4]), Error);
    await call;
    await calls.close({ timeout: 0 });
    await other;
  }));
