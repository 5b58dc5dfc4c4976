import { mkdtempSync, rmSync } from "node:fs";
import https from "node:https";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { Cancelled, CancelScope, configure, effectiveDeadline, group, sleep, tasks, withTimeout } from "../../mod.ts";
import { BodyLimitError, type RequestRecord, serve, type Server } from "../../io/mod.ts";
import { certificate } from "../support/certificate.ts";
import { hostOfThis } from "../support/hosts.ts";
import { ask, deferred, RawClient, until } from "../support/http.ts";
import { withServer } from "./serve/with_server.ts";

/** `onError` that collects. */
function errors(): { onError: (error: unknown) => void; seen: unknown[] } {
  const seen: unknown[] = [];
  return { seen, onError: (error) => void seen.push(error) };
}

test("a request is answered by its handler, which gets the request whole", async () => {
  await withServer(
    async (request) => {
      const url = new URL(request.url);
      return Response.json({
        method: request.method,
        path: url.pathname,
        query: url.search,
        header: request.headers.get("x-test"),
        body: await request.text(),
      }, { status: 201, headers: { "x-answer": "yes" } });
    },
    {},
    async (server) => {
      const response = await fetch(new URL("/a/b?c=d", server.url), {
        method: "PUT",
        body: "hällo",
        headers: { "x-test": "1" },
      });
      assertEquals(response.status, 201);
      assertEquals(response.headers.get("x-answer"), "yes");
      assertEquals(await response.json(), { method: "PUT", path: "/a/b", query: "?c=d", header: "1", body: "hällo" });
      assertEquals(server.url.href, `http://127.0.0.1:${server.port}/`);
    },
  );
});

test("a text is sent with its length and type, nothing as nothing, a stream in chunks", async () => {
  await withServer(
    (request) => {
      switch (new URL(request.url).pathname) {
        case "/text":
          return new Response("hello");
        case "/none":
          return new Response(null);
        case "/204":
          return new Response(null, { status: 204 });
        default:
          return new Response(new Blob(["one ", "two"]).stream());
      }
    },
    {},
    async (server) => {
      const text = await fetch(new URL("/text", server.url));
      assertEquals(text.headers.get("content-length"), "5");
      assertEquals(text.headers.get("content-type")!.toLowerCase().replace(" ", ""), "text/plain;charset=utf-8");
      assertEquals(await text.text(), "hello");
      const none = await fetch(new URL("/none", server.url));
      assertEquals([none.status, await none.text()], [200, ""]);
      const empty = await fetch(new URL("/204", server.url));
      assertEquals([empty.status, await empty.text()], [204, ""]);
      const stream = await fetch(new URL("/stream", server.url));
      assertEquals(await stream.text(), "one two");
    },
  );
});

test("HEAD is answered without a body", async () => {
  await withServer(() => new Response("hello", { headers: { "x-a": "b" } }), {}, async (server) => {
    const client = await ask(server, "HEAD / HTTP/1.1\nhost: a\n\nGET /second HTTP/1.1\nhost: a\n\n");
    await client.waitFor(/\r\n\r\n[^]*\r\n\r\nhello/);
    assertEquals(client.received.match(/HTTP\/1.1 200/g)!.length, 2);
    assert(!/\r\n\r\nhello[^]*HTTP/.test(client.received), "the answer to HEAD has a body");
    client.leave();
  });
});

test("wrong arguments throw at the call", () => {
  const handler = () => new Response("");
  assertThrows(() => serve("no" as never), TypeError);
  assertThrows(() => serve(handler, 3 as never), TypeError);
  assertThrows(() => serve(handler, { port: 65536 }), RangeError, "65536");
  assertThrows(() => serve(handler, { port: "80" as never }), TypeError);
  assertThrows(() => serve(handler, { hostname: 1 as never }), TypeError);
  assertThrows(() => serve(handler, { maxConcurrent: 0 }), RangeError);
  assertThrows(() => serve(handler, { queueLimit: -1 }), RangeError);
  assertThrows(() => serve(handler, { timeout: -1 }), RangeError);
  assertThrows(() => serve(handler, { bodyLimit: NaN }), RangeError);
  assertThrows(() => serve(handler, { drain: { grace: 5, force: 4 } }), RangeError);
  assertThrows(() => serve(handler, { tls: {} as never }), TypeError);
  assertThrows(() => serve(handler, { unix: "/tmp/a", port: 1 }), TypeError);
  assertThrows(() => serve(handler, { onError: 1 as never }), TypeError);
});

