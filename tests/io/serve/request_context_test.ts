/** Tasks and deferred functions of a request's group. */

import { test } from "node:test";
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { checkpoint, currentSignal, currentTask, sleep, type Task } from "../../../mod.ts";
import { ask } from "../../support/http.ts";
import { withServer } from "./with_server.ts";
import { errors } from "../../support/errors.ts";
import { until } from "../../support/within.ts";
import { latch } from "../../support/latch.ts";

test("a task of a request that fails cancels the handler: 500 at once, reported once", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  const go = latch();
  await withServer(
    async (_request, context) => {
      context.group.spawn(() => Promise.reject(bug));
      await go.promise;
      return new Response("too late");
    },
    { onError },
    async (server) => {
      const response = await fetch(server.url);
      assertEquals(response.status, 500);
      await response.text();
      assertEquals(seen, []);
      go.open();
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(seen, [bug]);
    },
  );
});

test("a task that fails after the answer was given fails a body that is not whole, and is reported", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  const go = latch();
  const cancelled = latch();
  await withServer(
    (_request, context) => {
      context.group.spawn(async () => {
        await go.promise;
        throw bug;
      });
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("begin")),
          cancel: () => cancelled.open(),
        }),
      );
    },
    { onError },
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/begin/);
      go.open();
      await cancelled.promise;
      await client.closed;
      assert(!client.received.includes("\r\n0\r\n\r\n"), "the body looks whole");
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(seen, [bug]);
    },
  );
});

test("context.spawn and context.defer are the group's; deferred functions run after the tasks", async () => {
  const log: string[] = [];
  await withServer(
    (_request, context) => {
      context.defer(({ status }) => void log.push(`deferred ${status}`));
      context.spawn(async () => {
        await sleep(5);
        log.push("task");
      });
      return new Response("hello");
    },
    {},
    async (server) => {
      assertEquals(await (await fetch(server.url)).text(), "hello");
      await until(() => server.statistics().completed === 1, "the request has ended");
      assertEquals(log, ["task", "deferred fulfilled"]);
    },
  );
});

test("the current task of a handler is the request's, with a name, a signal and an end of its own", async () => {
  const seen: string[] = [];
  let task: Task<unknown>;
  const handler = async (request: Request): Promise<Response> => {
    task = currentTask()!;
    seen.push(task.name.replace(/#\d+$/, ""), task.state);
    await checkpoint();
    assertStrictEquals(currentTask(), task);
    assertStrictEquals(currentSignal(), task.signal);
    seen.push(await task.then(() => "ended", (error: Error) => error.name));
    if (request.url.endsWith("/fails")) throw new RangeError("handler");
    return new Response("answer");
  };
  await withServer(handler, { port: 0, onError: () => {} }, async (server) => {
    for (const path of ["/one", "/fails"]) {
      await (await fetch(new URL(path, server.url))).text();
      seen.push(await task.result.then(() => "fulfilled", (error: Error) => error.message), task.state);
    }
  });
  assertEquals(seen, [
    ...["GET /one", "running", "StructureError", "fulfilled", "fulfilled"],
    ...["GET /fails", "running", "StructureError", "handler", "rejected"],
  ]);
});

test("cancelling the current task of a handler ends its request and no other", async () => {
  const handler = async (request: Request): Promise<Response> => {
    if (request.url.endsWith("/cancelled")) {
      currentTask()!.cancel("enough");
      await checkpoint();
    }
    return new Response("answer");
  };
  await withServer(handler, { port: 0 }, async (server) => {
    const paths = ["/cancelled", "/other"];
    const [cancelled, other] = await Promise.all(paths.map((path) => fetch(new URL(path, server.url))));
    assertEquals([cancelled!.status, other!.status], [503, 200]);
    await Promise.all([cancelled!.text(), other!.text()]);
  });
});
