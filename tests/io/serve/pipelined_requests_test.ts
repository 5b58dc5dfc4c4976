/** Requests that come before the answers to those before them, and what comes behind them that is no request. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Server } from "../../../io/mod.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const isNode = hostOfThis().startsWith("node");

const get = (path: string, fields = "") => `GET ${path} HTTP/1.1\nhost: a\n${fields}\n`;
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);

/** A handler whose answers have to be let go, one by one. */
function held() {
  const ran: string[] = [];
  const gates: (() => void)[] = [];
  let most = 0;
  let running = 0;
  return {
    ran,
    get most() {
      return most;
    },
    handler: async (request: Request, { signal }: { signal: AbortSignal }) => {
      ran.push(new URL(request.url).pathname);
      most = Math.max(most, ++running);
      const gate = latch();
      gates.push(gate.open);
      signal.addEventListener("abort", () => gate.open(), { once: true });
      await gate.promise;
      running--;
      return new Response(new URL(request.url).pathname + ";");
    },
    /** Lets the handlers that have begun go on, until so many have run. */
    async release(count: number): Promise<void> {
      for (let released = 0; released < count; released++) {
        await until(() => gates.length > 0, `handler ${released} has begun`);
        gates.shift()!();
      }
    },
  };
}

async function assertFree(server: Server): Promise<void> {
  await until(() => server.statistics().active + server.statistics().queued === 0, "every slot is free");
}

test("a thousand requests in one packet are all answered in their order, and few handlers run at once", async () => {
  let running = 0;
  let most = 0;
  const handler = async (request: Request) => {
    most = Math.max(most, ++running);
    await undefined;
    running--;
    return new Response(new URL(request.url).pathname + ";");
  };
  await withServer(handler, {}, async (server) => {
    const paths = Array.from({ length: 1000 }, (_, index) => `/${index}`);
    const client = await ask(server, paths.map((path) => get(path)).join(""));
    await client.waitFor(/\/999;$/);
    assertEquals(client.received.match(/\/\d+;/g), paths.map((path) => `${path};`));
    assert(most <= 16, `${most} at once`);
    client.leave();
    await assertFree(server);
  });
});

test("a client that pipelines and leaves frees every slot, whichever handler runs", async () => {
  for (const count of [1, 5, 40, 400]) {
    const requests = held();
    await withServer(requests.handler, { maxConcurrent: 500 }, async (server) => {
      const client = await ask(server, get("/a").repeat(count));
      await until(() => requests.ran.length > 0, "a handler has begun");
      client.leave();
      await assertFree(server);
      assert(requests.most <= 16);
    });
  }
});

test("a client that ends its side behind pipelined requests frees every slot", async () => {
  const requests = held();
  await withServer(requests.handler, {}, async (server) => {
    const client = await ask(server, get("/a").repeat(5));
    await until(() => requests.ran.length > 0, "a handler has begun");
    client.socket.end();
    if (!isNode) await requests.release(1);
    await assertFree(server);
  });
});

test("bytes behind a request that closes are ignored, and its answer goes out", async () => {
  for (const more of [get("/more"), "no request\n\n", "POST /more HTTP/1.1\nhost: a\ncontent-length: 3\n\nabc"]) {
    const requests = held();
    await withServer(requests.handler, {}, async (server) => {
      const client = await ask(server, get("/a", "connection: x, Close\n") + more);
      await requests.release(1);
      await client.closed;
      assert(/^HTTP\/1\.1 200 [^]*connection: close[^]*\/a;$/i.test(client.received), client.received);
      assertEquals(requests.ran, ["/a"]);
    });
  }
});

test("bytes behind a request that closes are ignored also when its handler answers at once", async () => {
  const ran: string[] = [];
  const handler = (request: Request) => (ran.push(request.url), new Response("at once"));
  await withServer(handler, {}, async (server) => {
    const client = await ask(server, get("/a", "connection: close\n") + get("/more"));
    await client.closed;
    assert(/^HTTP\/1\.1 200 [^]*at once$/.test(client.received), client.received);
    assertEquals(ran, ["http://a/a"]);
  });
});

test("a request that comes while a stream is sent is answered after it; on Bun the stream is cut off, and the request not run", async () => {
  const ran: string[] = [];
  const rest = latch();
  const handler = (request: Request) => {
    const { pathname } = new URL(request.url);
    ran.push(pathname);
    if (pathname !== "/stream") return new Response("behind");
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new TextEncoder().encode("one"));
        await rest.promise;
        controller.enqueue(new TextEncoder().encode("two"));
        controller.close();
      },
    });
    return new Response(body);
  };
  await withServer(handler, {}, async (server) => {
    const client = await ask(server, get("/stream"));
    await client.waitFor(/one/);
    client.send(get("/behind"));
    if (hostOfThis() === "bun") {
      await client.closed;
      assert(!client.received.includes("two"), client.received);
      assertEquals(ran, ["/stream"]);
      rest.open();
    } else {
      await (await fetch(new URL("/other", server.url))).text();
      rest.open();
      await client.waitFor(/one[^]*two[^]* 200 [^]*behind$/);
      client.leave();
    }
    await assertFree(server);
  });
});