test("a port in use is an error with the system's code that says where", async () => {
  await withServer(() => new Response(""), {}, async (server) => {
    const error = await assertRejects(() => serve(() => new Response(""), { port: server.port }), Error, "in use");
    assertEquals((error as { code?: string }).code, "EADDRINUSE");
    assert(error.message.includes(String(server.port)), error.message);
    // In a group the server is a task; the error is the caller's, not the group's.
    await group(async () => {
      await assertRejects(() => serve(() => new Response(""), { port: server.port }), Error, "in use");
    });
  });
});

test("a body that the handler has not read harms neither the answer nor the next request", async () => {
  await withServer((request) => new Response(new URL(request.url).pathname), {}, async (server) => {
    const small = await ask(server, `POST /first HTTP/1.1\nhost: a\ncontent-length: 5\n\nhello`);
    await small.waitFor(/\/first/);
    small.send("GET /second HTTP/1.1\nhost: a\n\n");
    await small.waitFor(/\/second/);
    small.leave();
    // After a big one Deno closes the connection.
    const big = await ask(server, `POST /big HTTP/1.1\nhost: a\ncontent-length: 300000\n\n${"x".repeat(300_000)}`);
    await big.waitFor(/\/big/);
    big.leave();
  });
});

test("with all slots taken requests wait, first in, first out; past the queue's limit they are 503 with Retry-After", async () => {
  const order: string[] = [];
  const go = deferred();
  await withServer(
    async (request) => {
      order.push(new URL(request.url).pathname);
      await go.promise;
      return new Response("done");
    },
    { maxConcurrent: 1, queueLimit: 2 },
    async (server) => {
      const first = fetch(new URL("/1", server.url));
      await until(() => server.statistics().active === 1, "the first has its slot");
      const second = fetch(new URL("/2", server.url));
      await until(() => server.statistics().queued === 1, "the second waits");
      const third = fetch(new URL("/3", server.url));
      await until(() => server.statistics().queued === 2, "the third waits");
      const fourth = await fetch(new URL("/4", server.url));
      assertEquals(fourth.status, 503);
      assertEquals(fourth.headers.get("retry-after"), "1");
      await fourth.text();
      go.resolve();
      assertEquals(await Promise.all([first, second, third].map(async (it) => (await it).text())), [
        "done",
        "done",
        "done",
      ]);
      assertEquals(order, ["/1", "/2", "/3"]);
      assertEquals(server.statistics().rejected, 1);
    },
  );
});

test("a client that leaves the queue frees its place, and its handler never runs", async () => {
  const go = deferred();
  const ran: string[] = [];
  await withServer(
    async (request) => {
      ran.push(new URL(request.url).pathname);
      await go.promise;
      return new Response("done");
    },
    { maxConcurrent: 1, queueLimit: 1 },
    async (server) => {
      const first = fetch(new URL("/1", server.url));
      await until(() => server.statistics().active === 1, "the first has its slot");
      const second = await ask(server, "GET /2 HTTP/1.1\nhost: a\n\n");
      await until(() => server.statistics().queued === 1, "the second waits");
      second.leave();
      await until(() => server.statistics().queued === 0, "the second has left");
      const third = fetch(new URL("/3", server.url));
      await until(() => server.statistics().queued === 1, "the third waits in its place");
      go.resolve();
      await Promise.all([first, third].map(async (it) => (await it).text()));
      assertEquals(ran, ["/1", "/3"]);
      assertEquals(server.statistics().disconnected, 1);
    },
  );
});

