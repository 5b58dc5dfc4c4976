/** Connections in all the orders in which a network may deliver, and cancelled at every point. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { CancelScope, group, TimeoutError } from "../../../mod.ts";
import { cancelEverywhere, explore } from "../../../testing.ts";
import { connect, type Connection, listen, readFrames, readLines, serveTcp, writeFrame } from "../../../io/mod.ts";
import { text } from "../../support/net.ts";

/** A client and a server that talk in lines, as a user writes them. */
async function lineProtocol(): Promise<string[]> {
  const answers: string[] = [];
  await group(async (g) => {
    const port = await new Promise<number>((onListen, reject) => {
      g.spawn(() =>
        serveTcp(async (connection) => {
          for await (const line of readLines(connection, { maxLength: 100 })) await connection.write(`${line}!\n`);
        }, { onListen, grace: 50 })
      ).result.catch(reject);
    });
    const connection = await connect({ port });
    try {
      await connection.write("one\n");
      await connection.write("two\n");
      await connection.end();
      for await (const line of readLines(connection)) answers.push(line);
    } finally {
      connection.close();
    }
    g.cancel();
  });
  return answers;
}

test("a client and a server of lines, cancelled at any point, leave no connection, listener, task or timer", async () => {
  const { points } = await cancelEverywhere(() => lineProtocol());
  assert(points > 10, `${points} points`);
});

test("in whatever order the network delivers, the client of a server of lines gets its answers", async () => {
  const { schedules } = await explore(async () => assertEquals(await lineProtocol(), ["one!", "two!"]), {
    maxSchedules: 300,
  });
  assert(schedules > 1);
});

test("connecting in time or not: there is a connection or a TimeoutError, and nothing is left of the other", async () => {
  const outcomes = new Set<string>();
  await explore(async () => {
    const listener = await listen();
    const { port } = listener;
    const accepting = listener.accept();
    const outcome = await connect({ port, timeout: 1 }).then((it) => it, (error) => error as Error);
    if (outcome instanceof Error) {
      assert(outcome instanceof TimeoutError, String(outcome));
      outcomes.add("late");
    } else {
      outcomes.add("in time");
      const accepted = (await accepting)!;
      await outcome.write("x");
      assertEquals(text(await accepted.read()), "x");
      accepted.close();
      outcome.close();
    }
    await listener.close();
    (await accepting)?.close();
  }, { maxSchedules: 200 });
  assertEquals([...outcomes].sort(), ["in time", "late"]);
});

test("a close after the end that was awaited drops no byte, wherever the last one is on its way", async () => {
  await explore(async () => {
    const listener = await listen();
    const client = await connect({ port: listener.port });
    const server = (await listener.accept())!;
    await client.write("first,");
    await client.write("last");
    await client.end();
    let got = "";
    for await (const chunk of server) got += text(chunk);
    client.close();
    server.close();
    await listener.close();
    assertEquals(got, "first,last");
  }, { maxSchedules: 200 });
});

test("a cancelled read loses no byte to the one that comes at the same moment", async () => {
  await explore(async () => {
    const listener = await listen();
    const client = await connect({ port: listener.port });
    const server = (await listener.accept())!;
    const writing = client.write("abc").then(() => client.end());
    let got = "";
    const scope = new CancelScope({ timeout: 0 });
    await scope.run(async () => {
      const chunk = await server.read();
      got += text(chunk) ?? "";
    });
    for await (const chunk of server) got += text(chunk);
    await writing;
    client.close();
    server.close();
    await listener.close();
    assertEquals(got, "abc");
  }, { maxSchedules: 200 });
});

test("frames come out whole, however the network cuts them", async () => {
  await explore(async (sim) => {
    sim.network.fragments = 3;
    const listener = await listen();
    const client = await connect({ port: listener.port });
    const server = (await listener.accept())!;
    const writing = (async () => {
      for (const message of ["a", "", "longer"]) await writeFrame(client, message, { prefix: 2 });
      await client.end();
    })();
    const got: string[] = [];
    for await (const frame of readFrames(server, { prefix: 2 })) got.push(text(frame)!);
    await writing;
    client.close();
    server.close();
    await listener.close();
    assertEquals(got, ["a", "", "longer"]);
  }, { maxSchedules: 300 });
});

test("a server that is cancelled while a client comes gives each connection to one handler, or closes it", async () => {
  await explore(async (sim) => {
    // What the server sends comes after its answer to the connecting, as with TCP.
    sim.network.latency = 1;
    const handled: Connection[] = [];
    await group(async (g) => {
      let server: { cancel(): void } | undefined;
      const port = await new Promise<number>((onListen) => {
        server = g.spawn(() =>
          serveTcp(async (connection) => {
            handled.push(connection);
            await connection.read();
          }, { onListen })
        );
      });
      const connecting = connect({ port }).then(async (connection) => {
        // Nobody answers: it ends, or it is reset.
        await connection.read().catch(() => {});
        connection.close();
      }, () => {});
      await Promise.resolve();
      g.spawn(() => server!.cancel());
      await connecting;
    });
    assert(handled.length <= 1);
    for (const connection of handled) await connection.closed;
  }, { maxSchedules: 200 });
});

test("a connection that the network loses is told to whoever reads or writes, and never hangs", async () => {
  const outcomes = new Set<string>();
  await explore(async (sim) => {
    sim.network.loss = 1;
    const outcome = await lineProtocol().then((answers) => answers.join(), (error) => (error as { code: string }).code);
    outcomes.add(outcome);
  }, { maxSchedules: 300 });
  assert(outcomes.has("one!,two!") && outcomes.has("ECONNRESET"), [...outcomes].join(" / "));
});
