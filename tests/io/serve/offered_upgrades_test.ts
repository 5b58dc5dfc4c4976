/** Requests that ask for another protocol: those that get none are served like any other, and no byte is read in two ways. */

import diagnostics from "node:diagnostics_channel";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Handler } from "../../../io/mod.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask, type RawClient } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const isNode = hostOfThis().startsWith("node");

const h2c = "connection: Upgrade, HTTP2-Settings\nupgrade: h2c\nhttp2-settings: AAMAAABkAAQCAAAAAAIAAAAA\n";
const foo = "connection: upgrade\nupgrade: foo\n";
const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\nsec-websocket-version: 13\n";
const socket = `connection: upgrade\nupgrade: websocket\n${key}`;
/** Read as bytes of HTTP, it would be a request. */
const second = "GET /two HTTP/1.1\na:GET /smuggled HTTP/1.1\nhost: a\n\n";

const ran: string[] = [];
const handler = async (request: Request) => {
  ran.push(`${request.method} ${new URL(request.url).pathname}`);
  return new Response(`<${await request.text()}>`);
};

const requests: [title: string, head: string, body: string, echo: string][] = [
  ["GET that offers h2c", `GET /one HTTP/1.1\nhost: a\n${h2c}\n`, "", "<>"],
  [
    "POST with a length that offers h2c",
    `POST /one HTTP/1.1\nhost: a\n${h2c}content-length: 5\n\n`,
    "hello",
    "<hello>",
  ],
  [
    "POST with a length and an upgrade to what nobody knows",
    `POST /one HTTP/1.1\nhost: a\n${foo}content-length: 5\n\n`,
    "hello",
    "<hello>",
  ],
  [
    "PUT in chunks with an upgrade",
    `PUT /one HTTP/1.1\nhost: a\n${foo}transfer-encoding: chunked\n\n`,
    "3\nhel\n2\nlo\n0\n\n",
    "<hello>",
  ],
  ["POST that asks for a WebSocket", `POST /one HTTP/1.1\nhost: a\n${socket}content-length: 5\n\n`, "hello", "<hello>"],
  [
    "GET with a body that asks for a WebSocket",
    `GET /one HTTP/1.1\nhost: a\n${socket}content-length: 5\n\n`,
    "hello",
    "<>",
  ],
  [
    "request with an upgrade in a list",
    `GET /one HTTP/1.1\nhost: a\nconnection: upgrade\nupgrade: h2c, websocket\n${key}\n`,
    "",
    "<>",
  ],
];

/** What has run is what was sent, and the first answer is that of the first request. */
function assertFramed(client: RawClient, first: string, echo: string): void {
  assertEquals(ran[0], first);
  assert(ran.every((it) => it === first || it === "GET /two"), ran.join(", "));
  assert(client.received.includes(`\r\n\r\n${echo}`), client.received);
}

for (const [title, head, body, echo] of requests) {
  const first = `${head.split(" ")[0]} /one`;
  // Deno's own server answers an upgrade beside a body with 400; then nothing is to be run at all.
  const isRefused = hostOfThis() === "deno" && body !== "";

  test(`a ${title} is served with its body, and what follows is read as what it is`, async () => {
    ran.length = 0;
    await withServer(handler, {}, async (server) => {
      const client = await ask(server, head + body + second);
      if (isRefused) {
        await client.waitFor(/^HTTP\/1\.1 400 /);
        return client.leave();
      }
      await client.waitFor(/<(hello)?>/);
      client.socket.end();
      await client.closed;
      assertFramed(client, first, echo);
      await until(() => server.statistics().active === 0, "no slot is taken");
    });
  });

  test(`a ${title} that comes in two pieces, cut anywhere, is served with its body`, async () => {
    await withServer(handler, {}, async (server) => {
      const text = (head + body + second).replace(/\n/g, "\r\n");
      // Each cut near an end of a part, and some in between.
      const ends = [0, head.replace(/\n/g, "\r\n").length, (head + body).replace(/\n/g, "\r\n").length, text.length];
      const cuts = Array.from({ length: text.length }, (_, at) => at + 1)
        .filter((at) => at % 11 === 0 || ends.some((end) => Math.abs(end - at) < 4));
      for (const cut of cuts) {
        ran.length = 0;
        const client = await ask(server, "");
        client.socket.write(text.slice(0, cut), "latin1");
        // What was sent before has come when another client has been answered.
        await (await fetch(new URL("/two", server.url))).text();
        client.socket.write(text.slice(cut), "latin1");
        if (isRefused) await client.waitFor(/^HTTP\/1\.1 400 /);
        else await client.waitFor(/<(hello)?>/);
        client.socket.end();
        await client.closed;
        const [other] = ran.splice(ran.indexOf("GET /two"), 1);
        assertEquals(other, "GET /two");
        if (!isRefused) assertFramed(client, first, echo);
      }
      await until(() => server.statistics().active === 0, "no slot is taken");
    });
  });
}

test("what follows a request whose upgrade is not wanted is served too, on the same connection", async () => {
  ran.length = 0;
  await withServer(handler, {}, async (server) => {
    const client = await ask(
      server,
      `GET /one HTTP/1.1\nhost: a\n${h2c}\n`.repeat(30) + "GET /last HTTP/1.1\nhost: a\n\n",
    );
    await until(() => ran.length === 31, "all have run");
    assertEquals(ran.at(-1), "GET /last");
    client.leave();
  });
});