test("at the deadline the client gets 504 even if the handler ignores it; the slot stays taken until that ends", async () => {
  const go = deferred();
  const cancelled = deferred<unknown>();
  const late = deferred();
  const { onError, seen } = errors();
  await withServer(
    async (_request, { signal }) => {
      signal.addEventListener("abort", () => cancelled.resolve(signal.reason));
      await go.promise;
      return new Response(new ReadableStream({ cancel: () => late.resolve() }));
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
      go.resolve();
      await late.promise;
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(server.statistics().timedOut, 1);
      assertEquals(seen, []);
    },
  );
});

test("an error thrown after the deadline is reported, once; the client has its 504", async () => {
  const { onError, seen } = errors();
  const go = deferred();
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
      go.resolve();
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
  const read = deferred<unknown>();
  await withServer(
    async (request) => {
      if (request.method === "GET") await sleep(1e6);
      await request.text().catch((error: unknown) => {
        read.resolve(error);
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
  const go = deferred();
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
      go.resolve();
      await until(() => server.statistics().completed === 2, "both have ended");
      assertEquals(ran, 1);
    },
  );
});

test("a client that leaves cancels its request, with source disconnect, and is no error", async () => {
  const { onError, seen } = errors();
  const started = deferred();
  const ended = deferred<unknown>();
  let childEnded = false;
  await withServer(
    async (_request, context) => {
      context.group.spawn(async () => {
        try {
          await sleep(1e6);
        } finally {
          childEnded = true;
        }
      });
      started.resolve();
      try {
        await sleep(1e6);
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
      return new Response("never");
    },
    { onError },
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await started.promise;
      client.leave();
      const error = await ended.promise;
      assertInstanceOf(error, Cancelled);
      assertEquals(error.source, "disconnect");
      await until(() => server.statistics().active === 0, "the request has ended");
      assert(childEnded, "a child has outlived its request");
      assertEquals([server.statistics().disconnected, seen], [1, []]);
    },
  );
});

test("a normal end aborts no signal", async () => {
  const signals: AbortSignal[] = [];
  await withServer(
    async (request, { signal }) => {
      signals.push(signal);
      await sleep(new URL(request.url).pathname === "/slow" ? 20 : 0);
      return new Response(request.method === "POST" ? request.body : "hello");
    },
    { timeout: 10_000 },
    async (server) => {
      for (const path of ["/fast", "/slow"]) {
        await (await fetch(new URL(path, server.url))).text();
        await (await fetch(new URL(path, server.url), { method: "POST", body: "echo" })).text();
      }
      await until(() => server.statistics().completed === 4, "all have ended");
      await sleep(10);
      assertEquals(signals.map(({ aborted }) => aborted), [false, false, false, false]);
      assertEquals(server.statistics().disconnected, 0);
    },
  );
});

test("a client that leaves in the middle of the answer cancels its source and the request", async () => {
  const { onError, seen } = errors();
  const cancelled = deferred();
  const childSaw = deferred<unknown>();
  await withServer(
    (_request, context) => {
      context.group.spawn(() =>
        sleep(1e6).catch((error) => {
          childSaw.resolve(error);
          throw error;
        })
      );
      let sent = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            if (sent++ > 0) await new Promise((resolve) => setTimeout(resolve, 5));
            controller.enqueue(new TextEncoder().encode("chunk\n"));
          },
          cancel: () => cancelled.resolve(),
        }),
      );
    },
    { onError },
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/chunk/);
      client.leave();
      await cancelled.promise;
      const error = await childSaw.promise;
      assertInstanceOf(error, Cancelled);
      assertEquals(error.source, "disconnect");
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals([server.statistics().disconnected, seen], [1, []]);
    },
  );
});

test("a client that leaves in the middle of its request's body is no error", async () => {
  const { onError, seen } = errors();
  for (const timeout of [Infinity, 60_000]) {
    const reading = deferred();
    await withServer(
      async (request) => {
        reading.resolve();
        return new Response(await request.text());
      },
      { onError, timeout },
      async (server) => {
        const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100\n\nbegin");
        await reading.promise;
        client.leave();
        await until(() => server.statistics().completed === 1, "the request has ended");
        assertEquals(seen, []);
        assertEquals([server.statistics().disconnected, server.statistics().failed], [1, 0]);
      },
    );
  }
});

