/** How a server ends: by a drain, by a cancellation, by its disposal. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { serve, type Server } from "../../../io/mod.ts";
import { type Cancelled, CancelScope, group, sleep, tasks } from "../../../mod.ts";
import { errors } from "../../support/errors.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

test("a drain refuses new connections, closes idle ones promptly, and gives the same promise when asked again", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    const idle = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
    await idle.waitFor(/hello/);
    // Bun closes a connection that has never sent anything in no way, but such a one does not hold the drain.
    const silent = hostOfThis() === "bun" ? undefined : await ask(server, "");
    const port = server.port;
    assert(server.ready, "not ready");
    const draining = server.drain({ grace: 20_000 });
    assert(!server.ready, "still ready");
    assertStrictEquals(server.drain(), draining);
    const began = performance.now();
    assertEquals(await draining, { finished: 0, cancelled: 0, forced: 0 });
    await Promise.all([idle.closed, silent?.closed]);
    assert(performance.now() - began < 5000, "idle connections held the drain");
    assertEquals(await server.finished, await draining);
    await assertRejects(() => fetch(`http://127.0.0.1:${port}/`));
    assertThrows(() => server.drain({ grace: -1 }), RangeError);
  });
});

test("a drain lets what runs and what waits finish, and closes their connections", async () => {
  const go = latch();
  await withServer(
    async (request) => {
      await go.promise;
      return new Response(new URL(request.url).pathname);
    },
    { maxConcurrent: 1, queueLimit: 1 },
    async (server) => {
      const first = await ask(server, "GET /1 HTTP/1.1\nhost: a\n\n");
      await until(() => server.statistics().active === 1, "the first runs");
      const second = await ask(server, "GET /2 HTTP/1.1\nhost: a\n\n");
      await until(() => server.statistics().queued === 1, "the second waits");
      const draining = server.drain({ grace: 20_000 });
      const began = performance.now();
      go.open();
      await first.waitFor(/\/1$/);
      await second.waitFor(/\/2$/);
      await Promise.all([first.closed, second.closed]);
      assertEquals(await draining, { finished: 2, cancelled: 0, forced: 0 });
      assert(performance.now() - began < 5000, "answered connections held the drain");
    },
  );
});

test("a request on an open connection during a drain is 503", async () => {
  const go = latch();
  await withServer(
    async () => {
      await go.promise;
      return new Response("done");
    },
    {},
    async (server) => {
      const client = await ask(server, "GET /1 HTTP/1.1\nhost: a\n\n");
      await until(() => server.statistics().active === 1, "the request runs");
      const draining = server.drain();
      // Pipelined behind the one that runs; a host may also close the connection after that one.
      client.send("GET /2 HTTP/1.1\nhost: a\n\n");
      go.open();
      await client.closed;
      assert(/^HTTP\/1.1 200/.test(client.received), client.received);
      assert(!/done[^]*done/.test(client.received), "the second was served");
      assertEquals((await draining).finished, 1);
    },
  );
});

test("while the delay of a drain lasts, requests are served but the server is not ready", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    const draining = server.drain({ delay: 300 });
    assert(!server.ready, "ready");
    assertEquals(await (await fetch(server.url)).text(), "hello");
    assertEquals(await draining, { finished: 0, cancelled: 0, forced: 0 });
  });
});

test("at grace requests are cancelled with source shutdown and answered 503", async () => {
  const seen: unknown[] = [];
  await withServer(
    async (request) => {
      if (new URL(request.url).pathname === "/quick") return new Response("quick");
      await sleep(1e6).catch((error) => {
        seen.push((error as Cancelled).source);
        throw error;
      });
      return new Response("never");
    },
    { maxConcurrent: 2, queueLimit: 1 },
    async (server) => {
      const answers = ["/1", "/2"].map((path) => fetch(new URL(path, server.url)));
      await until(() => server.statistics().active === 2, "two run");
      const queued = fetch(new URL("/3", server.url));
      await until(() => server.statistics().queued === 1, "one waits");
      const summary = await server.drain({ grace: 30, force: 20_000 });
      assertEquals(summary, { finished: 0, cancelled: 3, forced: 0 });
      for (const answer of await Promise.all([...answers, queued])) {
        assertEquals(answer.status, 503);
        await answer.text();
      }
      assertEquals(seen, ["shutdown", "shutdown"]);
    },
  );
});

test("at force what ignores its cancellation is cut and the drain ends; each counts once by its worst fate", async () => {
  const go = latch();
  await withServer(
    async (request) => {
      const path = new URL(request.url).pathname;
      if (path === "/obeys") await sleep(1e6);
      if (path === "/ignores") await go.promise;
      return new Response("done");
    },
    {},
    async (server) => {
      const obeys = fetch(new URL("/obeys", server.url));
      const ignores = fetch(new URL("/ignores", server.url));
      await until(() => server.statistics().active === 2, "both run");
      assertEquals(await server.drain({ grace: 20, force: 60 }), { finished: 0, cancelled: 1, forced: 1 });
      for (const answer of await Promise.all([obeys, ignores])) {
        assertEquals(answer.status, 503);
        await answer.text();
      }
      assertEquals(server.statistics().active, 1);
      assertEquals(tasks().map(({ name, state }) => [name, state]), [["GET /ignores", "abandoned"]]);
      go.open();
      await until(() => server.statistics().active === 0, "the handler has ended");
      assertEquals(tasks(), []);
    },
  );
});

test("a request that is cut at force does not hold the group of its server, and is listed until it ends", async () => {
  const go = latch();
  const log: string[] = [];
  await group(async (g) => {
    const server = await serve(async (_request, context) => {
      context.spawn(() => go.promise, { name: "child" });
      await go.promise;
      log.push("handler");
      return new Response("too late");
    }, { drain: { grace: 10, force: 20 } });
    void fetch(server.url).then((it) => it.text(), () => {});
    await until(() => server.statistics().active === 1, "the request runs");
    g.cancel();
  });
  log.push("group");
  const [live] = tasks();
  assertEquals([live?.name, live?.state, live?.children.length], ["GET /", "abandoned", 1]);
  go.open();
  await until(() => tasks().length === 0, "the request has ended");
  assertEquals(log, ["group", "handler"]);
});

test("at grace an endless body is failed, and its source cancelled", async () => {
  const cancelled = latch();
  await withServer(
    () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(new TextEncoder().encode("more\n"));
          },
          cancel: () => cancelled.open(),
        }),
      ),
    {},
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/more/);
      assertEquals(await server.drain({ grace: 30, force: 20_000 }), { finished: 0, cancelled: 1, forced: 0 });
      await cancelled.promise;
      await client.closed;
      assert(!client.received.endsWith("\r\n0\r\n\r\n"), "the body looks whole");
    },
  );
});

test("at grace a body that a task of the request makes may be ended by it", async () => {
  await withServer(
    (_request, context) => {
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      const encoder = new TextEncoder();
      context.group.spawn(async () => {
        try {
          await writer.write(encoder.encode("begin\n"));
          await sleep(1e6);
        } finally {
          await writer.write(encoder.encode("bye\n"));
          await writer.close();
        }
      });
      return new Response(readable);
    },
    {},
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/begin/);
      assertEquals(await server.drain({ grace: 20, force: 20_000 }), { finished: 0, cancelled: 1, forced: 0 });
      await client.closed;
      assert(/bye\n\r\n0\r\n\r\n$/.test(client.received), client.received);
    },
  );
});

test("at force a body that a task goes on to make, whatever its cancellation says, is cut, and its source cancelled", async () => {
  const go = latch();
  let cancelled = false;
  const server = await serve((_request, context) => {
    context.spawn(() => go.promise);
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new TextEncoder().encode("begun\n")),
        cancel() {
          cancelled = true;
        },
      }),
    );
  });
  const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
  await client.waitFor(/begun/);
  assertEquals(await server.drain({ grace: 20, force: 60 }), { finished: 0, cancelled: 0, forced: 1 });
  try {
    await until(() => client.isClosed && cancelled, "the connection is closed, and nobody makes the body any more");
  } finally {
    client.leave();
    go.open();
  }
  assert(!client.received.endsWith("\r\n0\r\n\r\n"), "the body looks whole");
});

test("a handler that waits for a body that never comes does not hold the drain past force", async () => {
  const { onError, seen } = errors();
  await withServer(async (request) => new Response(await request.text()), { onError }, async (server) => {
    const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100\n\nbegin");
    await until(() => server.statistics().active === 1, "the request runs");
    const { finished } = await server.drain({ grace: 20, force: 100 });
    assertEquals(finished, 0);
    await client.waitFor(/^HTTP\/1.1 503/);
    assertEquals(seen, []);
    // Deno goes on to wait for the rest of the body.
    client.leave();
  });
});

test("a request's body that comes during a drain is read to its end", async () => {
  await withServer(async (request) => new Response(await request.text()), {}, async (server) => {
    const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 10\n\nbegin");
    await until(() => server.statistics().active === 1, "the request runs");
    const draining = server.drain({ grace: 20_000 });
    await sleep(20);
    client.send("12345");
    await client.waitFor(/begin12345/);
    assertEquals(await draining, { finished: 1, cancelled: 0, forced: 0 });
  });
});

test("cancelling the group of a server drains it without delay, its handlers shielded until grace", async () => {
  const go = latch();
  let answer: Promise<string> | undefined;
  let server!: Server;
  const log: string[] = [];
  await group(async (g) => {
    server = await serve(async () => {
      await go.promise;
      await sleep(1);
      log.push("handled");
      return new Response("done");
    }, { drain: { delay: 1e6, grace: 20_000 } });
    answer = fetch(server.url).then((it) => it.text());
    await until(() => server.statistics().active === 1, "the request runs");
    g.cancel();
    go.open();
  });
  log.push("group");
  assertEquals(await answer, "done");
  assertEquals(log, ["handled", "group"]);
  assertEquals(await server.finished, { finished: 1, cancelled: 0, forced: 0 });
});

test("a cancellation ends the delay of a drain that is under way", async () => {
  await group(async (g) => {
    const server = await serve(() => new Response("hello"));
    void server.drain({ delay: 1e6 });
    await sleep(1);
    g.cancel();
  });
});

test("a scope around the call drains the server when it is cancelled; one that has ended does not", async () => {
  for (const outer of [false, true]) {
    const run = async () => {
      const scope = new CancelScope();
      await scope.run(async () => {
        const server = await serve(() => new Response("hello"));
        scope.cancel();
        await server.finished;
      });
      const ended = new CancelScope();
      const server = await ended.run(() => serve(() => new Response("hello")));
      ended.cancel();
      assertEquals(await (await fetch(server!.url)).text(), "hello");
      await server!.drain();
    };
    await (outer ? group(run) : run());
  }
});

test("disposal drains", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    await server[Symbol.asyncDispose]();
    assertEquals(await server.finished, { finished: 0, cancelled: 0, forced: 0 });
  });
});