test("a stream whose client ends its side is cut off, and nothing behind it is run; Deno runs it, and says 100 within the stream", async () => {
  const ran: string[] = [];
  const go = latch();
  const handler = async (request: Request) => {
    ran.push(new URL(request.url).pathname);
    if (ran.length > 1) return new Response(await request.text());
    let pulls = 0;
    return new Response(
      new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (pulls++ > 0) await go.promise;
          controller.enqueue(new TextEncoder().encode("part"));
          if (pulls > 1) controller.close();
        },
      }),
    );
  };
  await withServer(handler, {}, async (server) => {
    const client = await ask(server, get("/stream"));
    await client.waitFor(/part/);
    client.send("POST /behind HTTP/1.1\nhost: a\nexpect: 100-continue\ncontent-length: 3\n\nabc");
    client.socket.end();
    await client.closed;
    go.open();
    const isDeno = hostOfThis() === "deno";
    if (isDeno) await until(() => ran.length === 2, "what is behind it has run");
    await assertFree(server);
    assertEquals(ran, isDeno ? ["/stream", "/behind"] : ["/stream"]);
    assertEquals(statuses(client.received), isDeno ? ["200", "100"] : ["200"]);
    assert(!client.received.includes("0\r\n\r\n"), client.received);
    assertEquals(server.statistics().disconnected, 1);
  });
});

test("chunks that are wrong behind their data are no body; Bun gives the body, and runs nothing behind a wrong end", async () => {
  const good = "3\nabc\n";
  for (const chunks of ["3;a=\x7f\nabc\n0\n\n", `${good}0\nxx`, `${good}0\nno field\n\n`]) {
    const isEnd = chunks.startsWith(good);
    const bodies: (string | undefined)[] = [];
    const handler = async (request: Request) => {
      bodies.push(await request.text().catch(() => undefined));
      return new Response("");
    };
    await withServer(handler, {}, async (server) => {
      const client = await ask(server, `POST / HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n\n${chunks}`);
      client.send(get("/behind").replace("host: a", "host: a\nconnection: close"));
      await client.closed;
      await assertFree(server);
      const read = bodies.filter((body) => body !== undefined);
      const onBun = isEnd ? ["abc"] : ["abc", ""];
      assertEquals(read, hostOfThis() === "bun" ? onBun : [], chunks);
    });
  }
});

if (isNode) {
  test("what is wrong behind good requests waits for their answers; then it is refused, and the connection closed", async () => {
    const wrong: [string, string][] = [
      ["BAD\n\n", "400"],
      [get("/x").replace("host: a", "host:"), "400"],
      ["CONNECT a:80 HTTP/1.1\nhost: a\n\n", "405"],
      ["GET /x HTTP/2.0\nhost: a\n\n", "505"],
      ["FOO /x HTTP/1.1\nhost: a\n\n", "501"],
      ["POST /x HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n\nzz\n", "400"],
    ];
    for (const [text, status] of wrong) {
      const requests = held();
      await withServer(requests.handler, {}, async (server) => {
        const client = await ask(server, get("/a") + get("/b") + text + get("/behind"));
        await until(() => requests.ran.length > 0, "a handler has begun");
        assertEquals(client.received, "");
        await requests.release(2);
        await client.closed;
        assertEquals(statuses(client.received), ["200", "200", status], text);
        assertEquals(requests.ran, ["/a", "/b"]);
        await assertFree(server);
      });
    }
  });

  test("what is wrong in a packet of its own, while a handler runs, does not replace its answer", async () => {
    const requests = held();
    await withServer(requests.handler, {}, async (server) => {
      const client = await ask(server, get("/a"));
      await until(() => requests.ran.length > 0, "a handler has begun");
      client.send("BAD\n\n");
      client.send("BAD\n\n");
      const other = await ask(server, get("/other"));
      await until(() => requests.ran.length > 1, "what was sent before has been read");
      await requests.release(2);
      await client.closed;
      assertEquals(statuses(client.received), ["200", "400"]);
      other.leave();
    });
  });

  test("a client that sends no request and leaves, behind one that waits, frees the slot", async () => {
    const refused = "GET / HTTP/1.1\nhost:\n\n";
    for (const text of ["BAD\n\n", "GET / HTTP/1.1\nho", "CONNECT a:80 HTTP/1.1\nhost: a\n\n", `${refused}GET / HT`]) {
      for (const leave of ["end", "destroy"] as const) {
        const requests = held();
        await withServer(requests.handler, {}, async (server) => {
          const client = await ask(server, get("/a") + text);
          await until(() => requests.ran.length > 0, "a handler has begun");
          client.socket[leave]();
          await assertFree(server);
          assertEquals(server.statistics().disconnected, 1, `${text} ${leave}`);
        });
      }
    }
  });

  test("a client that sends on behind the last request that is answered is cut off in time, not read for ever", async () => {
    await withServer(() => new Response(""), {}, async (server) => {
      const client = await ask(server, get("/a", "connection: close\n"));
      const flood = setInterval(() => client.socket.writable && client.send(get("/more").repeat(50)), 1);
      await client.closed;
      clearInterval(flood);
      assertEquals(server.statistics().completed, 1);
    });
  });

  test("a body that breaks is its client's fault: the read rejects, the client gets 400, and the slot is free", async () => {
    const errors: unknown[] = [];
    const read = latch<unknown>();
    const handler = async (request: Request) => {
      await request.text().catch((error) => (read.open(error), Promise.reject(error)));
      return new Response("");
    };
    await withServer(handler, { onError: (error) => errors.push(error) }, async (server) => {
      const client = await ask(server, "POST / HTTP/1.1\nhost: a\ntransfer-encoding: chunked\n\n3\nabc\n");
      await until(() => server.statistics().active === 1, "the handler has begun");
      client.send("zz\n");
      await client.closed;
      assertEquals(statuses(client.received), ["400"]);
      assert(await read.promise instanceof Error);
      await assertFree(server);
      assertEquals([errors, server.statistics().disconnected], [[], 1]);
    });
  });
}