test("a body declared longer than the limit is 413 before the handler runs", async () => {
  let ran = 0;
  await withServer(
    async (request) => {
      ran++;
      return new Response(String((await request.bytes()).length));
    },
    { bodyLimit: 1000 },
    async (server) => {
      const allowed = await fetch(server.url, { method: "POST", body: "x".repeat(1000) });
      assertEquals([allowed.status, await allowed.text()], [200, "1000"]);
      const refused = await fetch(server.url, { method: "POST", body: "x".repeat(1001) });
      assertEquals(refused.status, 413);
      await refused.text();
      const big = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100000000\n\nbegin");
      await big.waitFor(/HTTP\/1.1 413/);
      big.leave();
      assertEquals(ran, 1);
    },
  );
});

test("a body that grows past the limit fails its reader; uncaught that is 413", async () => {
  const { onError, seen } = errors();
  const caught = deferred<unknown>();
  const chunked = (path: string, size: number) => {
    const chunk = "400\n" + "x".repeat(1024) + "\n";
    return `POST ${path} HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n\n${chunk.repeat(size)}`;
  };
  await withServer(
    async (request) => {
      try {
        return new Response(`${(await request.text()).length} bytes`);
      } catch (error) {
        caught.resolve(error);
        if (new URL(request.url).pathname === "/caught") return new Response("never mind", { status: 422 });
        throw error;
      }
    },
    { bodyLimit: 2048, onError },
    async (server) => {
      const fitting = await ask(server, chunked("/", 2) + "0\n\n");
      await fitting.waitFor(/2048 bytes/);
      fitting.leave();
      const uncaught = await ask(server, chunked("/", 3));
      await uncaught.waitFor(/HTTP\/1.1 413/);
      uncaught.leave();
      const error = await caught.promise;
      assertInstanceOf(error, BodyLimitError);
      assertEquals(error.limit, 2048);
      const own = await ask(server, chunked("/caught", 3));
      await own.waitFor(/HTTP\/1.1 422/);
      own.leave();
      assertEquals(seen, []);
    },
  );
});

test("a handler that fails is 500 without the text, reported once, and harms nobody", async () => {
  const { onError, seen } = errors();
  const bug = new Error("secret");
  await withServer(
    (request) => {
      switch (new URL(request.url).pathname) {
        case "/sync":
          throw bug;
        case "/async":
          return Promise.reject(bug);
        case "/primitive":
          throw 42;
        case "/none":
          return undefined as never;
        case "/error":
          return Response.error();
        default:
          return new Response("fine");
      }
    },
    { onError },
    async (server) => {
      for (const path of ["/sync", "/async", "/primitive", "/none", "/error"]) {
        const response = await fetch(new URL(path, server.url));
        assertEquals([response.status, await response.text()], [500, "Internal Server Error\n"]);
      }
      assertEquals(seen.slice(0, 3), [bug, bug, 42]);
      assertInstanceOf(seen[3], TypeError);
      assertInstanceOf(seen[4], TypeError);
      assertEquals(seen.length, 5);
      assertEquals(await (await fetch(server.url)).text(), "fine");
      assertEquals(server.statistics().failed, 5);
    },
  );
});

test("a response whose body was read or sent already is an error of the handler", async () => {
  const { onError, seen } = errors();
  const used = new Response("once");
  await used.text();
  await withServer(() => used, { onError }, async (server) => {
    const response = await fetch(server.url);
    assertEquals(response.status, 500);
    await response.text();
    await until(() => seen.length === 1, "the error is reported");
    assertInstanceOf(seen[0], TypeError);
  });
});

