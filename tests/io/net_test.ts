import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { CancelScope, group, sleep, StructureError, TimeoutError } from "../../mod.ts";
import { connect, type Connection, listen, readLines, serveTcp } from "../../io/mod.ts";
import { RawClient, until } from "../support/http.ts";

/** Both ends of a connection. */
async function pair(body: (a: Connection, b: Connection) => Promise<void>): Promise<void> {
  const listener = await listen();
  const a = await connect({ port: listener.port });
  const b = (await listener.accept())!;
  try {
    await body(a, b);
  } finally {
    a.close();
    b.close();
    await listener.close();
  }
}

const text = (bytes: Uint8Array | undefined) => bytes === undefined ? undefined : new TextDecoder().decode(bytes);

async function whole(connection: Connection): Promise<number> {
  let length = 0;
  for await (const chunk of connection) length += chunk.byteLength;
  return length;
}

test("bytes go both ways, and each half ends by itself", async () => {
  await pair(async (a, b) => {
    await a.write("ping");
    assertEquals(text(await b.read()), "ping");
    a.end();
    assertEquals(await b.read(), undefined);
    await b.write(new TextEncoder().encode("pong"));
    b.end();
    assertEquals(text(await a.read()), "pong");
    assertEquals(await a.read(), undefined);
    await Promise.all([a.closed, b.closed]);
    await assertRejects(() => a.write("more"), Error);
  });
});

test("a write waits while the other side does not read", async () => {
  await pair(async (a, b) => {
    let written = 0;
    const chunk = new Uint8Array(1_000_000);
    const writing = (async () => {
      for (let round = 0; round < 30; round++) {
        await a.write(chunk);
        written++;
      }
      a.end();
    })();
    await sleep(50);
    assert(written < 30, "nothing held the writer up");
    assertEquals(await whole(b), 30_000_000);
    await writing;
  });
});

test("a cancelled read loses no byte, and two readers at once are an error", async () => {
  await pair(async (a, b) => {
    const scope = new CancelScope();
    await scope.run(() => {
      const reading = b.read();
      scope.cancel();
      return reading;
    });
    assert(scope.cancelCaught);
    await a.write("kept");
    assertEquals(text(await b.read()), "kept");
    const first = b.read();
    await assertRejects(() => b.read(), StructureError);
    await a.write("first");
    assertEquals(text(await first), "first");
  });
});

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

test("a cancelled accept takes nobody away from the next one; close ends those that wait", async () => {
  const listener = await listen();
  const scope = new CancelScope();
  await scope.run(() => {
    const accepting = listener.accept();
    scope.cancel();
    return accepting;
  });
  const client = await RawClient.open(listener.port);
  const connection = await listener.accept();
  assertEquals(typeof connection!.remotePort, "number");
  connection!.close();
  await client.closed;
  const waiting = listener.accept();
  await listener.close();
  assertEquals(await waiting, undefined);
  const error = await assertRejects(() => connect({ port: listener.port || 1 }), Error);
  assertEquals((error as { code?: string }).code, "ECONNREFUSED");
});

test("serveTcp has a task for each connection, at most so many at once, and closes them at its end", async () => {
  let running = 0;
  let most = 0;
  let port = 0;
  await group(async (g) => {
    g.spawn(() =>
      serveTcp(async (connection) => {
        most = Math.max(most, ++running);
        try {
          for await (const line of readLines(connection)) await connection.write(`${line}!\n`);
        } finally {
          running--;
        }
      }, { maxConcurrent: 2, onListen: (it) => port = it })
    );
    await until(() => port > 0, "it listens");
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.open(port)));
    for (const client of clients) client.send("hello\n");
    await Promise.all(clients.slice(0, 2).map((client) => client.waitFor(/hello!/)));
    await until(() => running === 2, "two run");
    assertEquals(clients[2]!.received, "");
    clients[0]!.socket.end();
    await clients[2]!.waitFor(/hello!/);
    g.cancel();
    await Promise.all(clients.map(({ closed }) => closed));
  });
  assertEquals([running, most], [0, 2]);
  await assertRejects(() => connect({ port }), Error);
});

test("an error of a handler goes to onError and the others go on; without that it fails the call", async () => {
  const seen: unknown[] = [];
  const bug = new Error("bug");
  let port = 0;
  const handler = async (connection: Connection) => {
    if (text(await connection.read()) === "fail") throw bug;
    await connection.write("fine");
  };
  await group(async (g) => {
    g.spawn(() => serveTcp(handler, { onListen: (it) => port = it, onError: (error) => seen.push(error) }));
    await until(() => port > 0, "it listens");
    const bad = await RawClient.open(port);
    bad.socket.write("fail");
    await bad.closed;
    const good = await RawClient.open(port);
    good.socket.write("go");
    await good.waitFor(/fine/);
    await good.closed;
    g.cancel();
  });
  assertEquals(seen, [bug]);
  const error = await assertRejects(() =>
    serveTcp(handler, { onListen: (it) => void RawClient.open(it).then((client) => client.socket.write("fail")) })
  );
  assertStrictEquals(error, bug);
});
