/** What a drain says on its connections, and which of them it does not wait for. */

import { test } from "node:test";
import { connect as connectTls } from "node:tls";
import { assert, assertEquals } from "@std/assert";
import type { Handler, Server } from "../../../io/mod.ts";
import { sleep } from "../../../mod.ts";
import { certificate } from "../../support/certificate.ts";
import { start } from "../../support/child.ts";
import { hostOfThis } from "../../support/hosts.ts";
import { ask, RawClient } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { handshake } from "../../support/web_socket.ts";
import { until } from "../../support/within.ts";
import { withServer } from "./with_server.ts";

const get = "GET / HTTP/1.1\nhost: a\n\n";

/** A stream that takes its time. */
const slow = (chunk: string) =>
  new ReadableStream<Uint8Array>({
    async pull(controller) {
      await sleep(1);
      controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });

for (
  const [title, make] of [
    ["a text", () => new Response("done")],
    ["a stream", () => new Response(slow("done"))],
    ["nothing", () => new Response(null, { status: 204 })],
    ["a redirection, whose fields cannot be changed", () => Response.redirect("http://a/done")],
    ["what another server has said", async () => new Response((await fetch("data:,done")).body)],
    ["an error", () => Promise.reject(new Error("done"))],
  ] as const
) {
  test(`an answer during a drain says that it is the last of its connection, which is closed behind it: ${title}`, async () => {
    const go = latch();
    const handler: Handler = async () => {
      await go.promise;
      return await make();
    };
    await withServer(handler, { onError() {} }, async (server) => {
      const client = await ask(server, get);
      await until(() => server.statistics().active === 1, "the request runs");
      const draining = server.drain({ grace: 20_000 });
      go.open();
      await client.closed;
      assert(/^HTTP\/1\.1 [2-5]\d\d [^]*\r\nconnection: close\r\n/i.test(client.received), client.received);
      assertEquals((await draining).finished, 1);
    });
  });
}

test("a request that comes on an open connection just after a drain has begun is answered, by a refusal, and that is the last", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    const client = await ask(server, get);
    await client.waitFor(/hello$/);
    client.received = "";
    const draining = server.drain({ grace: 20_000 });
    client.send(get);
    await client.closed;
    // Node may have closed it before.
    assert(/^(|HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n[^]*)$/i.test(client.received), client.received);
    await draining;
  });
});

test("a connection that is opened just before a drain has its first request answered", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    const client = await RawClient.open(server.port);
    const draining = server.drain({ grace: 20_000 });
    client.send(get);
    await client.waitFor(/^HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n/i);
    await client.closed;
    await draining;
  });
});

/** How long a drain takes, in ms, with a grace that nobody has to wait for. */
async function timeOfDrain(server: Server): Promise<number> {
  const began = performance.now();
  await server.drain({ grace: 20_000, force: 40_000 });
  return performance.now() - began;
}

test("a drain does not wait for who has sent nothing, or a part of a head", async () => {
  await withServer(() => new Response("hello"), {}, async (server) => {
    const clients = [await ask(server, ""), await ask(server, "GET / HTTP/1.1\nho"), await ask(server, "POST")];
    const again = await ask(server, get);
    await again.waitFor(/hello$/);
    again.send("GET / HTTP/1.1\nho");
    const time = await timeOfDrain(server);
    assert(time < 3000, `it took ${time} ms`);
    // Bun lets go of one that has never sent anything without closing it.
    const [silent, ...others] = clients;
    await Promise.all([...others, again].map((client) => client.closed));
    if (hostOfThis() !== "bun") await silent!.closed;
    silent!.leave();
  });
});

test("a drain does not wait for who has begun no handshake of TLS, or a part of one", async () => {
  await withServer(() => new Response("hello"), { tls: certificate }, async (server) => {
    const clients = [await RawClient.open(server.port), await RawClient.open(server.port)];
    clients[1]!.socket.write(new Uint8Array([22, 3, 1, 2, 0, 1]));
    const time = await timeOfDrain(server);
    assert(time < 3000, `it took ${time} ms`);
    for (const client of clients) client.leave();
  });
});

test("a drain with TLS refuses new connections, on Deno when all requests have ended", async () => {
  const go = latch();
  const handler: Handler = async () => (await go.promise, new Response("done"));
  await withServer(handler, { tls: certificate }, async (server) => {
    const { port } = server;
    const client = connectTls({ port, host: "127.0.0.1", ca: certificate.cert, servername: "localhost" });
    client.on("error", () => {});
    let received = "";
    client.on("data", (chunk: Uint8Array) => received += new TextDecoder().decode(chunk));
    client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    await until(() => server.statistics().active === 1, "the request runs");
    const draining = server.drain({ grace: 20_000 });
    if (hostOfThis() !== "deno") await untilRefused(port);
    go.open();
    await draining;
    assert(/\r\nconnection: close\r\n[^]*done$/i.test(received), received);
    await untilRefused(port);
  });
});

test("a drain refuses new connections while a WebSocket is open; Deno answers them 503", async () => {
  const go = latch();
  await withServer((_request, context) => context.upgrade(() => go.promise), {}, async (server) => {
    const { port } = server;
    const client = await ask(server, handshake());
    await until(() => server.statistics().tasks === 1, "the socket is open");
    const draining = server.drain({ grace: 20_000 });
    if (hostOfThis() === "deno") {
      for (let answers = 0; answers < 3; answers++) {
        const other = await ask(server, get);
        await other.waitFor(/^HTTP\/1\.1 503 [^]*\r\nconnection: close\r\n/i);
        other.leave();
        await sleep(100);
      }
    } else {
      await untilRefused(port);
    }
    go.open();
    await client.waitFor(/\x88/);
    client.leave();
    await draining;
    await untilRefused(port);
  });
});

/** Waits until nobody listens any more. */
async function untilRefused(port: number): Promise<void> {
  for (let isOpen = true; isOpen;) {
    const client = await RawClient.open(port).catch(() => undefined);
    client?.leave();
    isOpen = client !== undefined;
  }
}

test("a request without a host is 400 with TLS too; Deno serves it there, with its own", async () => {
  await withServer((request) => new Response(request.url), { tls: certificate }, async ({ port }) => {
    const client = connectTls({ port, host: "127.0.0.1", ca: certificate.cert, servername: "localhost" });
    client.on("error", () => {});
    let received = "";
    client.on("data", (chunk: Uint8Array) => received += new TextDecoder().decode(chunk));
    client.write("GET / HTTP/1.1\r\n\r\n");
    await until(() => received.includes("\r\n\r\n"), "it is answered");
    assertEquals(received.split(" ")[1], hostOfThis() === "deno" ? "200" : "400");
    client.destroy();
  });
});

test("a signal ends the process of a server with TLS, though a client never begins its handshake", async () => {
  const program = start("tests/io/serve/drain_program.ts");
  try {
    const [, port] = await program.waitFor(/port (\d+)/);
    const client = await RawClient.open(Number(port));
    const began = performance.now();
    program.signal("SIGTERM");
    await program.ended;
    assert(performance.now() - began < 10_000, "the process has waited for its client");
    client.leave();
  } finally {
    program.process.kill("SIGKILL");
  }
});