test("without onError errors go to onUnhandled, with the path of the request; so does what onError throws", async () => {
  const seen: [unknown, string][] = [];
  configure({ onUnhandled: (error, { path }) => seen.push([error, path]) });
  try {
    const bug = new Error("bug");
    const hookBug = new Error("hook");
    const handler = () => Promise.reject(bug);
    await group(async (g) => {
      const server = await serve(handler, { name: "api" });
      await (await fetch(new URL("/users?id=1", server.url))).text();
      g.cancel();
    }, { name: "program" });
    assertEquals(seen.length, 1);
    assertStrictEquals(seen[0]![0], bug);
    assert(/^program > api#\d+ > GET \/users$/.test(seen[0]![1]), seen[0]![1]);
    for (
      const onError of [() => {
        throw hookBug;
      }, () => Promise.reject(hookBug) as never]
    ) {
      seen.length = 0;
      await withServer(handler, { onError }, async (server) => {
        assertEquals((await fetch(server.url)).status, 500);
        await until(() => seen.length === 1, "the hook's error is reported");
        assertStrictEquals(seen[0]![0], hookBug);
      });
    }
  } finally {
    configure({ onUnhandled: undefined });
  }
});

test("a task of a request that fails cancels the handler: 500 at once, reported once", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  const go = deferred();
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
      go.resolve();
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(seen, [bug]);
    },
  );
});

test("a task that fails after the answer was given fails a body that is not whole, and is reported", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  const go = deferred();
  const cancelled = deferred();
  await withServer(
    (_request, context) => {
      context.group.spawn(async () => {
        await go.promise;
        throw bug;
      });
      return new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode("begin")),
          cancel: () => cancelled.resolve(),
        }),
      );
    },
    { onError },
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/begin/);
      go.resolve();
      await cancelled.promise;
      await client.closed;
      assert(!client.received.includes("\r\n0\r\n\r\n"), "the body looks whole");
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(seen, [bug]);
    },
  );
});

test("a body whose stream fails is not whole for the client, and the error is reported", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  await withServer(
    () => {
      let pulls = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            await new Promise((resolve) => setTimeout(resolve, 2));
            if (pulls++ > 0) throw bug;
            controller.enqueue(new TextEncoder().encode("begin"));
          },
        }),
      );
    },
    { onError },
    async (server) => {
      const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
      await client.closed;
      assert(!client.received.includes("\r\n0\r\n\r\n"), "the body looks whole");
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(seen, [bug]);
      assertEquals([server.statistics().failed, server.statistics().disconnected], [1, 0]);
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

test("onRequest is told how each request ended; what it throws is reported", async () => {
  const records: [string, RequestRecord][] = [];
  const seen: unknown[] = [];
  const bug = new Error("bug");
  configure({ onUnhandled: (error) => seen.push(error) });
  try {
    await withServer(
      async (request) => {
        const { pathname } = new URL(request.url);
        if (pathname === "/left") await sleep(1e6);
        if (pathname === "/fails") throw new Error("fails");
        return new Response("hello", { status: 201 });
      },
      {
        onError() {},
        onRequest(request, record) {
          const { pathname } = new URL(request.url);
          records.push([pathname, record]);
          if (pathname === "/throws") throw bug;
        },
      },
      async (server) => {
        for (const path of ["/ok", "/fails", "/throws"]) await (await fetch(new URL(path, server.url))).text();
        const client = await ask(server, "GET /left HTTP/1.1\nhost: a\n\n");
        await until(() => server.statistics().active === 1, "the request runs");
        client.leave();
        await until(() => server.statistics().completed === 4, "all have ended");
        assertEquals(records.map(([path, { status, end }]) => [path, status, end]), [
          ["/ok", 201, "sent"],
          ["/fails", 500, "sent"],
          ["/throws", 201, "sent"],
          ["/left", 499, "left"],
        ]);
        assert(records.every(([, { duration }]) => duration >= 0), "a duration is negative");
        assertEquals(seen, [bug]);
      },
    );
  } finally {
    configure({ onUnhandled: undefined });
  }
});

test("while the loop is late again and again, requests are 503 with Retry-After, before their handler", async () => {
  let ran = 0;
  await withServer(() => new Response(`${++ran}`), { shed: { delay: 30 } }, async (server) => {
    let stop = false;
    const load = (async () => {
      while (!stop) {
        for (const end = performance.now() + 60; performance.now() < end;);
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    })();
    let status = 200;
    for (let round = 0; round < 50 && status === 200; round++) {
      const response = await fetch(server.url);
      status = response.status;
      if (status === 503) assertEquals(response.headers.get("retry-after"), "1");
      await response.text();
    }
    const before = ran;
    stop = true;
    await load;
    assertEquals(status, 503);
    assertEquals([server.statistics().shed, ran], [1, before]);
    for (let round = 0; round < 500 && status === 503; round++) {
      await sleep(20);
      const response = await fetch(server.url);
      status = response.status;
      await response.text();
    }
    assertEquals(status, 200);
  });
});

test("a slot is held until the body is sent and the request's tasks have ended", async () => {
  const body = deferred();
  const child = deferred();
  await withServer(
    (_request, context) => {
      context.group.spawn(() => child.promise);
      let pulls = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            // Bun sends the head with the first chunk.
            if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode("begin "));
            await body.promise;
            controller.enqueue(new TextEncoder().encode("end"));
            controller.close();
          },
        }),
      );
    },
    {},
    async (server) => {
      const response = await fetch(server.url);
      assertEquals([server.statistics().active, server.statistics().tasks], [1, 1]);
      body.resolve();
      assertEquals(await response.text(), "begin end");
      assertEquals(server.statistics().active, 1);
      child.resolve();
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(server.statistics().completed, 1);
    },
  );
});