test("a request that closes its connection and offers an upgrade closes it", async () => {
  await withServer(handler, {}, async (server) => {
    const client = await ask(server, `GET /one HTTP/1.1\nhost: a\nconnection: close, upgrade\nupgrade: foo\n\n`);
    await client.closed;
    assert(/connection: close/i.test(client.received), client.received);
  });
});

test("a client that leaves in the middle of a body with an upgrade frees the slot", async () => {
  const errors: unknown[] = [];
  await withServer(handler, { onError: (error) => errors.push(error) }, async (server) => {
    for (const leave of ["end", "destroy"] as const) {
      const client = await ask(server, `POST /one HTTP/1.1\nhost: a\n${foo}content-length: 10\n\nabc`);
      if (hostOfThis() !== "deno") await until(() => server.statistics().active === 1, "the handler has begun");
      client.socket[leave]();
      await client.closed;
      await until(() => server.statistics().active === 0, "the slot is free");
    }
    assertEquals(errors, []);
  });
});

if (isNode) {
  test("a client that leaves while its request with an upgrade and a whole body is handled frees the slot, however it leaves", async () => {
    const waits: Handler = async (request, { signal }) => {
      const isWaiting = new URL(request.url).pathname === "/one";
      if (isWaiting) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      return new Response("");
    };
    await withServer(waits, {}, async (server) => {
      const head = `POST /one HTTP/1.1\nhost: a\n${foo}content-length: 5\n\n`;
      let left = 0;
      for (const pieces of [[`${head}hello`], [head, "hello"], [`${head}he`, "llo", second]]) {
        for (const leave of ["end", "destroy", "resetAndDestroy"] as const) {
          const client = await ask(server, "");
          for (const piece of pieces) {
            client.send(piece);
            // What was sent before has come when another client has been answered.
            await (await fetch(new URL("/two", server.url))).text();
          }
          await until(() => server.statistics().active === 1, "its handler has begun");
          client.socket[leave]();
          await until(() => server.statistics().disconnected === left + 1, `${leave} is noticed`);
          left++;
        }
      }
    });
  });

  test("a handshake in one packet behind a request that waits is done after its answer, with what came behind it", async () => {
    const gate = latch();
    const echo = withGate(gate.promise);
    await withServer(echo, {}, async (server) => {
      // A text frame with "a" in it, as clients mask them.
      const frame = "\x81\x81\x00\x00\x00\x00a";
      const client = await ask(
        server,
        `GET /wait HTTP/1.1\nhost: a\n\nGET /socket HTTP/1.1\nhost: a\n${socket}\n${frame}`,
      );
      await until(() => server.statistics().active === 1, "the first handler has begun");
      gate.open();
      await client.waitFor(/ 200 [^]*waited[^]* 101 [^]*a$/);
      assert(client.received.endsWith("\r\n\r\n\x81\x01a"), "the frame is not sent back");
      client.leave();
      await until(() => server.statistics().active === 0, "no slot is taken");
    });
  });

  test("a client that leaves with a handshake behind a request that waits frees every slot", async () => {
    for (const leave of ["end", "destroy"] as const) {
      const gate = latch();
      await withServer(withGate(gate.promise), {}, async (server) => {
        const client = await ask(server, `GET /wait HTTP/1.1\nhost: a\n\nGET /socket HTTP/1.1\nhost: a\n${socket}\n`);
        await until(() => server.statistics().active === 1, "the first handler has begun");
        client.socket[leave]();
        await until(() => server.statistics().disconnected === 1, "its leaving is noticed");
        gate.open();
        await until(() => server.statistics().active === 0, "no slot is taken");
        assertEquals(server.statistics().completed, 1);
      });
    }
  });

  test("a handshake on a socket that Node has not taken back from an answer which is over ends its connection, not the process", async () => {
    const { subscribe, unsubscribe } = diagnostics;
    const channel = "http.server.response.finish";
    const kept = latch();
    const keep = (message: unknown): void => {
      const { socket, response } = message as { socket: { _httpMessage: unknown }; response: unknown };
      // Behind the end of the answer, whenever that is told.
      setImmediate(() => (socket._httpMessage = response, kept.open()));
    };
    await withServer(withGate(Promise.resolve()), {}, async (server) => {
      subscribe(channel, keep);
      const client = await ask(server, "GET /wait HTTP/1.1\nhost: a\n\n");
      await kept.promise;
      unsubscribe(channel, keep);
      client.send(`GET /socket HTTP/1.1\nhost: a\n${socket}\n`);
      await client.closed;
      assert(/^HTTP\/1\.1 200 [^]*waited$/.test(client.received), client.received);
      assertEquals(server.statistics().active, 0);
      assertEquals(await (await fetch(new URL("/wait", server.url))).text(), "waited");
    });
  });

  test("a client that floods the server before its handshake is answered is cut off", async () => {
    const gate = latch();
    await withServer(withGate(gate.promise), {}, async (server) => {
      const client = await ask(server, `GET /slow HTTP/1.1\nhost: a\n${socket}\n`);
      await until(() => server.statistics().active === 1, "the handler has begun");
      client.send("x".repeat(1_000_000));
      await client.closed;
      gate.open();
      await until(() => server.statistics().active === 0, "no slot is taken");
    });
  });
}

/** Answers /wait when told, and makes a socket of anything else, of /slow when told. */
function withGate(gate: Promise<void>): Handler {
  return async (request, context) => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/socket") await gate;
    if (pathname === "/wait") return new Response("waited");
    return await context.upgrade(async (it) => {
      for await (const message of it) await it.send(message);
    });
  };
}
