/** What strangers may do to a server's WebSockets: each client is a raw connection that says its bytes itself. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { Handler, ServerWebSocket } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { errors } from "../../support/errors.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { binary, close, frame, open, ping, pong, repeat, text, utf8 } from "../../support/web_socket.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();
const isNode = host.startsWith("node");

async function echo(socket: ServerWebSocket): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

const echoes: Handler = (_request, context) => context.upgrade(echo);

test("empty messages that nobody takes are bounded: no more is read, or the client is cut off with 1008", async () => {
  let code = 0;
  const handler: Handler = (_request, context) =>
    context.upgrade(async (socket) => {
      void socket.closed.then((it) => code = it.code);
      await sleep(1e6);
    });
  await withServer(handler, { messageLimit: 1024 }, async (server) => {
    const { client, frames } = await open(server);
    client.socket.write(repeat(frame(binary), 100_000));
    client.socket.write(frame(ping));
    if (isNode) {
      // Time enough for a pong: another client gets fifty.
      const { client: other, frames: pongs } = await open(server);
      for (let count = 1; count <= 50; count++) {
        other.socket.write(frame(ping));
        await until(() => pongs().length === 2 * count, "another client is served");
      }
      other.leave();
    } else {
      await client.closed;
      assertEquals(code, 1008);
    }
    assert(!frames().includes(pong), "all was read");
    client.leave();
  });
});

test("a text that is longer than the limit only in bytes closes the socket with 1009, and one that just fits comes back", async () => {
  await withServer(echoes, { messageLimit: 1000 }, async (server) => {
    const { client, frames } = await open(server);
    client.socket.write(frame(text, utf8("é".repeat(500))));
    await until(() => frames().length === 1004, "the one that fits is back");
    client.socket.write(frame(text, utf8("é".repeat(498) + "a€a")));
    await until(() => frames().slice(1004).startsWith("\x88") && frames().slice(1006, 1008) === "\x03\xf1", "1009");
    client.leave();
  });
});

test("a message whose fragments never end is cut off with 1009; Deno collects it, and tells of nothing", async () => {
  await withServer(echoes, { messageLimit: 64 * 1024 }, async (server) => {
    const { client, frames } = await open(server);
    const piece = new Uint8Array(16 * 1024);
    client.socket.write(frame(0x02, piece));
    for (let count = 0; count < 15; count++) client.socket.write(frame(0x00, piece));
    client.socket.write(frame(ping));
    if (host === "deno") {
      await until(() => frames().startsWith(pong), "all was read");
      // The limit holds when the message is whole.
      client.socket.write(frame(0x80));
      await until(() => frames().slice(2).startsWith("\x88") && frames().slice(4, 6) === "\x03\xf1", "1009");
      client.leave();
    } else {
      await client.closed;
      // Bun says no code.
      assert(
        host === "bun" ? frames() === "" || frames().startsWith("\x88") : frames().slice(2, 4) === "\x03\xf1",
        frames(),
      );
    }
    await until(() => server.statistics().active === 0, "the slot is free");
  });
});

test("fragments without a byte are bounded on Node, which keeps each, and cost nothing on Bun", async () => {
  await withServer(echoes, { messageLimit: 1024 }, async (server) => {
    const { client, frames } = await open(server);
    client.socket.write(frame(0x02));
    client.socket.write(repeat(frame(0x00), 5000));
    client.socket.write(frame(0x80, utf8("end")));
    if (isNode) {
      await client.closed;
      assertEquals(frames().slice(2, 4), "\x03\xf0");
    } else {
      await until(() => frames().endsWith("end"), "the message is back");
      client.leave();
    }
    await until(() => server.statistics().active === 0, "the slot is free");
  });
});

for (
  const [title, send, body] of [
    ["after a message that was too long", frame(binary, new Uint8Array(2000)), echo],
    [
      "that its handler began",
      undefined,
      async (socket: ServerWebSocket) => (socket.close(3000, "bye"), void await socket.closed),
    ],
    ["that the end of its body began", undefined, () => {}],
  ] as const
) {
  test(`a client that does not answer the close ${title} has its connection cut and its slot freed in 2 s`, async () => {
    const { onError, seen } = errors();
    const handler: Handler = (_request, context) => context.upgrade(body);
    await withServer(handler, { messageLimit: 1000, onError }, async (server) => {
      const { client } = await open(server);
      // It holds its side open, whatever the server does.
      client.socket.allowHalfOpen = true;
      const began = performance.now();
      if (send !== undefined) client.socket.write(send);
      await until(() => server.statistics().active === 0, "the slot is free");
      assert(performance.now() - began < 3500, `it took ${performance.now() - began} ms`);
      assertEquals(seen, []);
      await until(() => client.socket.readableEnded || client.isClosed, "the connection has ended");
      client.leave();
    });
  });
}

test("a message and a close in one packet are no error of an echo, nor of a task of the request that sends", async () => {
  const { onError, seen } = errors();
  const handler: Handler = (_request, context) =>
    context.upgrade(async (socket) => {
      for await (const message of socket) {
        context.spawn(() => socket.send(message));
        await socket.send(message);
      }
    });
  await withServer(handler, { onError }, async (server) => {
    for (let count = 0; count < 5; count++) {
      const { client } = await open(server);
      client.socket.write(new Uint8Array([...frame(text, utf8("bye")), ...frame(close, new Uint8Array([3, 232]))]));
      await client.closed;
    }
    await until(() => server.statistics().active === 0, "the slots are free");
    assertEquals([seen, server.statistics().failed], [[], 0]);
  });
});

test("a handler that sends on a socket it has closed itself has made an error, which is reported", async () => {
  const { onError, seen } = errors();
  const handler: Handler = (_request, context) =>
    context.upgrade(async (socket) => {
      socket.close();
      await socket.send("late");
    });
  await withServer(handler, { onError }, async (server) => {
    const { client } = await open(server);
    client.socket.write(frame(close, new Uint8Array([3, 232])));
    await until(() => server.statistics().completed === 1, "the request has ended");
    assertEquals(seen.map((error) => (error as Error).name), ["WebSocketClosedError"]);
    client.leave();
  });
});

test("nothing is delivered after a close was sent", async () => {
  const got: unknown[] = [];
  const closing = latch();
  const handler: Handler = (_request, context) =>
    context.upgrade(async (socket) => {
      got.push(await socket.receive());
      socket.close(3000);
      closing.open();
      for await (const message of socket) got.push(message);
    });
  await withServer(handler, {}, async (server) => {
    const { client } = await open(server);
    client.socket.write(frame(text, utf8("first")));
    await closing.promise;
    client.socket.write(frame(text, utf8("late")));
    client.socket.write(frame(close, new Uint8Array([11, 184])));
    await until(() => server.statistics().active === 0, "the slot is free");
    assertEquals(got, ["first"]);
    client.leave();
  });
});

test("a ping comes back with its payload, also between the fragments of a message, and an unasked pong does nothing", async () => {
  await withServer(echoes, {}, async (server) => {
    const { client, frames } = await open(server);
    client.socket.write(frame(0x8a, utf8("unasked")));
    client.socket.write(frame(0x01, utf8("one ")));
    client.socket.write(frame(ping, utf8("p".repeat(125))));
    await until(() => frames() === `\x8a\x7d${"p".repeat(125)}`, "the pong has come");
    client.socket.write(frame(0x80, utf8("two")));
    await until(() => frames().endsWith("\x81\x07one two"), "the message has come");
    client.leave();
  });
});

for (
  const [title, bytes] of [
    ["a reserved bit", frame(0xc1, utf8("a"))],
    ["a reserved kind of frame", frame(0x83, utf8("a"))],
    ["a continuation of nothing", frame(0x80, utf8("a"))],
    ["a close with a code that may not be sent", frame(close, new Uint8Array([3, 237]))],
    ["a text that is no UTF-8", frame(text, new Uint8Array([0xc0, 0xaf]))],
    [
      "a length beyond all numbers",
      new Uint8Array([binary, 0xff, 0xff, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0]),
    ],
  ] as const
) {
  test(`${title} ends the socket, and is no error of the handler`, async () => {
    const { onError, seen } = errors();
    await withServer(echoes, { onError }, async (server) => {
      const { client, frames } = await open(server);
      client.socket.write(bytes);
      await client.closed;
      // Deno says a code only to a close.
      const isTold = host !== "deno" || bytes[0] === close;
      assertEquals(frames().slice(0, 1), isTold ? "\x88" : "");
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(seen, []);
    });
  });
}

test("a frame without a mask ends the socket with 1002; Deno takes it", async () => {
  await withServer(echoes, {}, async (server) => {
    const { client, frames } = await open(server);
    client.socket.write(new Uint8Array([text, 1, 97]));
    await until(() => frames().length >= 3, "it is answered");
    if (host === "deno") assertEquals(frames(), "\x81\x01a");
    else assertEquals([frames().slice(0, 1), frames().slice(2, 4)], ["\x88", "\x03\xea"]);
    client.leave();
    await until(() => server.statistics().active === 0, "the slot is free");
  });
});

const bytesOf = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(parts.flatMap((part) => [...part]));

for (
  const [title, bytes, code, onDeno] of [
    // Deno gives back a close that is as wrong.
    [
      "a close with more than 125 bytes",
      frame(close, bytesOf(new Uint8Array([3, 232]), utf8("r".repeat(130)))),
      "\x03\xea",
      `\x88~\x00\x84\x03\xe8${"r".repeat(130)}`,
    ],
    ["a ping with more than 125 bytes", frame(ping, utf8("p".repeat(126))), "\x03\xea", ""],
    [
      "a message begun within another, which is lost on Deno",
      bytesOf(frame(0x01, utf8("one")), frame(0x01, utf8("two")), frame(0x80, utf8("three"))),
      "\x03\xea",
      "\x81\x08twothree",
    ],
    [
      "a text that ends within a character, which Deno leaves out",
      bytesOf(frame(0x01, new Uint8Array([97, 0xc3])), frame(0x80)),
      "\x03\xef",
      "\x81\x01a",
    ],
  ] as const
) {
  test(`${title} ends the socket with a code, where the host looks, and never is an error of the handler`, async () => {
    const { onError, seen } = errors();
    await withServer(echoes, { onError }, async (server) => {
      const { client, frames } = await open(server);
      client.socket.write(bytes);
      if (host === "deno") {
        if (onDeno === "") await client.closed;
        await until(() => frames() === onDeno, "what Deno makes of it has come");
      } else {
        await client.closed;
        assertEquals([frames().slice(0, 1), frames().slice(2, 4)], ["\x88", code]);
      }
      client.leave();
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(seen, []);
    });
  });
}