test("a stream holds the slot until its end, whatever else its response carries", async () => {
  class Fancy extends Response {
    readonly #secret = "secret";
    readonly first = 1;
    readonly second = this.#secret;
  }
  const responses: ((stream: ReadableStream) => Response)[] = [
    (stream) => new Response(stream, { status: 201, statusText: "Fine, and with quite a text" }),
    (stream) =>
      new Response(stream, { headers: { "content-type": "text/plain;charset=utf-8", "x-long": "x".repeat(500) } }),
    (stream) => new Fancy(stream),
    (stream) => Object.assign(new Response(stream), { note: "a property", [Symbol("another")]: 1 }),
    (stream) => new Response(stream).clone(),
  ];
  for (const make of responses) {
    const end = deferred();
    let pulls = 0;
    const stream = new ReadableStream({
      async pull(controller) {
        if (pulls++ === 0) return controller.enqueue(new TextEncoder().encode("begin "));
        await end.promise;
        controller.enqueue(new TextEncoder().encode("end"));
        controller.close();
      },
    });
    await withServer(() => make(stream), {}, async (server) => {
      const response = await fetch(server.url);
      assertEquals(server.statistics().active, 1, `${make} was taken for a body that is there whole`);
      end.resolve();
      assertEquals(await response.text(), "begin end");
      await until(() => server.statistics().active === 0, "the slot is free");
    });
  }
});

