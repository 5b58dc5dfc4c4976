import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { WebSocket as Client } from "ws";
import { type RequestRecord, type Server, type ServerWebSocket, WebSocketClosedError } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const host = hostOfThis();

/** A client that has connected, and what it got. */
interface Connected {
  readonly client: WebSocket;
  readonly messages: (string | number)[];
  readonly closed: Promise<number>;
}

/** The host's own client; Node 20 has none. */
const ClientClass = (globalThis.WebSocket ?? Client) as typeof WebSocket;

async function connect(server: Server, protocols?: string): Promise<Connected> {
  const url = `ws://127.0.0.1:${server.port}/`;
  const client = protocols === undefined ? new ClientClass(url) : new ClientClass(url, protocols);
  client.binaryType = "arraybuffer";
  const messages: (string | number)[] = [];
  client.addEventListener("message", ({ data }: MessageEvent) => {
    messages.push(typeof data === "string" ? data : (data as ArrayBuffer).byteLength);
  });
  const closed = new Promise<number>((resolve) => client.addEventListener("close", ({ code }) => resolve(code)));
  await new Promise<void>((resolve, reject) => {
    client.addEventListener("open", () => resolve());
    client.addEventListener("close", () => reject(new Error("The socket was closed before it opened")));
  });
  return { client, messages, closed };
}

async function echo(socket: ServerWebSocket): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

test("a request becomes a WebSocket whose messages come and go, and holds its slot until it is closed", async () => {
  const records: RequestRecord[] = [];
  await withServer(
    (_request, context) => context.upgrade(echo),
    { onRequest: (_request, record) => records.push(record) },
    async (server) => {
      const { client, messages, closed } = await connect(server);
      client.send("hällo");
      client.send(new Uint8Array(3));
      await until(() => messages.length === 2, "both have come back");
      assertEquals(messages, ["hällo", 3]);
      assertEquals(server.statistics().active, 1);
      client.close(1000);
      assertEquals(await closed, 1000);
      await until(() => server.statistics().active === 0, "the slot is free");
      assertEquals(records.map(({ status, end }) => [status, end]), [[101, "sent"]]);
      assertEquals([server.statistics().disconnected, server.statistics().failed], [0, 0]);
    },
  );
});

test("the end of its body closes a socket with 1000, an error with 1011, and that is reported", async () => {
  const seen: unknown[] = [];
  const bug = new Error("bug");
  const handler = (request: Request, context: Parameters<Parameters<typeof withServer>[0]>[1]) =>
    context.upgrade(async (socket) => {
      await socket.send("hello");
      if (request.headers.get("sec-websocket-protocol") === "bad") throw bug;
    }, request.headers.has("sec-websocket-protocol") ? { protocol: "bad" } : {});
  await withServer(handler, { onError: (error) => seen.push(error) }, async (server) => {
    assertEquals(await (await connect(server)).closed, 1000);
    const bad = await connect(server, "bad");
    assertEquals(bad.client.protocol, "bad");
    assertEquals(await bad.closed, 1011);
    await until(() => server.statistics().completed === 2, "both have ended");
    assertEquals(seen, [bug]);
  });
});

test("a drain closes sockets with 1001 at its grace, and their bodies see the cancellation", async () => {
  const seen: unknown[] = [];
  let server!: Server;
  let connected!: Connected;
  await withServer(
    (_request, context) =>
      context.upgrade(async () => {
        await sleep(1e6).catch((error) => {
          seen.push((error as { source?: string }).source);
          throw error;
        });
      }),
    {},
    async (it) => {
      server = it;
      connected = await connect(server);
      await until(() => server.statistics().tasks === 1, "the body runs");
      assertEquals(await server.drain({ grace: 10, force: 20_000 }), { finished: 0, cancelled: 1, forced: 0 });
    },
  );
  assertEquals(await connected.closed, 1001);
  assertEquals(seen, ["shutdown"]);
});

test("a body that ignores its cancellation does not keep its client", async () => {
  const go = latch();
  const handler = (_request: Request, context: Parameters<Parameters<typeof withServer>[0]>[1]) =>
    context.upgrade(() => go.promise);
  await withServer(handler, {}, async (server) => {
    const { closed } = await connect(server);
    await until(() => server.statistics().tasks === 1, "the body runs");
    const draining = server.drain({ grace: 10, force: 20_000 });
    assertEquals(await closed, 1001);
    go.open();
    await draining;
  });
});

test("when the client closes, the messages end, sends reject and the body goes on", async () => {
  const close = latch<unknown>();
  const rejected = latch<unknown>();
  await withServer(
    (_request, context) =>
      context.upgrade(async (socket) => {
        await echo(socket);
        close.open(await socket.closed);
        rejected.open(await socket.send("late").catch((error) => error));
        assertEquals(await socket.receive(), undefined);
      }),
    {},
    async (server) => {
      const { client } = await connect(server);
      client.close(3001, "bye");
      assertEquals(await close.promise, { code: 3001, reason: "bye" });
      const error = await rejected.promise;
      assertInstanceOf(error, WebSocketClosedError);
      assertEquals([error.code, error.reason], [3001, "bye"]);
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals([server.statistics().disconnected, server.statistics().failed], [0, 0]);
    },
  );
});

