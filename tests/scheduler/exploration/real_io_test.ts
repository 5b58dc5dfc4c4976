/** Real network in a simulation that allows it: the clock stands still for what is on its way, and for nothing else. */

import { spawn } from "node:child_process";
import * as http from "node:http";
import * as net from "node:net";
import { assert, assertEquals } from "@std/assert";
import { serve } from "../../../io/mod.ts";
import { simulate, type Simulation } from "../../../testing.ts";
import { testWith } from "../../support/needs.ts";

const hostsOwn = setTimeout;
const allowed = { allowRealIo: true, leaks: "ignore" } as const;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

async function listening(server: net.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

async function closed(server: net.Server): Promise<void> {
  (server as http.Server).closeAllConnections?.();
  await new Promise((resolve) => server.close(resolve));
}

function get(port: number, agent: http.Agent | false = false): Promise<string> {
  return new Promise((resolve, reject) => {
    http.get({ port, host: "127.0.0.1", agent }, (answer) => {
      let text = "";
      answer.on("data", (data) => text += data).on("end", () => resolve(text));
    }).on("error", reject);
  });
}

const withFetch = async (port: number): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

/** Runs beside a server that no simulation knows. */
async function beside(server: net.Server, body: (port: number, sim: Simulation) => Promise<void>): Promise<void> {
  const port = await listening(server);
  try {
    await simulate((sim) => body(port, sim), allowed);
  } finally {
    await closed(server);
  }
}

for (const [name, ask] of Object.entries({ "http.get": get, fetch: withFetch })) {
  testWith("Node's modules", `the clock stands still for an answer to ${name} that comes with pauses`, () =>
    beside(
      http.createServer((_request, response) => {
        response.write("a");
        hostsOwn(() => response.end("b"), 250);
      }),
      async (port, sim) => {
        const passed = sleep(30_000).then(() => "passed");
        assertEquals(await Promise.race([ask(port), passed]), "ab");
        assertEquals(sim.now(), 0);
      },
    ));

  testWith("Node's modules", `a server in the body takes simulated time to answer ${name}, at once`, async () => {
    const before = performance.now();
    await simulate(async (sim) => {
      const server = http.createServer((_request, response) => void setTimeout(() => response.end("a"), 5000));
      const port = await listening(server);
      assertEquals(await ask(port), "a");
      assertEquals(sim.now(), 5000);
      await sleep(1000);
      assertEquals(sim.now(), 6000);
      await closed(server);
    }, allowed);
    assert(performance.now() - before < 9000, "its own answer was waited for");
  });
}

testWith("Node's modules", "connections that are kept alive and idle hold nothing up", async () => {
  const before = performance.now();
  await simulate(async (sim) => {
    const server = http.createServer((_request, response) => void response.end("a"));
    const port = await listening(server);
    const agent = new http.Agent({ keepAlive: true });
    for (let call = 1; call <= 3; call++) {
      assertEquals(await get(port, agent), "a");
      await sleep(1000);
      assertEquals(sim.now(), call * 1000);
    }
    agent.destroy();
    await closed(server);
  }, allowed);
  assert(performance.now() - before < 9000);
});

testWith(
  "Node's modules",
  "an answer on a connection is waited for, the connection after it only shortly",
  () =>
    beside(
      net.createServer((socket) => socket.on("data", (data) => void hostsOwn(() => socket.write(data), 150))),
      async (port, sim) => {
        const before = performance.now();
        const socket = net.connect(port, "127.0.0.1");
        for (let call = 1; call <= 2; call++) {
          const time = sim.now();
          const answer = new Promise((resolve) => socket.once("data", (data) => resolve(String(data))));
          socket.write(`call ${call}`);
          assertEquals(await Promise.race([answer, sleep(30_000)]), `call ${call}`);
          assertEquals(sim.now(), time);
          await sleep(500);
        }
        socket.destroy();
        assert(performance.now() - before < 9000);
      },
    ),
);

testWith("Node's modules", "a connection within the body takes simulated time at both ends", async () => {
  await simulate(async (sim) => {
    const server = net.createServer((socket) =>
      socket.on("data", (data) => void setTimeout(() => socket.write(data), 3000))
    );
    const socket = net.connect(await listening(server), "127.0.0.1");
    socket.write("a");
    assertEquals(await new Promise((resolve) => socket.once("data", (data) => resolve(String(data)))), "a");
    assertEquals(sim.now(), 3000);
    socket.destroy();
    await closed(server);
  }, allowed);
});

testWith("Node's modules", "with real I/O allowed, fetch reaches the servers of the simulation too", async () => {
  await simulate(async () => {
    const server = await serve(() => new Response("simulated"), { port: 0 });
    assertEquals(await (await fetch(server.url)).text(), "simulated");
    await server.drain();
  }, { allowRealIo: true });
});

testWith("Node's modules", "a server and a program have no listeners for errors but those of the body", async () => {
  const server = net.createServer();
  const port = await listening(server);
  await simulate(async (sim) => {
    const failing = {
      ENOENT: spawn("no-such-program-of-millrace"),
      EADDRINUSE: net.createServer().listen(port, "127.0.0.1"),
    };
    for (const [code, emitter] of Object.entries(failing)) {
      // One would be taken for somebody who handles them.
      assertEquals(emitter.listenerCount("error"), 0, code);
    }
    const told = Object.values(failing).map((emitter) =>
      new Promise<unknown>((resolve) => void emitter.on("error", resolve))
    );
    const errors = await Promise.all(told);
    assertEquals(errors.map((error) => (error as { code?: string }).code), Object.keys(failing));
    assertEquals(sim.now(), 0);
  }, allowed);
  await closed(server);
});
