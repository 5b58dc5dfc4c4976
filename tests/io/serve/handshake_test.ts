/** Handshakes of WebSockets, good and bad, and clients that leave around them. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Handler, ServerWebSocket } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { errors } from "../../support/errors.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask, RawClient } from "../../support/http.ts";
import { until } from "../../support/within.ts";
import { binary, frame, handshake, repeat, text, utf8 } from "../../support/web_socket.ts";
import { withServer } from "./with_server.ts";

async function echo(socket: ServerWebSocket): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

const echoes: Handler = (_request, context) => context.upgrade(echo);

for (
  const [title, fields, line, expected] of [
    ["without a key", { "sec-websocket-key": undefined }, undefined, /^HTTP\/1.1 400 /],
    ["with a short key", { "sec-websocket-key": "YQ==" }, undefined, /^HTTP\/1.1 400 /],
    [
      "with two keys",
      { "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==, dGhlIHNhbXBsZSBub25jZQ==" },
      undefined,
      /^HTTP\/1.1 400 /,
    ],
    ["of version 8", { "sec-websocket-version": "8" }, undefined, /^HTTP\/1.1 426 [^]*sec-websocket-version: 13\r\n/i],
    [
      "without a version",
      { "sec-websocket-version": undefined },
      undefined,
      /^HTTP\/1.1 426 [^]*sec-websocket-version: 13\r\n/i,
    ],
    ["by POST", {}, "POST / HTTP/1.1", /^HTTP\/1.1 405 [^]*allow: GET\r\n/i],
    [
      "without connection: upgrade",
      { connection: "keep-alive" },
      undefined,
      /^HTTP\/1.1 426 [^]*upgrade: websocket\r\n/i,
    ],
    [
      "for other protocols beside",
      { upgrade: "h2c, websocket" },
      undefined,
      /^HTTP\/1.1 426 [^]*upgrade: websocket\r\n/i,
    ],
    [
      "for a protocol with a space that only Unicode knows",
      { upgrade: "\xa0websocket" },
      undefined,
      /^HTTP\/1.1 426 [^]*upgrade: websocket\r\n/i,
    ],
    ["with a subprotocol that is no name", { "sec-websocket-protocol": "a b" }, undefined, /^HTTP\/1.1 400 /],
    ["with a subprotocol twice", { "sec-websocket-protocol": "a, a" }, undefined, /^HTTP\/1.1 400 /],
  ] as const
) {
  test(`a handshake ${title} is its client's fault: it is refused, keeps no slot, and is no error of the handler`, async () => {
    const { onError, seen } = errors();
    await withServer(echoes, { onError }, async (server) => {
      const client = await ask(server, handshake(fields, line));
      await client.waitFor(expected);
      await until(() => server.statistics().completed === 1, "the request has ended");
      client.leave();
      assertEquals([server.statistics().active, server.statistics().failed, seen], [0, 0, []]);
    });
  });
}

test("names of fields and values of a handshake are read in any case, and no extension is agreed on however odd the offer", async () => {
  await withServer(echoes, {}, async (server) => {
    for (const extensions of ["permessage-deflate; server_max_window_bits=99", ";;", "x,,y"]) {
      const fields = {
        connection: "keep-alive, UPGRADE",
        upgrade: "WebSocket",
        "sec-websocket-extensions": extensions,
      };
      const client = await ask(server, handshake(fields));
      await client.waitFor(/^HTTP\/1.1 101 [^]*\r\n\r\n/);
      assert(!/sec-websocket-extensions/i.test(client.received), client.received);
      client.leave();
    }
  });
});

test("the subprotocol that is agreed on is the handler's choice and no other, and one only if there is a choice", async () => {
  const handler: Handler = (request, context) =>
    context.upgrade(echo, request.url.endsWith("/chat") ? { protocol: "chat" } : {});
  await withServer(handler, {}, async (server) => {
    for (const [path, answered] of [["/chat", "chat"], ["/none", undefined]] as const) {
      const client = await ask(server, handshake({ "sec-websocket-protocol": "news, chat" }, `GET ${path} HTTP/1.1`));
      await client.waitFor(/^HTTP\/1.1 101 [^]*\r\n\r\n/);
      assertEquals(/sec-websocket-protocol: (.*)\r\n/i.exec(client.received)?.[1], answered);
      client.leave();
    }
  });
});

for (const wait of [0, 20]) {
  for (const way of ["resets", "ends"] as const) {
    for (const after of [0, 5]) {
      const when = `${wait === 0 ? "comes" : "waits before it comes"} to upgrade, ${after} ms after its handshake`;
      test(`a client that ${way} its connection while its handler ${when}, keeps no slot and is no error`, async () => {
        const { onError, seen } = errors();
        await withServer(
          async (_request, context) => {
            if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
            return await context.upgrade(echo);
          },
          { onError },
          async (server) => {
            for (let count = 0; count < 5; count++) {
              const client = await ask(server, handshake());
              if (after > 0) await sleep(after);
              if (way === "resets") client.socket.resetAndDestroy();
              else client.leave();
            }
            // One that is never come to has no request either.
            await until(() => server.statistics().active === 0, "the slots are free");
            await sleep(wait + 20);
            await until(() => server.statistics().active === 0, "the slots are still free");
            assertEquals([server.statistics().failed, seen], [0, []]);
          },
        );
      });
    }
  }
}

test("a client that sends frames behind its handshake and leaves before its handler comes to upgrade keeps no slot", async () => {
  const { onError, seen } = errors();
  await withServer(
    async (_request, context) => {
      await sleep(30);
      return await context.upgrade(echo);
    },
    { onError },
    async (server) => {
      for (const way of ["resetAndDestroy", "destroy", "end"] as const) {
        const client = await RawClient.open(server.port);
        client.socket.write(
          new Uint8Array([...utf8(handshake()), ...frame(text, utf8("a")), ...frame(text, utf8("b"))]),
        );
        await sleep(5);
        client.socket[way]();
        await sleep(40);
        await until(() => server.statistics().active === 0, "the slot is free");
        client.leave();
      }
      assertEquals([seen, server.statistics().failed], [[], 0]);
    },
  );
});

// Bun ends the connection of a request behind one that is under way.
for (const wrong of hostOfThis() === "bun" ? [] : [{}, { "sec-websocket-key": "YQ==" }]) {
  const kind = "sec-websocket-key" in wrong ? "faulty" : "right";
  test(`a client that sends 180,000 bytes behind a ${kind} handshake before its turn gets the answer to what it asked before, and keeps no slot`, async () => {
    const { onError, seen } = errors();
    const handler: Handler = async (request, context) => {
      if (request.method === "GET") return await context.upgrade(echo);
      await sleep(60);
      return new Response("answered");
    };
    await withServer(handler, { onError }, async (server) => {
      const client = await RawClient.open(server.port);
      client.send("POST / HTTP/1.1\nhost: a\ncontent-length: 0\n\n" + handshake(wrong));
      client.socket.write(repeat(frame(binary, new Uint8Array(20_000)), 9));
      await client.waitFor(/^HTTP\/1.1 200 [^]*answered/);
      client.leave();
      await until(() => server.statistics().active === 0, "the slots are free");
      assertEquals([seen, server.statistics().failed], [[], 0]);
    });
  });
}

test("a request becomes a WebSocket once: a second call of upgrade is an error of the handler, and ends the first", async () => {
  const { onError, seen } = errors();
  const handler: Handler = async (_request, context) => {
    await context.upgrade(echo);
    return await context.upgrade(echo);
  };
  await withServer(handler, { onError }, async (server) => {
    const client = await ask(server, handshake());
    await until(() => server.statistics().completed === 1, "the request has ended");
    client.leave();
    assertEquals(seen.map((error) => (error as Error).name), ["TypeError"]);
  });
});

test("a frame in one packet with its handshake is delivered", async () => {
  await withServer(echoes, {}, async (server) => {
    const client = await RawClient.open(server.port);
    client.socket.write(new Uint8Array([...utf8(handshake()), ...frame(text, utf8("early"))]));
    await client.waitFor(/^HTTP\/1.1 101 [^]*early$/);
    client.leave();
  });
});

// Deno closes the connection of a body that nobody reads.
for (const size of hostOfThis() === "deno" ? [] : [20_000, 80_000, 140_000]) {
  test(`a handshake behind a body of ${size} bytes that nobody reads makes a socket like any other, whose client's leaving frees its slot`, async () => {
    const handler: Handler = async (request, context) => {
      if (request.method === "GET") return await context.upgrade(echo);
      await sleep(5);
      return new Response("not read");
    };
    await withServer(handler, {}, async (server) => {
      for (const leaves of ["reset", "end", "frames"]) {
        const first = `POST / HTTP/1.1\nhost: a\ncontent-length: ${size}\n\n${"b".repeat(size)}`;
        const client = await ask(server, first + handshake());
        // Such a body may as well end its connection.
        await Promise.race([client.waitFor(/HTTP\/1.1 101 [^]*\r\n\r\n/).catch(() => {}), client.closed]);
        if (leaves === "frames" && client.received.includes(" 101 ")) {
          client.socket.write(frame(text, utf8("a message")));
          await client.waitFor(/a message/);
        }
        if (leaves === "reset") client.socket.resetAndDestroy();
        else client.leave();
        await until(() => server.statistics().active === 0, `the slot is free after ${leaves}`);
      }
    });
  });
}
