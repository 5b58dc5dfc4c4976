import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type Connection, listen, type Listener, serve } from "../../../../io/mod.ts";
import { all, moveOnAfter, sleep } from "../../../../mod.ts";
import { explore, LeakError, ScheduleFailure, simulate, type Simulation } from "../../../../testing.ts";

/** Runs two sides of one connection. */
async function between(
  client: (connection: Connection) => Promise<unknown>,
  server: (connection: Connection) => Promise<unknown>,
): Promise<void> {
  await using listener = await listen();
  await all([
    async () => {
      await using connection = await connect({ port: listener.port });
      await client(connection);
    },
    async () => {
      await using connection = (await listener.accept())!;
      await listener.close();
      await server(connection);
    },
  ]);
}

async function textOf(connection: Connection): Promise<string> {
  let text = "";
  for await (const chunk of connection) text += new TextDecoder().decode(chunk);
  return text;
}

test("connections of a program run on the simulated network, both ways and with halves that end", async () => {
  const log: unknown[] = [];
  const elapsed = await simulate(async (sim) => {
    sim.network.latency = 10;
    await between(async (connection) => {
      await connection.write("hello");
      connection.end();
      log.push(await textOf(connection));
    }, async (connection) => {
      log.push(await textOf(connection));
      await connection.write("world");
      connection.end();
      await connection.closed;
    });
    return sim.now();
  });
  assertEquals(log, ["hello", "world"]);
  assertEquals(elapsed, 40);
});

test("the bytes of one direction keep their order, in chunks of any size", async () => {
  const { reached } = await explore((sim) => {
    sim.network.fragments = 2;
    return between(async (connection) => {
      for (const text of ["ab", "cd"]) await connection.write(text);
      connection.end();
    }, async (connection) => {
      const chunks: string[] = [];
      for await (const chunk of connection) chunks.push(new TextDecoder().decode(chunk));
      assertEquals(chunks.join(""), "abcd");
      sim.sometimes(chunks.join(" "));
    });
  }, { maxSchedules: 300 });
  const seen = Object.keys(reached).sort();
  for (const chunks of ["abcd", "ab cd", "a b cd", "a bcd", "ab c d"]) {
    assert(seen.includes(chunks), `${chunks} is not among ${seen.join("; ")}`);
  }
});

test("a reader that takes a chunk for a message is found out", async () => {
  const failure = await assertRejects(
    () =>
      explore(() =>
        between(async (connection) => {
          await connection.write("ping");
          connection.end();
        }, async (connection) => {
          assertEquals(new TextDecoder().decode(await connection.read()), "ping");
          await textOf(connection);
        })
      ),
    ScheduleFailure,
  );
  assertEquals(failure.schedule.length, 1);
  assert(failure.schedule[0]!.includes("the first of the bytes of client"), failure.message);
});

test("a writer waits while nobody reads", async () => {
  let written = 0;
  await simulate(() =>
    between(async (connection) => {
      const chunk = new Uint8Array(16_384);
      for (; written < 64; written++) await connection.write(chunk);
      connection.end();
    }, async (connection) => {
      await sleep(10);
      const before = written;
      assert(before < 8, `${before} chunks were taken`);
      let length = 0;
      for await (const chunk of connection) length += chunk.length;
      assertEquals(length, 64 * 16_384);
    })
  );
});

test("nobody listens: refused; a port is taken once; a listener and a connection left open are leaks", async () => {
  await simulate(async () => {
    const refused = await assertRejects(() => connect({ port: 9 }), Error);
    assertEquals((refused as { code?: string }).code, "ECONNREFUSED");
    const listener = await listen({ port: 80 });
    const taken = await assertRejects(() => listen({ port: 80 }), Error);
    assertEquals((taken as { code?: string }).code, "EADDRINUSE");
    await listener.close();
  });
  let listener: Listener | undefined;
  const error = await assertRejects(
    () =>
      simulate(async () => {
        listener = await listen({ port: 80 });
        await connect({ port: 80 });
        await listener.accept();
      }),
    LeakError,
  );
  assertEquals(error.leaks.length, 3);
  assert(error.leaks[0]!.startsWith("the server on port 80"), error.message);
  assert(error.leaks[1]!.startsWith("the connection of client"), error.message);
});

test("a connection that is reset breaks on both sides, one that the network loses too", async () => {
  const sides = async (before: (sim: Simulation) => void, during: (sim: Simulation) => void): Promise<string[]> => {
    const codes: string[] = [];
    await simulate(async (sim) => {
      before(sim);
      const read = (connection: Connection) =>
        connection.read().then(String, (error) => void codes.push((error as { code: string }).code));
      await between(async (connection) => {
        await connection.write("x");
        await sleep(5);
        during(sim);
        await read(connection);
      }, async (connection) => {
        await connection.read();
        await read(connection);
      });
    });
    return codes;
  };
  assertEquals(await sides(() => {}, (sim) => sim.network.reset()), ["ECONNRESET", "ECONNRESET"]);
  const { reached } = await explore(async (sim) => {
    sim.network.loss = 1;
    sim.network.fragments = 0;
    await between((connection) => connection.write("x"), async (connection) => {
      const outcome = await connection.read().then(() => "arrived", (error) => (error as { code: string }).code);
      sim.sometimes(outcome);
    }).catch((error) => sim.sometimes(`not connected: ${(error as { code: string }).code}`));
  }, { strategy: "held-back", maxSchedules: 100 });
  assert(reached["arrived"]! > 0 && reached["ECONNRESET"]! > 0, JSON.stringify(reached));
});

