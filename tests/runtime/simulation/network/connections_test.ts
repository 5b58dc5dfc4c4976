/** Connections of bytes between simulated machines. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, type Connection, listen, serveTcp } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { simulate, type Simulation } from "../../../../testing.ts";

/** The code of the error that a promise rejects with. */
async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  const error = await assertRejects(() => promise, Error);
  return (error as { code?: string }).code;
}

async function textOf(connection: Connection): Promise<string> {
  let text = "";
  for await (const chunk of connection) text += new TextDecoder().decode(chunk);
  return text;
}

/** A program that answers each chunk with what it has got, behind the name of its machine. */
const echo = (port: number) => ({ name }: { name: string }) =>
  serveTcp(async (connection) => {
    for await (const chunk of connection) await connection.write(`${name}: ${new TextDecoder().decode(chunk)}`);
    await connection.end();
  }, { port, onError: () => {} });

async function ask(hostname: string, port: number, text: string): Promise<string> {
  await using connection = await connect({ hostname, port });
  await connection.write(text);
  void connection.end();
  return await textOf(connection);
}

test("programs connect by the names of machines, on each of which the same port may be taken", async () => {
  const answers = await simulate(async (sim) => {
    sim.network.latency = 5;
    const seen: string[] = [];
    sim.machine("db-1", echo(5432));
    sim.machine("db-2", echo(5432));
    sim.machine("client", async () => {
      await sleep(10);
      for (const name of ["db-1", "db-2"]) seen.push(await ask(name, 5432, "hello"));
    });
    await sleep(1000);
    return seen;
  });
  assertEquals(answers, ["db-1: hello", "db-2: hello"]);
});

test("localhost is the machine itself, and addresses lead where names do", async () => {
  const log: unknown[] = [];
  await simulate(async (sim) => {
    sim.machine("a", async () => {
      const listener = await listen({ port: 70 });
      for await (const connection of listener) {
        log.push(connection.remoteAddress);
        connection.close();
      }
    });
    sim.machine("b", async () => {
      log.push(await codeOf(connect({ port: 70 })));
      const connection = await connect({ hostname: "10.0.0.1", port: 70 });
      log.push(connection.remoteAddress);
      connection.close();
    });
    await sleep(1000);
  });
  assertEquals(log, ["ECONNREFUSED", "10.0.0.2", "10.0.0.1"]);
});

test("an unknown name is not found; a port on which nobody listens is refused; so is a program that is not there", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", () => new Promise(() => {}));
    await sim.allBlocked();
    assertEquals(await codeOf(connect({ hostname: "nowhere", port: 1 })), "ENOTFOUND");
    assertEquals(await codeOf(connect({ hostname: "a", port: 1 })), "ECONNREFUSED");
    assertEquals(await codeOf(connect({ hostname: "10.0.7.7", port: 1 })), "EHOSTUNREACH");
    machine.kill();
    assertEquals(await codeOf(connect({ hostname: "a", port: 1 })), "ECONNREFUSED");
  });
});

test("a connect to a machine without power hangs until it is up, or for 127 s", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    const machine = sim.machine("a", echo(70));
    await sleep(100);
    machine.kill({ power: true });
    const began = sim.now();
    assertEquals(await codeOf(connect({ hostname: "a", port: 70 })), "ETIMEDOUT");
    assertEquals(sim.now() - began, 127_000);
    const later = connect({ hostname: "a", port: 70 });
    await sleep(60_000);
    machine.restart();
    (await later).close();
    assertEquals(await ask("a", 70, "x"), "a: x");
  });
});

test("a connect holds while its way is cut, and goes on when it is whole", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    sim.machine("a", echo(70));
    const log: unknown[] = [];
    await sleep(100);
    sim.machine("b", async () => {
      const connecting = connect({ hostname: "a", port: 70 });
      log.push(await Promise.race([connecting.then(() => "connected"), sleep(2000).then(() => "hangs")]));
      await using connection = await connecting;
      log.push(sim.now() >= 5000);
      await connection.write("x");
      log.push(new TextDecoder().decode(await connection.read()));
    });
    const start = sim.now();
    await sleep(5);
    const partition = sim.network.partition(["a"], ["b"]);
    await sleep(5000);
    partition.heal();
    await sleep(1000);
    assertEquals(log, ["hangs", true, "a: x"]);
    assert(sim.now() > start);
  });
});

test("the bytes of a connection keep their order under any latency, and wait behind a cut", async () => {
  await simulate(async (sim) => {
    const got: string[] = [];
    sim.machine("a", () =>
      serveTcp(async (connection) => {
        for await (const chunk of connection) got.push(new TextDecoder().decode(chunk));
      }, { port: 70 }));
    sim.machine("b", async () => {
      await sleep(100);
      const connection = await connect({ hostname: "a", port: 70 });
      for (let number = 0; number < 50; number++) {
        await connection.write(`${number} `);
        await sleep(1);
      }
    });
    await sim.allBlocked();
    sim.network.link("b", "a", { latency: [1, 40] });
    await sleep(120);
    const partition = sim.network.partition(["a"], ["b"]);
    await sleep(2000);
    assert(got.length < 50);
    partition.heal();
    await sleep(2000);
    assertEquals(got.join(""), Array.from({ length: 50 }, (_, number) => `${number} `).join(""));
  });
});

