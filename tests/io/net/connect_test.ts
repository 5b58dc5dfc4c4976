import { createServer, type Server } from "node:net";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelScope, TimeoutError } from "../../../mod.ts";
import { connect, type ConnectOptions, listen } from "../../../io/mod.ts";
import { certificate } from "../../support/certificate.ts";
import { openPaths } from "../../support/folder.ts";
import { latch } from "../../support/latch.ts";
import { text } from "../../support/net.ts";
import { until } from "../../support/within.ts";

test("connecting fails with the system's code, in time, and as it is told", async () => {
  const listener = await listen();
  const { port } = listener;
  await listener.close();
  const error = await assertRejects(() => connect({ port }), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
  const reason = new Error("mine");
  const signal = AbortSignal.abort(reason);
  assertStrictEquals(await assertRejects(() => connect({ port, signal })), reason);
  assertThrows(() => connect({ port: 70_000 }), RangeError);
  assertThrows(() => connect({ port: "1" as never }), TypeError);
});

test("connecting is taken back when its scope is cancelled, its signal aborted or its time over", async () => {
  const listener = await listen();
  const { port } = listener;
  const scope = new CancelScope();
  await scope.run(() => {
    const connecting = connect({ port });
    scope.cancel();
    return connecting;
  });
  assert(scope.cancelCaught);
  const controller = new AbortController();
  const aborted = connect({ port, signal: controller.signal });
  const reason = new Error("mine");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => aborted), reason);
  const outcome = await connect({ port, timeout: 0 }).then((it) => it.close(), (error) => error as Error);
  assert(outcome === undefined || outcome instanceof TimeoutError, String(outcome));
  await listener.close();
});

test("a name that nobody has, and a Unix socket that is not there, are errors by their codes", async () => {
  const unknown = await assertRejects(() => connect({ hostname: "nothing.invalid", port: 1 }), Error);
  const { code } = unknown as { code?: string };
  assert(code === "ENOTFOUND" || code === "EAI_AGAIN", String(code));
  const none = await assertRejects(() => connect({ unix: "/tmp/millrace-none.sock" }), Error);
  assertEquals((none as { code?: string }).code, "ENOENT");
});

test("wrong options of a connection throw at the call", () => {
  const wrong: [unknown, typeof TypeError | typeof RangeError][] = [
    [{ port: 1, tls: 1 }, TypeError],
    [{ port: 1, tls: { cert: "x" } }, TypeError],
    [{ port: 1, tls: { ca: 3 } }, TypeError],
    [{ port: 1, tls: { cert: "no", key: "no" } }, TypeError],
    [{ port: 1, tls: { alpn: "h2" } }, TypeError],
    [{ port: 1, noDelay: 1 }, TypeError],
    [{ port: 1, keepAlive: -1 }, RangeError],
    [{ port: 1, allowHalfOpen: "yes" }, TypeError],
    [{ port: 1, attemptDelay: Number.NaN }, RangeError],
    [{ port: 1, unix: "/x" }, TypeError],
  ];
  for (const [options, kind] of wrong) assertThrows(() => connect(options as ConnectOptions), kind);
});

test("a connection speaks TLS when told to, with the protocol both know", async () => {
  const listener = await listen({ tls: { ...certificate, alpn: ["b", "a"] } });
  const connecting = connect({
    port: listener.port,
    tls: { ca: certificate.cert, serverName: "localhost", alpn: ["a"] },
  });
  const server = (await listener.accept())!;
  const client = await connecting;
  assertEquals([client.alpn, server.alpn], ["a", "a"]);
  await client.write("hello");
  client.end();
  assertEquals(text(await server.read()), "hello");
  assertEquals(await server.read(), undefined);
  const big = new Uint8Array(3_000_000);
  const writing = server.write(big).then(() => server.end());
  let length = 0;
  for await (const chunk of client) length += chunk.byteLength;
  await writing;
  assertEquals(length, big.length);
  await Promise.all([client.closed, server.closed]);
  await listener.close();
});

