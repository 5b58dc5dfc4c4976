import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { group, sleep, withTimeout } from "../../../../mod.ts";
import { explore, LeakError, ScheduleFailure, simulate, type Simulation } from "../../../../testing.ts";

/** Runs a body beside a server, which is drained when the body has ended. */
async function serving<T>(
  handler: (request: Request) => Response | Promise<Response>,
  body: (url: URL) => Promise<T>,
): Promise<T> {
  const server = await serve(handler, { port: 0 });
  try {
    return await body(server.url);
  } finally {
    await server.drain();
  }
}

test("fetch reaches a server of the same simulation, with bodies both ways", async () => {
  const text = await simulate(() =>
    serving(async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      await sleep(20);
      return new Response(`${request.method} ${pathname} ${searchParams.get("q")} ${await request.text()}`, {
        status: 201,
        headers: { "x-own": "1" },
      });
    }, async (url) => {
      const response = await fetch(new URL("/a?q=1", url), { method: "POST", body: "hello" });
      return [response.status, response.headers.get("x-own"), await response.text()].join(" ");
    })
  );
  assertEquals(text, "201 1 POST /a 1 hello");
});

test("each passage takes the latency of the network", async () => {
  const elapsed = await simulate((sim) => {
    sim.network.latency = 50;
    return serving(() => new Response("ok"), async (url) => {
      await (await fetch(url)).text();
      return sim.now();
    });
  });
  assertEquals(elapsed, 100);
});

test("requests overtake each other where the schedule says so, and responses too", async () => {
  const body = (sim: Simulation) =>
    serving((request) => new Response(new URL(request.url).pathname), async (url) => {
      const log: string[] = [];
      await Promise.all(["/a", "/b"].map(async (path) => log.push(await (await fetch(new URL(path, url))).text())));
      sim.sometimes(log.join(" "));
    });
  const { reached } = await explore(body, { maxSchedules: 100 });
  assert(reached["/a /b"]! > 0 && reached["/b /a"]! > 0, JSON.stringify(reached));
});

test("a stale response is found on the network", async () => {
  const failure = await assertRejects(
    () =>
      explore(() =>
        serving((request) => new Response(new URL(request.url).search), async (url) => {
          let shown = "";
          await Promise.all(["?q=a", "?q=ab"].map(async (query) => {
            shown = await (await fetch(new URL(`/${query}`, url))).text();
          }));
          assertEquals(shown, "?q=ab");
        })
      ),
    ScheduleFailure,
  );
  assertEquals(failure.schedule.length, 1);
  assert(failure.schedule[0]!.includes("GET /?q=a"), failure.message);
});

test("a fetch that is aborted ends at once, and the server's request is cancelled", async () => {
  await simulate(async (sim) => {
    let ended = "";
    await serving(async () => {
      try {
        await sleep(1000);
        return new Response("late");
      } catch (error) {
        ended = `${(error as Error).name} at ${sim.now()}`;
        throw error;
      }
    }, async (url) => {
      await assertRejects(() => fetch(url, { signal: AbortSignal.timeout(30) }), DOMException);
      assertEquals(sim.now(), 30);
    });
    assertEquals(ended, "AbortError at 30");
  });
});

test("nothing passes a network that is parted, until it is whole again", async () => {
  await simulate((sim) =>
    serving(() => new Response("ok"), async (url) => {
      sim.network.partition();
      const controller = new AbortController();
      setTimeout(() => controller.abort(new Error("gave up")), 100);
      await assertRejects(() => fetch(url, { signal: controller.signal }), Error, "gave up");
      const answered = fetch(url).then(() => sim.now());
      await sleep(400);
      sim.network.heal();
      assertEquals(await answered, 500);
    })
  );
});

test("where nobody listens the connection is refused; what is not of the simulation is real I/O", async () => {
  await simulate(async () => {
    const error = await assertRejects(() => fetch("http://localhost:1/"), TypeError, "fetch failed");
    assertEquals((error.cause as { code?: string }).code, "ECONNREFUSED");
    await assertRejects(() => fetch("http://example.com/"), Error, "fetch is real I/O");
  });
});

test("a server that is left open is a leak", async () => {
  await assertRejects(
    () => simulate(async () => void await serve(() => new Response(), { port: 8080 })),
    LeakError,
    "the server on port 8080",
  );
});

test("a server's limits and timeouts are on the simulated clock", async () => {
  await simulate((sim) =>
    group(async () => {
      const server = await serve(() => sleep(60_000).then(() => new Response("never")), { port: 0, timeout: 5000 });
      const response = await fetch(server.url);
      assertEquals([response.status, sim.now()], [504, 5000]);
      await response.body?.cancel();
      await server.drain();
    })
  );
  assert(await withTimeout(10_000, () => Promise.resolve(true)));
});
