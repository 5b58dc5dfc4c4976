/** Bodies of requests, and their limits. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { BodyLimitError } from "../../../io/mod.ts";
import { ask } from "../../support/http.ts";
import { withServer } from "./with_server.ts";
import { errors } from "../../support/errors.ts";
import { until } from "../../support/within.ts";
import { latch } from "../../support/latch.ts";

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

test("a client that leaves in the middle of its request's body is no error", async () => {
  const { onError, seen } = errors();
  for (const timeout of [Infinity, 60_000]) {
    const reading = latch();
    await withServer(
      async (request) => {
        reading.open();
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
  const caught = latch<unknown>();
  const chunked = (path: string, size: number) => {
    const chunk = "400\n" + "x".repeat(1024) + "\n";
    return `POST ${path} HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n\n${chunk.repeat(size)}`;
  };
  await withServer(
    async (request) => {
      try {
        return new Response(`${(await request.text()).length} bytes`);
      } catch (error) {
        caught.open(error);
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

test("behind a body that nobody reads, or not to its end, the next request is answered, or the connection closed", async () => {
  const handler = async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/part") {
      const reader = request.body!.getReader();
      await reader.read();
      reader.releaseLock();
    }
    return new Response(pathname);
  };
  await withServer(handler, {}, async (server) => {
    for (const path of ["/none", "/part"]) {
      for (const size of [20_000, 140_000]) {
        const client = await ask(
          server,
          `POST ${path} HTTP/1.1\nhost: a\ncontent-length: ${size}\n\n${"b".repeat(size)}`,
        );
        client.send("GET /next HTTP/1.1\nhost: a\n\n");
        await until(() => client.isClosed || client.received.endsWith("/next"), `it goes on behind ${size} bytes`);
        client.leave();
      }
    }
    assertEquals(server.statistics().active, 0);
  });
});

test("a body that is read when its answer has gone out is there whole, or the read rejects: it is never taken for an empty one", async () => {
  for (const [first, rest] of [["whole body", ""], ["whole", " body"]] as const) {
    for (const whenAnswered of [true, false]) {
      const answered = latch();
      const read = latch<string>();
      const { onError, seen } = errors();
      await withServer(
        (request, context) => {
          context.spawn(async () => {
            if (whenAnswered) await answered.promise;
            read.open(await request.text().catch((error) => `rejected: ${error}`));
          });
          return new Response("early");
        },
        { onError },
        async (server) => {
          const client = await ask(server, `POST / HTTP/1.1\nhost: a\ncontent-length: 10\n\n${first}`);
          await client.waitFor(/early$/);
          answered.open();
          client.send(rest);
          const text = await read.promise;
          assert(text === "whole body" || text.startsWith("rejected: "), text);
          client.leave();
          await until(() => server.statistics().active === 0, "the request has ended");
          assertEquals(seen, []);
        },
      );
    }
  }
});

test("an expectation that is there twice is met once, and the connection goes on behind it", async () => {
  await withServer(async (request) => new Response(`<${await request.text()}>`), {}, async (server) => {
    const twice = "expect: 100-continue\nexpect: 100-continue\n";
    const client = await ask(server, `POST / HTTP/1.1\nhost: a\n${twice}content-length: 3\n\n`);
    client.send("abc");
    await client.waitFor(/ 200 [^]*<abc>$/);
    client.send("GET / HTTP/1.1\nhost: a\n\n");
    await client.waitFor(/<abc>HTTP\/1\.1 200 [^]*<>$/);
    client.leave();
  });
});