test("a half-open connection stays silent on both sides, and new ones work", async () => {
  await simulate(async (sim) => {
    const listener = await listen({ port: 80 });
    const [one, other] = await all([() => connect({ port: 80 }), () => listener.accept()]);
    sim.network.halfOpen();
    await one.write("lost");
    assertEquals(await moveOnAfter(1000, () => other!.read()), undefined);
    other!.close();
    assertEquals(await moveOnAfter(1000, () => one.read()), undefined);
    one.close();
    const [second, third] = await all([() => connect({ port: 80 }), () => listener.accept()]);
    await second.write("x");
    assertEquals((await third!.read())!.length, 1);
    second.close();
    third!.close();
    await listener.close();
  });
});

test("a partition holds bytes back until it heals, in order", async () => {
  const text = await simulate(async (sim) => {
    let text = "";
    await between(async (connection) => {
      sim.network.partition();
      await connection.write("a");
      await connection.write("b");
      connection.end();
      await sleep(100);
      assertEquals(text, "");
      sim.network.heal();
    }, async (connection) => void (text = await textOf(connection)));
    return text;
  });
  assertEquals(text, "ab");
});

test("a request that is lost on its way back has been served: whoever tries again asks twice", async () => {
  const failure = await assertRejects(
    () =>
      explore(async (sim) => {
        sim.network.loss = 1;
        let orders = 0;
        const server = await serve(() => new Response(`${++orders}`), { port: 0, onError: () => {} });
        try {
          const order = () => fetch(server.url, { method: "POST" });
          await (await order().catch(order)).text();
          assertEquals(orders, 1);
        } finally {
          await server.drain();
        }
      }),
    ScheduleFailure,
  );
  assert(failure.schedule.join("\n").includes("is reset before the answer to POST / comes"), failure.message);
});

test("a fetch is aborted once, before the request, before the head, or while its body comes; no listener is left", async () => {
  for (const after of [0, 15, 30, 45]) {
    await simulate(async (sim) => {
      sim.network.latency = 10;
      const server = await serve(async () => {
        await sleep(10);
        let timer: ReturnType<typeof setTimeout> | undefined;
        return new Response(
          new ReadableStream({
            pull: (controller) =>
              new Promise<void>((resolve) =>
                timer = setTimeout(() => resolve(controller.enqueue(new Uint8Array(4))), 10)
              ),
            cancel: () => clearTimeout(timer),
          }),
        );
      }, { port: 0 });
      const controller = new AbortController();
      const { signal } = controller;
      let listeners = 0;
      const { addEventListener, removeEventListener } = EventTarget.prototype;
      signal.addEventListener = function (...args: Parameters<typeof addEventListener>): void {
        listeners++;
        addEventListener.apply(this, args);
      };
      signal.removeEventListener = function (...args: Parameters<typeof removeEventListener>): void {
        listeners--;
        removeEventListener.apply(this, args);
      };
      setTimeout(() => controller.abort(), after);
      const errors: unknown[] = [];
      await fetch(server.url, { signal }).then((response) => response.text()).catch((error) => errors.push(error));
      assertEquals(errors.map((error) => (error as Error).name), ["AbortError"]);
      await server.drain();
      assertEquals(listeners, 0);
    });
  }
});

test("a fetch whose connection is reset fails, and nothing of it is left on its way", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    const server = await serve(() => new Response("answer"), { port: 0 });
    setTimeout(() => sim.network.reset(), 15);
    const error = await assertRejects(() => fetch(server.url), TypeError, "fetch failed");
    assertEquals((error.cause as { code?: string }).code, "ECONNRESET");
    const response = await fetch(server.url);
    await response.body!.cancel();
    await server.drain();
  });
});

test("a body that the network loses is the client's error, and no failure of the server", async () => {
  const errors: unknown[] = [];
  const { reached } = await explore(async (sim) => {
    sim.network.loss = 1;
    sim.network.fragments = 0;
    const server = await serve(() => {
      const parts = ["one ", "two"];
      return new Response(
        new ReadableStream({
          pull(controller) {
            const part = parts.shift();
            if (part === undefined) controller.close();
            else controller.enqueue(new TextEncoder().encode(part));
          },
        }, { highWaterMark: 0 }),
      );
    }, { port: 0, onError: (error) => errors.push(error) });
    try {
      const response = await fetch(server.url).catch(() => undefined);
      sim.sometimes(await response?.text().catch(() => "broken") ?? "no answer");
    } finally {
      await server.drain();
    }
  }, { maxSchedules: 200 });
  assertEquals(Object.keys(reached).sort(), ["broken", "no answer", "one two"]);
  assertEquals(errors, []);
});

test("what was written in one piece comes in two that are cut anywhere", async () => {
  const firsts = new Set<string>();
  await explore(async () => {
    await using listener = await listen();
    await using client = await connect({ port: listener.port });
    await using server = (await listener.accept())!;
    await client.write("abcdefgh");
    await client.end();
    let piece = await server.read();
    firsts.add(new TextDecoder().decode(piece));
    while (piece !== undefined && piece !== null && piece.length > 0) piece = await server.read();
  });
  assertEquals([...firsts].sort(), ["a", "ab", "abc", "abcd", "abcde", "abcdef", "abcdefg", "abcdefgh"]);
});
