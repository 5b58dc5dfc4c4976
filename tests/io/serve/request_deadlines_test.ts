/** What happens at the deadline of a request. */

import { test } from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { Cancelled, effectiveDeadline, sleep, withTimeout } from "../../../mod.ts";
import { ask } from "../../support/http.ts";
import { withServer } from "./with_server.ts";
import { errors } from "../../support/errors.ts";
import { until } from "../../support/within.ts";
import { latch } from "../../support/latch.ts";

test("at the deadline the client gets 504 even if the handler ignores it; the slot stays taken until that ends", async () => {
  const go = latch();
  const cancelled = latch<unknown>();
  const late = latch();
  const { onError, seen } = errors();
  await withServer(
    async (_request, { signal }) => {
      signal.addEventListener("abort", () => cancelled.open(signal.reason));
      await go.promise;
      return new Response(new ReadableStream({ cancel: () => late.open() }));
    },
    { timeout: 30, maxConcurrent: 1, onError },
    async (server) => {
      const response = await fetch(server.url);
      assertEquals(response.status, 504);
      await response.text();
      const reason = await cancelled.promise;
      assertInstanceOf(reason, Cancelled);
      assertEquals(reason.source, "deadline");
      assertEquals(server.statistics().active, 1);
      const refused = await fetch(server.url);
      assertEquals(refused.status, 503);
      await refused.text();
      go.open();
      await late.promise;
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(server.statistics().timedOut, 1);
      assertEquals(seen, []);
    },
  );
});

test("an error thrown after the deadline is reported, once; the client has its 504", async () => {
  const { onError, seen } = errors();
  const go = latch();
  const bug = new Error("late");
  await withServer(
    async () => {
      await go.promise;
      throw bug;
    },
    { timeout: 20, onError },
    async (server) => {
      const response = await fetch(server.url);
      assertEquals([response.status, (await response.text()).includes("late")], [504, false]);
      go.open();
      await until(() => server.statistics().active === 0, "the handler has ended");
      assertEquals(seen, [bug]);
    },
  );
});

test("a handler's effective deadline is the request's, and that of a tighter scope inside", async () => {
  const handler = async () => {
    const left = effectiveDeadline() - performance.now();
    const tighter = await withTimeout(1000, () => effectiveDeadline() - performance.now());
    return Response.json([left > 1000 && left <= 60_000, tighter <= 1000]);
  };
  await withServer(handler, { timeout: 60_000 }, async (server) => {
    assertEquals(await (await fetch(server.url)).json(), [true, true]);
  });
});

test("at the deadline a checkpoint throws, and reading the request's body fails", async () => {
  const { onError, seen } = errors();
  const read = latch<unknown>();
  await withServer(
    async (request) => {
      if (request.method === "GET") await sleep(1e6);
      await request.text().catch((error: unknown) => {
        read.open(error);
        throw error;
      });
      return new Response("never");
    },
    { timeout: 30, onError },
    async (server) => {
      const sleeping = await fetch(server.url);
      assertEquals(sleeping.status, 504);
      await sleeping.text();
      const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100\n\nbegin");
      await client.waitFor(/HTTP\/1.1 504/);
      assertInstanceOf(await read.promise, Cancelled);
      await until(() => server.statistics().active === 0, "the handler has ended");
      client.leave();
      assertEquals(seen, []);
    },
  );
});

test("the deadline counts the wait for a slot; a request that never got one has no handler", async () => {
  const go = latch();
  let ran = 0;
  await withServer(
    async () => {
      ran++;
      await go.promise;
      return new Response("done");
    },
    { timeout: 60, maxConcurrent: 1, queueLimit: 1 },
    async (server) => {
      const answers = await Promise.all([fetch(server.url), fetch(server.url)]);
      assertEquals(answers.map(({ status }) => status), [504, 504]);
      await Promise.all(answers.map((answer) => answer.text()));
      go.open();
      await until(() => server.statistics().completed === 2, "both have ended");
      assertEquals(ran, 1);
    },
  );
});