test("a connection that is lost cancels the request, with source disconnect", async () => {
  const seen = latch<unknown>();
  await withServer(
    (_request, context) =>
      context.upgrade(() =>
        sleep(1e6).catch((error) => {
          seen.open((error as { source?: string }).source);
          throw error;
        })
      ),
    {},
    async (server) => {
      const client = await handshake(server);
      await until(() => server.statistics().tasks === 1, "the body runs");
      client.leave();
      assertEquals(await seen.promise, "disconnect");
      await until(() => server.statistics().active === 0, "the request has ended");
      assertEquals(server.statistics().disconnected, 1);
    },
  );
});

/** A client that says its bytes itself. */
async function handshake(server: Server): ReturnType<typeof ask> {
  const client = await ask(
    server,
    "GET / HTTP/1.1\nhost: a\nconnection: upgrade\nupgrade: websocket\nsec-websocket-version: 13\n" +
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n\n",
  );
  await client.waitFor(/^HTTP\/1.1 101 [^]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/);
  return client;
}

test("a message longer than the limit closes the socket with 1009", async () => {
  const close = latch<number>();
  await withServer(
    (_request, context) =>
      context.upgrade(async (socket) => {
        await echo(socket);
        close.open((await socket.closed).code);
      }),
    { messageLimit: 1000 },
    async (server) => {
      const { client, messages, closed } = await connect(server);
      client.send("x".repeat(1000));
      await until(() => messages.length === 1, "one that fits comes back");
      client.send("x".repeat(1001));
      assertEquals([await closed, await close.promise], [1009, 1009]);
    },
  );
});

test("a send waits for a client that takes nothing, and ends with its request", async () => {
  let sent = 0;
  await withServer(
    (_request, context) =>
      context.upgrade(async (socket) => {
        for (const chunk = new Uint8Array(64 * 1024);; sent++) await socket.send(chunk);
      }),
    {},
    async (server) => {
      const client = await handshake(server);
      client.socket.pause();
      let before = -1;
      // It comes to stand: after what the two sides' systems hold.
      while (before !== sent && sent < 1000) {
        before = sent;
        await sleep(50);
      }
      assert(sent < 1000, `${sent} chunks were sent to a client that takes none`);
      client.leave();
      await until(() => server.statistics().active === 0, "the request has ended");
    },
  );
});

test("messages that nobody takes are bounded", async () => {
  const go = latch();
  const close = latch<number>();
  const closing = latch();
  let got = 0;
  await withServer(
    (_request, context) =>
      context.upgrade(async (socket) => {
        void socket.closed.then(() => closing.open());
        await go.promise;
        for await (const message of socket) got += message.length;
        close.open((await socket.closed).code);
      }),
    { messageLimit: 1000 },
    async (server) => {
      const { client } = await connect(server);
      for (let count = 0; count < 200; count++) client.send("x".repeat(1000));
      if (host.startsWith("node")) {
        // Node reads no more; all is there when somebody takes it.
        go.open();
        await until(() => got === 200_000, "all have come");
        client.close();
      } else {
        await closing.promise;
        go.open();
        assertEquals(await close.promise, 1008);
      }
      await until(() => server.statistics().active === 0, "the request has ended");
      if (!host.startsWith("node")) assert(got <= 17_000, `${got} bytes were kept`);
    },
  );
});

test("a request that asks for no WebSocket is 426, one for another subprotocol 400; the handler may refuse any", async () => {
  await withServer(
    (request, context) => {
      if (new URL(request.url).pathname === "/refused") return new Response("not you", { status: 401 });
      return context.upgrade(echo, { protocol: "chat" });
    },
    {},
    async (server) => {
      const plain = await fetch(server.url);
      assertEquals([plain.status, plain.headers.get("upgrade")], [426, "websocket"]);
      await plain.text();
      const head = "connection: upgrade\nupgrade: websocket\nsec-websocket-version: 13\n" +
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n";
      const other = await ask(server, `GET / HTTP/1.1\nhost: a\n${head}sec-websocket-protocol: news\n\n`);
      await other.waitFor(/^HTTP\/1.1 400 /);
      other.leave();
      const refused = await ask(server, `GET /refused HTTP/1.1\nhost: a\n${head}\n`);
      await refused.waitFor(/^HTTP\/1.1 401 [^]*not you/);
      refused.leave();
    },
  );
});

test("wrong arguments of a socket throw at the call", async () => {
  const done = latch();
  await withServer(
    (_request, context) => {
      assertThrows(() => context.upgrade(1 as never), TypeError);
      assertThrows(() => context.upgrade(echo, { protocol: 1 as never }), TypeError);
      return context.upgrade(async (socket) => {
        assertThrows(() => void socket.send(1 as never), TypeError);
        assertThrows(() => socket.close(1001), RangeError, "1001");
        assertThrows(() => socket.close(1000, "x".repeat(124)), RangeError);
        socket.close();
        socket.close(3000);
        await assertRejects(() => socket.send("late"), WebSocketClosedError);
        done.open();
      });
    },
    {},
    async (server) => {
      const { closed } = await connect(server);
      await done.promise;
      assertEquals(await closed, 1000);
    },
  );
});
