/** What may happen on the way is searched, told in words, shrinks and replays like an order. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect, listen, serve } from "../../../../io/mod.ts";
import { all, retry, withTimeout } from "../../../../mod.ts";
import { explore, type LinkSettings, ScheduleFailure, simulate, type Simulation } from "../../../../testing.ts";

/** Runs a client beside a server that answers each request with what it has been asked for. */
async function asking(
  settings: LinkSettings,
  sim: Simulation,
  client: (url: string) => Promise<unknown>,
): Promise<void> {
  sim.network.link(settings);
  sim.network.fragments = 0;
  const server = await serve(({ url }) => new Response(new URL(url).pathname), { port: 80, onError: () => {} });
  try {
    await client(`${server.url}`);
  } finally {
    await server.drain();
  }
}

async function ask(url: string, signal?: AbortSignal): Promise<string> {
  return await (await fetch(url, signal === undefined ? {} : { signal })).text();
}

const impatient = (url: string): Promise<string> => withTimeout(100, ({ signal }) => ask(url, signal));
const patient = (url: string): Promise<string> => retry(() => impatient(url), { attempts: 3, delay: 300 });

const troubles: Record<string, { settings: LinkSettings; told: readonly string[] }> = {
  "a slow passage": {
    settings: { latency: [10, 500], slow: 1 },
    told: ["it takes 500 ms until GET / arrives", "it takes 500 ms until the answer to GET / comes"],
  },
  "a lost connection": {
    settings: { latency: 10, loss: 1 },
    told: [
      "the connection to 127.0.0.1:80 is reset before GET / arrives",
      "the connection to 127.0.0.1:80 is reset before the answer to GET / comes",
    ],
  },
  "a parted network": {
    settings: { latency: 10, partitions: { atMost: 1, duration: 200 } },
    told: [
      "the network is parted for 200 ms before GET / arrives",
      "the network is parted for 200 ms before the answer to GET / comes",
    ],
  },
};

for (const [trouble, { settings, told }] of Object.entries(troubles)) {
  test(`a client that does not try again fails by ${trouble}, in one line, and again with the token`, async () => {
    const body = (sim: Simulation) => asking(settings, sim, impatient);
    const failure = await assertRejects(() => explore(body), ScheduleFailure);
    assertEquals(failure.schedule.length, 1);
    assert(told.includes(failure.schedule[0]!), failure.message);
    const again = await assertRejects(() => explore(body, { replay: failure.token }), ScheduleFailure);
    assertEquals(again.schedule, failure.schedule);
    assertEquals(again.schedules, 1);
    assertEquals(String(again.cause), String(failure.cause));
  });

  test(`a client with a timeout that tries again survives ${trouble}`, async () => {
    const { exhaustive } = await explore((sim) => asking(settings, sim, patient), { maxSchedules: 2000 });
    assert(exhaustive);
  });

  test(`in order of arrival there is no such thing as ${trouble}`, async () => {
    await simulate((sim) =>
      asking(settings, sim, async (url) => {
        assertEquals(await ask(url), "/");
        assertEquals(sim.now(), 20);
      })
    );
  });
}

test("a connection of bytes is told to be reset after so many of them, each end being told", async () => {
  const failure = await assertRejects(
    () =>
      explore(async (sim) => {
        sim.network.link({ latency: 5, loss: 1 });
        sim.network.fragments = 0;
        let got = 0;
        await using listener = await listen({ port: 80 });
        await all([
          async () => {
            await using connection = await connect({ port: 80 });
            for (const text of ["first", "second", "x"]) {
              await connection.write(text);
              got += (await connection.read())?.length ?? 0;
            }
          },
          async () => {
            await using connection = (await listener.accept())!;
            for await (const bytes of connection) await connection.write(bytes);
          },
        ]).catch((error) => {
          if (got === 11) throw error;
        });
      }),
    ScheduleFailure,
  );
  assertEquals(failure.schedule, ["the connection to 127.0.0.1:80 is reset after 11 bytes"]);
});

test("a slow passage lets another connection come first, where latencies alone would keep their order", async () => {
  const orders = async (latency: LinkSettings["latency"]): Promise<string[]> => {
    const seen = new Set<string>();
    await explore((sim) =>
      asking({ latency: latency! }, sim, async (url) => {
        const order: string[] = [];
        await Promise.all(["a", "b"].map(async (name, index) => {
          await new Promise((resolve) => setTimeout(resolve, index * 20 + 1));
          order.push(await ask(`${url}${name}`));
        }));
        seen.add(order.join(""));
      })
    );
    return [...seen].sort();
  };
  assertEquals(await orders(10), ["/a/b"]);
  assertEquals(await orders([10, 100]), ["/a/b", "/b/a"]);
});

test("what a link cannot be made of is refused at the call", async () => {
  await simulate((sim) => {
    const link = (settings: unknown) => () => sim.network.link(settings as LinkSettings);
    assertThrows(link({ latency: -1 }), RangeError, "-1");
    assertThrows(link({ latency: [1] }), TypeError, "A latency");
    assertThrows(link({ latency: [5, 1] }), RangeError, "The longer latency comes second");
    assertThrows(link({ loss: 0.5 }), RangeError, "0.5");
    assertThrows(link({ partitions: { atMost: 1, duration: Infinity } }), RangeError, "Infinity");
    assertThrows(link({ speed: 1 }), TypeError, "speed");
    assertThrows(link("a machine"), TypeError, "a machine");
  });
});
