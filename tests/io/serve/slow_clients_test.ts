import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { BodyTimeoutError, serve } from "../../../io/mod.ts";
import { SlowClients } from "../../../io/serve/slow_clients.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { withServer } from "./with_server.ts";
import { until } from "../../support/within.ts";
import { latch } from "../../support/latch.ts";

const isNode = hostOfThis().startsWith("node");

interface Client {
  progress: number | undefined;
}

function watched(): { client: Client; slow: SlowClients<Client>; stalled: Client[] } {
  const client: Client = { progress: 0 };
  const stalled: Client[] = [];
  const slow = new SlowClients([client], 100, ({ progress }) => progress, (it) => void stalled.push(it));
  return { client, slow, stalled };
}

test("a client that does nothing for four looks has stalled, once; one that does anything has not", () => {
  const { client, slow, stalled } = watched();
  for (let look = 0; look < 20; look++) {
    client.progress = look >> 1;
    slow.look();
  }
  assertEquals(stalled, []);
  for (let look = 0; look < 3; look++) slow.look();
  assertEquals(stalled, [client]);
});

test("a client that is not waited for has all the time there is, and its time begins anew", () => {
  const { client, slow, stalled } = watched();
  for (const progress of [0, 0, 0, undefined, 0, 0, 0, undefined, 0, 0, 0]) {
    client.progress = progress;
    slow.look();
  }
  assertEquals(stalled, []);
});

test("looks come four times in a timeout, never early, until they are stopped", async () => {
  await onFakeLoop(async (host) => {
    const { slow, stalled } = watched();
    slow.start();
    while (stalled.length === 0) {
      host.jump();
      await Promise.resolve();
    }
    assertEquals(host.time, 125);
    slow.stop();
    assertEquals(host.timers, 0);
  });
});

test("timeouts for clients are checked at the call", () => {
  for (const name of ["headerTimeout", "bodyTimeout", "sendTimeout"]) {
    assertThrows(() => serve(() => new Response(), { [name]: 0 }), RangeError, name);
    assertThrows(() => serve(() => new Response(), { [name]: -1 }), RangeError, name);
    assertThrows(() => serve(() => new Response(), { [name]: "1" as never }), TypeError, name);
  }
});

test("a body of which nothing comes any more fails its reader; uncaught that is 408, and no error of the handler", async () => {
  const seen: unknown[] = [];
  const caught = latch<unknown>();
  const handler = async (request: Request) => {
    try {
      return new Response(await request.text());
    } catch (error) {
      caught.open(error);
      throw error;
    }
  };
  await withServer(handler, { bodyTimeout: 20, onError: (error) => seen.push(error) }, async (server) => {
    const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 100\n\nbegin");
    await client.waitFor(/^HTTP\/1.1 408/);
    const error = await caught.promise;
    assertInstanceOf(error, BodyTimeoutError);
    assertEquals(error.timeout, 20);
    await until(() => server.statistics().completed === 1, "the request has ended");
    assertEquals([server.statistics().stalled, server.statistics().failed, seen], [1, 0, []]);
    client.leave();
  });
});

test("a body that comes slowly but comes is read whole", async () => {
  await withServer(async (request) => new Response(await request.text()), { bodyTimeout: 60_000 }, async (server) => {
    const client = await ask(server, "POST / HTTP/1.1\nhost: a\ncontent-length: 5\n\n");
    for (const byte of "hello") {
      await new Promise((resolve) => setImmediate(resolve));
      client.send(byte);
    }
    await client.waitFor(/hello$/);
    client.leave();
  });
});