test("a certificate that is not trusted, or is another's, is an error by its code, unless that is allowed", async () => {
  const listener = await listen({ tls: certificate });
  const { port } = listener;
  const untrusted = await assertRejects(() => connect({ port, tls: { serverName: "localhost" } }), Error);
  assertEquals((untrusted as { code?: string }).code, "DEPTH_ZERO_SELF_SIGNED_CERT");
  const tls = { ca: certificate.cert, serverName: "other.example" };
  const other = await assertRejects(() => connect({ port, tls }), Error);
  assertEquals((other as { code?: string }).code, "ERR_TLS_CERT_ALTNAME_INVALID");
  const unverified = await connect({ port, tls: { verify: false } });
  unverified.close();
  await listener.close();
});

test("clients without a certificate are turned away where one is asked for", async () => {
  const listener = await listen({ tls: { ...certificate, ca: certificate.cert } });
  const { port } = listener;
  const accepting = listener.accept();
  const stranger = await connect({ port, tls: { ca: certificate.cert, serverName: "localhost" } }).catch(() =>
    undefined
  );
  // With TLS 1.3 the client is told after its handshake.
  if (stranger !== undefined) await assertRejects(async () => assertEquals(await stranger.read(), new Uint8Array(1)));
  const known = await connect({ port, tls: { ca: certificate.cert, serverName: "localhost", ...certificate } });
  await known.write("known");
  const server = (await accepting)!;
  assertEquals(text(await server.read()), "known");
  known.close();
  server.close();
  await listener.close();
});

test("a peer that does not speak TLS, or says nothing, is an error, by its code or in time", async () => {
  const plain = await rawServer((socket) => socket.end("no TLS here\r\n"));
  const wrong = await assertRejects(() => connect({ port: plain.port, tls: { verify: false } }), Error);
  assertEquals((wrong as { code?: string }).code, "ERR_SSL_WRONG_VERSION_NUMBER");
  await plain.close();
  const cut = await rawServer((socket) => socket.destroy());
  const gone = await assertRejects(() => connect({ port: cut.port, tls: { verify: false } }), Error);
  assertEquals((gone as { code?: string }).code, "ECONNRESET");
  await cut.close();
  const arrived = latch();
  const silent = await rawServer(() => arrived.open());
  const { port } = silent;
  await assertRejects(() => connect({ port, tls: { verify: false }, timeout: 30 }), TimeoutError);
  const scope = new CancelScope();
  await scope.run(async () => {
    const connecting = connect({ port, tls: { verify: false } });
    await arrived.promise;
    scope.cancel();
    await connecting;
  });
  assert(scope.cancelCaught);
  const controller = new AbortController();
  const aborted = connect({ port, tls: { verify: false }, signal: controller.signal });
  const reason = new Error("mine");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => aborted), reason);
  await silent.close();
});

async function rawServer(
  onConnection: (socket: { end(text: string): void; destroy(): void }) => void,
): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.resume();
    onConnection(socket as never);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

test("a host without any address that answers gives all the errors", async () => {
  const listener = await listen();
  const { port } = listener;
  await listener.close();
  const error = await assertRejects(() => connect({ hostname: "localhost", port }), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
  if (error instanceof AggregateError) { for (const one of error.errors) assertInstanceOf(one, Error); }
});

test("a hundred connections that were cancelled, timed out, refused or closed leave no socket open", async () => {
  const listener = await listen();
  const { port } = listener;
  const before = openPaths("socket:").length;
  const outcomes = Array.from({ length: 25 }, async () => {
    const scope = new CancelScope();
    await scope.run(() => {
      const connecting = connect({ port });
      scope.cancel();
      return connecting;
    });
    await connect({ port, timeout: 0 }).then((it) => it.close(), () => {});
    await connect({ port: 1 }).catch(() => {});
    (await connect({ port })).close();
  });
  const accepting = (async () => {
    for await (const connection of listener) connection.close();
  })();
  await Promise.all(outcomes);
  await until(() => openPaths("socket:").length <= before, "the sockets are closed");
  await listener.close();
  await accepting;
});
