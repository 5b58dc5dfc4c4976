/** What ways between machines do to requests and connections. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { connect, serve, serveTcp } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { explore, ScheduleFailure, simulate } from "../../../../testing.ts";

/** A program that counts its requests and answers with its name. */
function counting(served: string[]) {
  return ({ name }: { name: string }) =>
    serve(() => {
      served.push(name);
      return new Response(name);
    }, { port: 80 });
}

test("with one direction cut a request arrives, and its answer does not until the way is whole", async () => {
  await simulate(async (sim) => {
    const served: string[] = [];
    sim.network.latency = 10;
    sim.machine("a", counting(served));
    let answered = 0;
    const began = sim.now();
    sim.machine("b", async () => {
      await sleep(100);
      await (await fetch("http://a/")).text();
      answered = sim.now() - began;
    });
    await sleep(50);
    sim.network.link("a", "b", { cut: true });
    await sleep(950);
    assertEquals([served, answered], [["a"], 0]);
    sim.network.link("a", "b", { cut: false });
    await sleep(100);
    assertEquals([served, answered], [["a"], 1010]);
  });
});

/** Which of three machines reach which; the body is on no side, and asks them. */
async function reached(): Promise<string> {
  const pairs = ["ab", "ac", "ba", "bc", "ca", "cb"];
  const answers = await Promise.all(
    pairs.map(async ([from, to]) => await (await fetch(`http://${from}/${to}`)).text() === "reached"),
  );
  return pairs.filter((_, index) => answers[index]).join(" ");
}

/** A program that tells whether it reaches another machine in time. */
function probe() {
  return serve(async (request) => {
    const name = new URL(request.url).pathname.slice(1);
    if (name === "") return new Response();
    const signal = AbortSignal.timeout(100);
    return new Response(await fetch(`http://${name}/`, { signal }).then(() => "reached", () => "silence"));
  }, { port: 80 });
}

test("a way that is cut leaves others as they are, and partitions that overlap end one by one", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 1;
    for (const name of ["a", "b", "c"]) sim.machine(name, probe);
    await sleep(10);
    assertEquals(await reached(), "ab ac ba bc ca cb");
    const one = sim.network.partition(["a"], ["b"]);
    assertEquals(await reached(), "ac bc ca cb");
    const other = sim.network.partition(["a", "b"], ["c"]);
    assertEquals(await reached(), "");
    one.heal();
    one.heal();
    assertEquals(await reached(), "ab ba");
    other.heal();
    assertEquals(await reached(), "ab ac ba bc ca cb");
    sim.network.link("a", "b", { cut: true });
    assertEquals(await reached(), "ac bc ca cb");
    sim.network.heal();
    assertEquals(await reached(), "ab ac ba bc ca cb");
  });
});

test("a million bytes at a million a second take a second and the latency, which the writer feels", async () => {
  await simulate(async (sim) => {
    let came = 0;
    sim.machine("a", () =>
      serveTcp(async (connection) => {
        let length = 0;
        for await (const chunk of connection) length += chunk.length;
        assertEquals(length, 1_000_000);
        came = sim.now();
      }, { port: 70 }));
    let written = 0;
    let began = 0;
    sim.machine("b", async () => {
      await sleep(100);
      await using connection = await connect({ hostname: "a", port: 70 });
      began = sim.now();
      for (let count = 0; count < 100; count++) await connection.write(new Uint8Array(10_000));
      written = sim.now() - began;
      await connection.end();
      await connection.read();
    });
    sim.network.link("b", "a", { latency: 5, bandwidth: 1_000_000 });
    sim.network.link("a", "b", { latency: 5 });
    await sleep(10_000);
    assert(came - began >= 1005 && came - began < 1400, `it took ${came - began} ms`);
    assert(written > 900, `the writer took ${written} ms`);
  });
});

test("whoever tries again after a lost answer asks twice: it is found, and told in one line", async () => {
  const failure = await assertRejects(
    () =>
      explore(async (sim) => {
        const served: string[] = [];
        sim.network.loss = 1;
        sim.network.fragments = 0;
        const server = sim.machine("a", counting(served));
        await sim.allBlocked();
        const ask = async (): Promise<string> => await (await fetch("http://a/")).text();
        await ask().catch(ask);
        assertEquals(served, ["a"]);
        server.kill();
      }, { maxSchedules: 500 }),
    ScheduleFailure,
  );
  assertEquals(failure.schedule, ["the connection is reset before response to GET /"]);
});
