import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { type Handler, type RequestRecord, serve } from "../../../io/mod.ts";
import { Cancelled, configure, currentTask, group, LoopMonitor, sleep } from "../../../mod.ts";
import { errors, unhandledDuring } from "../../support/errors.ts";
import { ask } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { spin } from "../../support/spin.ts";
import { until } from "../../support/within.ts";
import { handshake } from "../../support/web_socket.ts";
import { withServer } from "./with_server.ts";

test("a long turn is told with the method and path of the request that it ran for, at each stage of it", async () => {
  const told: string[] = [];
  const monitor = new LoopMonitor({ longTurn: 150, onLongTurn: ({ who }) => told.push(who) });
  const server = await serve(async (request, context) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/at-once") spin(200);
    if (pathname === "/microtask") {
      await Promise.resolve();
      spin(200);
    }
    if (pathname === "/after-a-wait") {
      await sleep(1);
      spin(200);
    }
    if (pathname === "/in-a-task") await context.spawn(() => spin(200), { name: "greedy" });
    return new Response("done");
  }, { hostname: "127.0.0.1", port: 0 });
  try {
    for (const path of ["at-once", "microtask", "after-a-wait", "in-a-task"]) {
      const response = await fetch(new URL(`/${path}?query`, server.url), { headers: { connection: "close" } });
      await response.text();
    }
    for (const who of ["request GET /at-once", "request GET /microtask", "request GET /after-a-wait"]) {
      assert(
        told.some((text) => text === who || text.startsWith(`${who}, or`)),
        `${who} is not among ${told.join("; ")}`,
      );
    }
    assert(told.some((text) => /^task GET \/in-a-task > greedy#\d+/.test(text)), told.join("; "));
  } finally {
    await server.drain();
    monitor.close();
  }
});

test("a client that leaves cancels its request, with source disconnect, and is no error", async () => {
  const { onError, seen } = errors();
  const started = latch();
  const ended = latch<unknown>();
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
      started.open();
      try {
        await sleep(1e6);
      } catch (error) {
        ended.open(error);
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

test("a request is named by its method and path, of which no more than 2,000 characters, and none that a terminal obeys", async () => {
  await withServer(() => new Response(currentTask()!.name), {}, async (server) => {
    const client = await ask(
      server,
      `GET /a%1b%0A?q HTTP/1.1\nhost: a\n\nGET /${"b".repeat(10_000)} HTTP/1.1\nhost: a\nconnection: close\n\n`,
    );
    await client.closed;
    const [, first, second] = client.received.split(/\r\n\r\n/);
    assert(first!.startsWith("GET /a%1b%0A") && !first!.includes("?"), first);
    assertEquals(second!.replace(/#\d+$/, ""), `GET /${"b".repeat(1999)}`);
  });
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
  const cancelled = latch();
  const childSaw = latch<unknown>();
  await withServer(
    (_request, context) => {
      context.group.spawn(() =>
        sleep(1e6).catch((error) => {
          childSaw.open(error);
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
          cancel: () => cancelled.open(),
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

test("onRequest is told how each request ended; what it throws is reported", async () => {
  const records: [string, RequestRecord][] = [];
  const bug = new Error("bug");
  const seen = await unhandledDuring(() =>
    withServer(
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
      },
    )
  );
  assertEquals(seen, [bug]);
});

test("onRequest and onError see the method, url and fields of every request that has ended, sockets too", async () => {
  const told: string[] = [];
  const tell = ({ method, url, headers }: Request) =>
    told.push(`${method} ${new URL(url).pathname} ${headers.get("x-id")} ${[...headers.keys()].includes("x-id")}`);
  const handler: Handler = async (request, context) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/socket") return await context.upgrade(() => Promise.reject(new Error("bug")));
    if (pathname === "/left") await sleep(1e6);
    if (pathname === "/late") await sleep(1);
    return new Response("answered");
  };
  const onError = (_error: unknown, request: Request) => void tell(request);
  await withServer(handler, { onError, onRequest: tell }, async (server) => {
    const plain = (path: string) => `GET ${path} HTTP/1.1\r\nhost: a\r\nx-id: 1\r\n\r\n`;
    for (const path of ["/at-once", "/late", "/left", "/socket"]) {
      told.length = 0;
      const isSocket = path === "/socket";
      const client = await ask(server, isSocket ? handshake({ "x-id": "1" }, "GET /socket HTTP/1.1") : plain(path));
      if (path === "/left") await until(() => server.statistics().active === 1, "the request runs");
      else await client.waitFor(/answered|HTTP\/1\.1 101/);
      client.leave();
      await until(() => server.statistics().active === 0 && told.length > 0, "the request has ended");
      assertEquals(told, Array(isSocket ? 2 : 1).fill(`GET ${path} 1 true`));
    }
  });
});