test("a client that takes nothing of a streamed answer is cut, its source cancelled", async () => {
  const cancelled = latch();
  const chunk = new Uint8Array(256 * 1024);
  const handler = () =>
    new Response(
      new ReadableStream<Uint8Array>({ pull: (it) => it.enqueue(chunk), cancel: () => cancelled.open() }),
    );
  await withServer(handler, { sendTimeout: 100 }, async (server) => {
    const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
    client.socket.pause();
    await cancelled.promise;
    await until(() => server.statistics().active === 0, "the request has ended");
    assertEquals([server.statistics().stalled, server.statistics().disconnected], [1, 1]);
    client.leave();
  });
});

test("a client that takes nothing of a big answer of known length does not hold it for ever", async () => {
  const body = new Uint8Array(32 * 1024 * 1024);
  await withServer(() => new Response(body), { sendTimeout: 50 }, async (server) => {
    const client = await ask(server, "GET / HTTP/1.1\nhost: a\n\n");
    client.socket.pause();
    // Of a body that they were given whole, Deno and Bun tell nothing: the request has ended with the answer.
    await until(() => server.statistics().completed === 1, "the request has ended");
    assertEquals(server.statistics().stalled, isNode ? 1 : 0);
    client.leave();
  });
});

test("a head that does not come is cut after headerTimeout; Deno waits for ever, Bun for 10 s whatever it is told", async () => {
  await withServer(() => new Response("hello"), { headerTimeout: 60 }, async (server) => {
    for (const begin of ["GET / HT", "GET / HTTP/1.1\nhost: a\nx-a: b"]) {
      const client = await ask(server, begin);
      if (!isNode) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        client.send(begin.endsWith("HT") ? "TP/1.1\r\nhost: a\r\n\r\n" : "\r\n\r\n");
        await client.waitFor(/^HTTP\/1.1 200/);
        client.leave();
        continue;
      }
      await client.closed;
      assert(/^HTTP\/1.1 408/.test(client.received), client.received);
    }
    // On a busy machine this client may be too slow itself.
    let answer = await fetch(server.url);
    for (let again = 0; answer.status === 408 && again < 20; again++) answer = await fetch(server.url);
    assertEquals(await answer.text(), "hello");
  });
});

/** The other hosts have no such timer. */
const testOnBun = hostOfThis() === "bun" ? test : () => {};

testOnBun("Bun's idle timer is for idle connections alone: it cuts no event stream and no slow handler", async () => {
  type Serve = (options: { idleTimeout: number; fetch(request: Request, server: object): unknown }) => object;
  const { Bun } = globalThis as unknown as { Bun: { serve: Serve } };
  const original = Bun.serve;
  const seconds: number[] = [];
  Bun.serve = (options) => {
    assertEquals(options.idleTimeout, 7);
    const spy = (server: object) =>
      new Proxy(server, {
        get(target, name) {
          const member = target[name as keyof typeof target] as unknown;
          if (typeof member !== "function") return member;
          return (...args: unknown[]) => {
            if (name === "timeout") seconds.push(args[1] as number);
            return member.apply(target, args);
          };
        },
      });
    return original({ ...options, fetch: (request, server) => options.fetch(request, spy(server)) });
  };
  try {
    const events = () => {
      let count = 0;
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          await Promise.resolve();
          if (count++ === 3) return controller.close();
          controller.enqueue(new TextEncoder().encode(`data: ${count}\n\n`));
        },
      });
    };
    const handler = (request: Request): Response | Promise<Response> => {
      const { pathname } = new URL(request.url);
      if (pathname === "/now") return new Response("now");
      if (pathname === "/later") return Promise.resolve(new Response("later"));
      return new Response(events(), { headers: { "content-type": "text/event-stream" } });
    };
    await withServer(handler, { keepAlive: 7000 }, async (server) => {
      for (const [path, expected] of [["/now", []], ["/later", [0, 7]], ["/events", [0, 7]]] as const) {
        await (await fetch(new URL(path, server.url))).text();
        await until(() => server.statistics().active === 0, "the request has ended");
        assertEquals(seconds.splice(0), [...expected], path);
      }
    });
  } finally {
    Bun.serve = original;
  }
});