/** Two machines with a connection between them, whose server is killed; answers what the client sees of it. */
function killed(
  power: boolean,
  serve: (connection: Connection) => unknown,
  client: (connection: Connection, sim: Simulation) => Promise<unknown>,
) {
  return simulate(async (sim) => {
    sim.network.latency = 10;
    let seen: unknown;
    const server = sim.machine("a", async () => {
      for await (const connection of await listen({ port: 70 })) void serve(connection);
    });
    sim.machine("b", async () => {
      await sleep(10);
      const connection = await connect({ hostname: "a", port: 70 });
      seen = await client(connection, sim);
    });
    await sleep(100);
    server.kill({ power });
    await sleep(50);
    server.restart();
    await sleep(2_000_000);
    return seen;
  });
}

test("a peer of a killed program sees the end after what was sent, one passage later", async () => {
  const seen = await killed(false, (connection) => connection.write("last words"), async (connection, sim) => {
    const text = await textOf(connection);
    return [text, sim.now() % 1_000_000];
  });
  assertEquals(seen, ["last words", 110]);
});

test("a peer of a killed program that has left something unread sees a reset", async () => {
  const seen = await killed(false, () => {}, async (connection, sim) => {
    await connection.write("unread");
    return [await codeOf(connection.read()), sim.now() % 1_000_000];
  });
  assertEquals(seen, ["ECONNRESET", 110]);
});

test("a peer of a machine without power sees nothing, until what it sends comes to its next life", async () => {
  const seen = await killed(true, () => {}, async (connection, sim) => {
    const read = codeOf(connection.read()).then((code) => [code, sim.now() % 1_000_000]);
    await sleep(300);
    await connection.write("x");
    return await read;
  });
  assertEquals(seen, ["ECONNRESET", 350]);
});

test("without power for good, who sends gives up after the retransmissions of its system", async () => {
  await simulate(async (sim) => {
    const machine = sim.machine("a", async () => void await listen({ port: 70 }));
    await sleep(10);
    const connection = await connect({ hostname: "a", port: 70 });
    machine.kill({ power: true });
    const began = sim.now();
    await connection.write("x");
    assertEquals(await codeOf(connection.read()), "ETIMEDOUT");
    assertEquals(sim.now() - began, 924_000);
  });
});

test("the system of a paused machine takes connections, and bytes up to the window", async () => {
  await simulate(async (sim) => {
    let got = 0;
    const machine = sim.machine("a", () =>
      serveTcp(async (connection) => {
        for await (const chunk of connection) got += chunk.length;
      }, { port: 70 }));
    await sleep(10);
    machine.pause();
    const connection = await connect({ hostname: "a", port: 70 });
    let written = 0;
    const writing = (async () => {
      for (; written < 20; written++) await connection.write(new Uint8Array(16_384));
      await connection.end();
    })();
    await sleep(1000);
    assertEquals([got, written], [0, 3]);
    machine.resume();
    await writing;
    await sleep(100);
    assertEquals(got, 20 * 16_384);
    connection.close();
    await sim.settled();
  });
});

test("a program that has ended sends nothing more, and a new life has none of its connections", async () => {
  await simulate(async (sim) => {
    const got: string[] = [];
    sim.machine("a", () =>
      serveTcp(async (connection) => {
        got.push(await textOf(connection).catch((error) => error.code));
      }, { port: 70 }));
    await sleep(10);
    const client = sim.machine("b", async ({ life }) => {
      const connection = await connect({ hostname: "a", port: 70 });
      await connection.write(`life ${life}`);
      await sleep(50);
      if (life === 1) {
        client.kill();
        void connection.write("not to be sent");
      }
      await connection.end();
      connection.close();
    });
    await sleep(1000);
    client.restart();
    await sleep(1000);
    assertEquals(got, ["life 1", "life 2"]);
  });
});

test("resets and half-open connections of the network reach those between machines too", async () => {
  await simulate(async (sim) => {
    sim.machine("a", echo(70));
    await sleep(10);
    const [one, other] = [await connect({ hostname: "a", port: 70 }), await connect({ hostname: "a", port: 70 })];
    sim.network.reset();
    assertEquals(await codeOf(one.read()), "ECONNRESET");
    assertEquals(await codeOf(other.read()), "ECONNRESET");
    const third = await connect({ hostname: "a", port: 70 });
    sim.network.halfOpen();
    await third.write("x");
    const read = await Promise.race([third.read(), sleep(10_000).then(() => "silence")]);
    assertEquals(read, "silence");
    third.close();
  });
});
