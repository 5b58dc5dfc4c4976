import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { connect, type Connection, exec, readLines, serveTcp } from "../../../io/mod.ts";
import { group, sleep, TeardownError } from "../../../mod.ts";
import { commandFor, hostOfThis, root } from "../../support/hosts.ts";
import { RawClient } from "../../support/http.ts";
import { latch } from "../../support/latch.ts";
import { text } from "../../support/net.ts";
import { until } from "../../support/within.ts";

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

test("a client that never ends its half does not hold its connection for good, and gets all that was written", async () => {
  const listening = latch<number>();
  const served = latch<Connection>();
  const big = new Uint8Array(3_000_000);
  await group(async (g) => {
    g.spawn(() =>
      serveTcp(async (connection) => {
        served.open(connection);
        await connection.write(big);
      }, { onListen: listening.open })
    );
    const client = await connect({ port: await listening.promise });
    await client.write("never read");
    let length = 0;
    for await (const chunk of client) length += chunk.byteLength;
    assertEquals(length, big.length);
    await client.write("still sending").catch(() => {});
    await (await served.promise).closed;
    client.close();
    g.cancel();
  });
});

test("cancelled with a grace, handlers finish while nobody new is let in", async () => {
  const listening = latch<number>();
  const running = latch();
  const stopping = latch();
  await group(async (g) => {
    const server = g.spawn(() =>
      serveTcp(async (connection) => {
        running.open();
        await stopping.promise;
        // Still a checkpoint, but the cancellation does not reach it yet.
        await sleep(0);
        await connection.write("finished");
      }, { onListen: listening.open, grace: 60_000 })
    );
    const port = await listening.promise;
    const client = await RawClient.open(port);
    await running.promise;
    server.cancel();
    let refused = false;
    for (let attempt = 0; !refused; attempt++) {
      assert(attempt < 1000, "a server that is ending takes connections");
      await connect({ port }).then((it) => it.close(), () => refused = true);
      await sleep(1);
    }
    stopping.open();
    await client.waitFor(/finished/);
    await client.closed;
  });
});

test("past the grace the cancellation reaches the handlers, and past the teardown the call names them", async () => {
  const listening = latch<number>();
  const running = latch();
  const never = latch();
  let cancelled = false;
  const error: unknown = await group(async (g) => {
    const server = g.spawn(() =>
      serveTcp(async () => {
        running.open();
        try {
          await sleep(600_000);
        } finally {
          cancelled = true;
          await never.promise;
        }
      }, { onListen: listening.open, grace: 10, teardownTimeout: 30 })
    );
    const client = await RawClient.open(await listening.promise);
    await running.promise;
    server.cancel();
    const error = await server.result.catch((it) => it);
    never.open();
    await client.closed;
    return error;
  }).catch((error) => error);
  assertInstanceOf(error, TeardownError);
  assertEquals(error.tasks.length, 1);
  assertMatch(error.tasks[0]!.name, /^connection#\d+$/);
  assert(cancelled);
});

test("wrong options of serveTcp throw at the call", () => {
  assertThrows(() => serveTcp(3 as never), TypeError);
  assertThrows(() => serveTcp(() => {}, { maxConcurrent: 0 }), RangeError);
  assertThrows(() => serveTcp(() => {}, { grace: -1 }), RangeError);
  assertThrows(() => serveTcp(() => {}, { onError: 1 as never }), TypeError);
});

test("without descriptors nobody is let in; with some again it goes on, on Deno for those who are there alone", async () => {
  const program = fileURLToPath(new URL("exhausted_program.ts", import.meta.url));
  const { command, args } = commandFor(program);
  let printed = "";
  await group(async (g) => {
    const limited = ["-c", 'ulimit -n 80; exec "$@"', "sh", command, ...args];
    g.spawn(() => exec("sh", limited, { cwd: root, stdout: (chunk) => void (printed += text(chunk)) }));
    await until(() => /listening on \d+ as \d+/.test(printed), "it listens");
    const [, port, pid] = printed.match(/listening on (\d+) as (\d+)/)!.map(Number);
    const before = await RawClient.open(port!);
    before.send("before");
    await before.waitFor(/before/);
    process.kill(pid!, "SIGUSR2");
    await until(() => printed.includes("exhausted: EMFILE"), "there are no descriptors left");
    const turnedAway = await Promise.all([1, 2, 3].map(() => RawClient.open(port!)));
    before.send("still served");
    await before.waitFor(/still served/);
    process.kill(pid!, "SIGUSR2");
    await until(() => printed.includes("given back"), "there are some again");
    const after = await RawClient.open(port!);
    after.send("after");
    if (hostOfThis() === "deno") {
      // Its node:net accepts nobody any more, and tells nobody.
      before.send("there");
      await before.waitFor(/there/);
      assertEquals(after.received, "");
    } else {
      await after.waitFor(/after/);
    }
    for (const client of [before, after, ...turnedAway]) client.socket.destroy();
    g.cancel();
  });
});
