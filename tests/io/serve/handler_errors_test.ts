/** What is an error of the handler and what is its client's doing: the one is told, once, the other never. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Handler } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { errors } from "../../support/errors.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const get = "GET / HTTP/1.1\nhost: a\n\n";
const host = hostOfThis();

for (const name of ["BadResource", "AbortError", "RequestBodyError", "ConnectionReset"]) {
  test(`an error of the handler is 500 and told once, also when it is called ${name}`, async () => {
    const { onError, seen } = errors();
    const handler: Handler = async (request) => {
      await request.text();
      throw Object.assign(new Error("mine"), { name });
    };
    await withServer(handler, { onError }, async (server) => {
      for (const request of [get, "POST / HTTP/1.1\nhost: a\ncontent-length: 3\n\nabc"]) {
        const client = await ask(server, request);
        await client.waitFor(/^HTTP\/1\.1 500 /);
        client.leave();
      }
      await until(() => server.statistics().completed === 2, "both have ended");
      assertEquals([seen.length, server.statistics().failed, server.statistics().disconnected], [2, 2, 0]);
    });
  });
}

for (
  const [title, handler] of [
    ["gives its body back", (request) => new Response(request.body)],
    ["gives its body back later", async (request) => (await sleep(1), new Response(request.body))],
    ["reads its body", async (request) => new Response(await request.text())],
    [
      "wraps what reading its body fails with",
      (request) =>
        request.text().then((it) => new Response(it), (cause) => Promise.reject(new Error("wrapped", { cause }))),
    ],
    ["reads its body in a task", (request, context) => new Response(streamOf(context.spawn(() => request.text())))],
  ] as [string, Handler][]
) {
  for (const limits of [{}, { bodyTimeout: Infinity, timeout: Infinity }]) {
    const own = "timeout" in limits ? ", without limits of time" : "";
    test(`a client that leaves in the middle of its body is no error of a handler that ${title}${own}`, async () => {
      const { onError, seen } = errors();
      await withServer(handler, { onError, ...limits }, async (server) => {
        const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100\n\nabc");
        await until(() => server.statistics().active === 1, "the request runs");
        await sleep(20);
        client.leave();
        await until(() => server.statistics().active === 0, "the request has ended");
        assertEquals([seen, server.statistics().failed, server.statistics().disconnected], [[], 0, 1]);
      });
    });
  }
}

/** A stream of what a promise gives. */
function streamOf(text: PromiseLike<string>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      controller.enqueue(new TextEncoder().encode(await text));
      controller.close();
    },
  });
}

test("a stream that fails in a HEAD answer is told once, and is not taken for the client's leaving", async () => {
  const { onError, seen } = errors();
  const bug = new Error("bug");
  await withServer(
    () => new Response(new ReadableStream({ start: (controller) => controller.error(bug) })),
    { onError },
    async (server) => {
      const client = await ask(server, "HEAD / HTTP/1.1\nhost: a\n\n");
      await client.waitFor(/^HTTP\/1\.1 500 /);
      await until(() => server.statistics().completed === 1, "the request has ended");
      client.leave();
      assertEquals([seen, server.statistics().disconnected], [[bug], 0]);
    },
  );
});

test("a task that writes the stream of a HEAD answer is stopped, and no error is told of it", async () => {
  const { onError, seen } = errors();
  const stopped = latch<unknown>();
  const handler: Handler = (_request, context) => {
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    context.spawn(async () => {
      try {
        for (;;) {
          await writer.write(new TextEncoder().encode("data: x\n\n"));
          await sleep(1);
        }
      } catch (error) {
        stopped.open(error);
        throw error;
      } finally {
        await writer.close().catch(() => {});
      }
    });
    return new Response(readable, { headers: { "content-type": "text/event-stream" } });
  };
  await withServer(handler, { onError }, async (server) => {
    const client = await ask(server, "HEAD / HTTP/1.1\nhost: a\n\n");
    await client.waitFor(/^HTTP\/1\.1 200 [^]*text\/event-stream/);
    assertEquals((await stopped.promise as Error).name, "UnwantedBodyError");
    await until(() => server.statistics().completed === 1, "the request has ended");
    client.send(get);
    await client.waitFor(/data: x/);
    client.leave();
    await until(() => server.statistics().completed === 2, "the second request has ended");
    assertEquals([seen, server.statistics().failed], [[], 0]);
  });
});

test("the signal of a request tells of its client's leaving on Deno and Bun, and of nothing on Node; that of the context does on all", async () => {
  const aborted: string[] = [];
  const handler: Handler = async (request, context) => {
    request.signal.addEventListener("abort", () => aborted.push("request"));
    context.signal.addEventListener("abort", () => aborted.push("context"));
    await sleep(1e6);
    return new Response("never");
  };
  await withServer(handler, {}, async (server) => {
    const client = await ask(server, get);
    await until(() => server.statistics().active === 1, "the request runs");
    client.leave();
    await until(() => server.statistics().active === 0, "the request has ended");
    const expected = host === "deno" || host === "bun" ? ["context", "request"] : ["context"];
    await until(() => aborted.length >= expected.length, "all have been told");
    assertEquals(aborted.toSorted(), expected);
  });
});

test("Deno speaks HTTP/2 on a connection without TLS to who begins with it; the others refuse it", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    const client = await ask(server, "PRI * HTTP/2.0\n\nSM\n\n\0\0\0\x04\0\0\0\0\0");
    // The frame of settings that a server begins with.
    if (host === "deno") await until(() => client.received.slice(3, 4) === "\x04", "it is spoken");
    else await client.closed;
    assert(host === "deno" || /^(|HTTP\/1\.1 [45]\d\d [^]*)$/.test(client.received), client.received);
    client.leave();
    assertEquals(server.statistics().completed, 0);
  });
});

for (
  const [title, text, isNoticed] of [
    ["behind requests that wait", get + get + get, true],
    ["behind a body that nobody reads", "POST / HTTP/1.1\nhost: a\ncontent-length: 3\n\nabc" + get, true],
    [
      "in the middle of a body that nobody reads",
      "POST / HTTP/1.1\nhost: a\ncontent-length: 9\n\nabc",
      host !== "deno",
    ],
    [
      "behind much of a body that nobody reads",
      `POST / HTTP/1.1\nhost: a\ncontent-length: 400000\n\n${"x".repeat(300_000)}`,
      host === "bun",
    ],
    [
      "behind much that waits",
      `${get}POST / HTTP/1.1\nhost: a\ncontent-length: 400000\n\n${"x".repeat(300_000)}`,
      host === "bun" || host === "deno",
    ],
  ] as const
) {
  test(`a client that leaves ${title} frees its slot${isNoticed ? "" : ", here at the timeout"}`, async () => {
    const { onError, seen } = errors();
    const handler: Handler = async () => {
      await sleep(1e6);
      return new Response("never");
    };
    await withServer(handler, { onError, timeout: isNoticed ? Infinity : 500 }, async (server) => {
      const client = await ask(server, text);
      // Bun closes a connection on which a request has to wait.
      if (host !== "bun") await until(() => server.statistics().active === 1, "the first request runs");
      client.leave();
      await until(() => server.statistics().active === 0 && server.statistics().completed >= 1, "the slot is free");
      assertEquals([seen, server.statistics().timedOut > 0], [[], !isNoticed]);
    });
  });
}