test("a drain refuses new connections, closes idle ones promptly, and gives the same promise when asked again", async () => {
  const server = await serve(() => new Response("hello"));
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

test("a drain lets what runs and what waits finish, and closes their connections", async () => {
  const go = deferred();
  const server = await serve(async (request) => {
    await go.promise;
    return new Response(new URL(request.url).pathname);
  }, { maxConcurrent: 1, queueLimit: 1 });
  const first = await ask(server, "GET /1 HTTP/1.1\nhost: a\n\n");
  await until(() => server.statistics().active === 1, "the first runs");
  const second = await ask(server, "GET /2 HTTP/1.1\nhost: a\n\n");
  await until(() => server.statistics().queued === 1, "the second waits");
  const draining = server.drain({ grace: 20_000 });
  const began = performance.now();
  go.resolve();
  await first.waitFor(/\/1$/);
  await second.waitFor(/\/2$/);
  await Promise.all([first.closed, second.closed]);
  assertEquals(await draining, { finished: 2, cancelled: 0, forced: 0 });
  assert(performance.now() - began < 5000, "answered connections held the drain");
});

test("a request on an open connection during a drain is 503", async () => {
  const go = deferred();
  const server = await serve(async () => {
    await go.promise;
    return new Response("done");
  });
  const client = await ask(server, "GET /1 HTTP/1.1\nhost: a\n\n");
  await until(() => server.statistics().active === 1, "the request runs");
  const draining = server.drain();
  // Pipelined behind the one that runs; a host may also close the connection after that one.
  client.send("GET /2 HTTP/1.1\nhost: a\n\n");
  go.resolve();
  await client.closed;
  assert(/^HTTP\/1.1 200/.test(client.received), client.received);
  assert(!/done[^]*done/.test(client.received), "the second was served");
  assertEquals((await draining).finished, 1);
});

test("while the delay of a drain lasts, requests are served but the server is not ready", async () => {
  const server = await serve(() => new Response("hello"));
  const draining = server.drain({ delay: 300 });
  assert(!server.ready, "ready");
  assertEquals(await (await fetch(server.url)).text(), "hello");
  assertEquals(await draining, { finished: 0, cancelled: 0, forced: 0 });
});

test("at grace requests are cancelled with source shutdown and answered 503", async () => {
  const seen: unknown[] = [];
  const server = await serve(async (request) => {
    if (new URL(request.url).pathname === "/quick") return new Response("quick");
    await sleep(1e6).catch((error) => {
      seen.push((error as Cancelled).source);
      throw error;
    });
    return new Response("never");
  }, { maxConcurrent: 2, queueLimit: 1 });
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
});

test("at force what ignores its cancellation is cut and the drain ends; each counts once by its worst fate", async () => {
  const go = deferred();
  const server = await serve(async (request) => {
    const path = new URL(request.url).pathname;
    if (path === "/obeys") await sleep(1e6);
    if (path === "/ignores") await go.promise;
    return new Response("done");
  });
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
  go.resolve();
  await until(() => server.statistics().active === 0, "the handler has ended");
  assertEquals(tasks(), []);
});

test("a request that is cut at force does not hold the group of its server, and is listed until it ends", async () => {
  const go = deferred();
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
  go.resolve();
  await until(() => tasks().length === 0, "the request has ended");
  assertEquals(log, ["group", "handler"]);
});

test("at grace an endless body is failed, and its source cancelled", async () => {
  const cancelled = deferred();
  const server = await serve(() =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          controller.enqueue(new TextEncoder().encode("more\n"));
        },
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
  await client.waitFor(/more/);
  assertEquals(await server.drain({ grace: 30, force: 20_000 }), { finished: 0, cancelled: 1, forced: 0 });
  await cancelled.promise;
  await client.closed;
  assert(!client.received.endsWith("\r\n0\r\n\r\n"), "the body looks whole");
});

test("at grace a body that a task of the request makes may be ended by it", async () => {
  const server = await serve((_request, context) => {
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
  });
  const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
  await client.waitFor(/begin/);
  assertEquals(await server.drain({ grace: 20, force: 20_000 }), { finished: 0, cancelled: 1, forced: 0 });
  await client.closed;
  assert(/bye\n\r\n0\r\n\r\n$/.test(client.received), client.received);
});

test("a handler that waits for a body that never comes does not hold the drain past force", async () => {
  const { onError, seen } = errors();
  const server = await serve(async (request) => new Response(await request.text()), { onError });
  const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100\n\nbegin");
  await until(() => server.statistics().active === 1, "the request runs");
  const { finished } = await server.drain({ grace: 20, force: 100 });
  assertEquals(finished, 0);
  await client.waitFor(/^HTTP\/1.1 503/);
  assertEquals(seen, []);
  // Deno goes on to wait for the rest of the body.
  client.leave();
});

test("a request's body that comes during a drain is read to its end", async () => {
  const server = await serve(async (request) => new Response(await request.text()));
  const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 10\n\nbegin");
  await until(() => server.statistics().active === 1, "the request runs");
  const draining = server.drain({ grace: 20_000 });
  await sleep(20);
  client.send("12345");
  await client.waitFor(/begin12345/);
  assertEquals(await draining, { finished: 1, cancelled: 0, forced: 0 });
});

test("a group waits for its server to finish", async () => {
  const log: string[] = [];
  let server!: Server;
  const done = group(async () => {
    server = await serve(() => new Response("hello"));
  }).then(() => log.push("group"));
  await until(() => server !== undefined, "the server listens");
  assertEquals(await (await fetch(server.url)).text(), "hello");
  log.push("served");
  await server.drain();
  await done;
  assertEquals(log, ["served", "group"]);
});

test("a server takes no slot of its group's limit", async () => {
  const log: string[] = [];
  await group((g) => {
    g.spawn(async () => {
      const server = await serve(() => new Response("hello"));
      log.push(await (await fetch(server.url)).text());
      await server.drain();
    });
    g.spawn(() => void log.push("next"));
  }, { limit: 1 });
  assertEquals(log, ["hello", "next"]);
});

test("cancelling the group of a server drains it without delay, its handlers shielded until grace", async () => {
  const go = deferred();
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
    go.resolve();
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

test("a cancellation while the server opens leaves none behind", async () => {
  const probe = await serve(() => new Response("probe"));
  const port = probe.port;
  await probe.drain();
  for (const place of ["group", "scope"]) {
    if (place === "group") {
      await group((g) => {
        void serve(() => new Response("hello"), { port }).catch(() => {});
        g.cancel();
      });
    } else {
      const scope = new CancelScope();
      await scope.run(async () => {
        const opening = serve(() => new Response("hello"), { port });
        scope.cancel();
        await opening;
      });
      assert(scope.cancelCaught, "the call did not throw its cancellation");
    }
    // What was opened on the way may need a moment to close.
    let refused = false;
    for (let round = 0; round < 200 && !refused; round++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      refused = await fetch(`http://127.0.0.1:${port}/`).then((it) => it.text().then(() => false), () => true);
    }
    assert(refused, `a server was left behind by a cancelled ${place}`);
  }
});

test("disposal drains", async () => {
  const server = await serve(() => new Response("hello"));
  await server[Symbol.asyncDispose]();
  assertEquals(await server.finished, { finished: 0, cancelled: 0, forced: 0 });
});

test("a Unix socket is listened on, and taken away at the end", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "millrace-")), "socket");
  const server = await serve((request) => new Response(new URL(request.url).pathname), { unix: path });
  assertEquals([server.url.protocol, server.port], ["unix:", 0]);
  const client = await RawClient.open(path);
  client.send("GET /here HTTP/1.1\nhost: a\n\n");
  await client.waitFor(/\/here/);
  client.leave();
  await server.drain();
  rmSync(dirname(path), { recursive: true });
});

test("with tls the server speaks it", async () => {
  const server = await serve((request) => new Response(new URL(request.url).protocol), { tls: certificate });
  assertEquals(server.url.protocol, "https:");
  const answer = await new Promise<string>((resolve, reject) => {
    const asked = https.get(`https://localhost:${server.port}/`, { ca: certificate.cert }, (response) => {
      response.setEncoding("utf8");
      let text = "";
      response.on("data", (chunk: string) => text += chunk);
      response.on("end", () => resolve(text));
    });
    asked.on("error", reject);
  });
  assertEquals(answer, "https:");
  await server.drain();
});

test("a request that is malformed is 400, and harms nobody", async () => {
  const handler = (request: Request) => new Response(new URL(request.url).pathname);
  await withServer(handler, {}, async (server) => {
    for (const text of ["NONSENSE\n\n", "GET / HTTP/1.1\nhost: a\ncontent-length: x\n\n"]) {
      const client = await ask(server, text);
      await client.closed;
      assert(/^(HTTP\/1.1 400|$)/.test(client.received), client.received);
    }
    const split = await ask(server, "GET /b HTTP/1.1\nhost: evil/a?\nconnection: close\n\n");
    await split.closed;
    // A host that is no host does not become part of the path.
    assert(/^HTTP\/1.1 400|^$/.test(split.received), split.received);
    assertEquals(await (await fetch(server.url)).text(), "/");
  });
});
