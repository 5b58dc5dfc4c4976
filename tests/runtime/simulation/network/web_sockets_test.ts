/** WebSockets on a simulated network: in one program, and between machines. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { serve, type ServerWebSocket } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { explore, simulate, type Simulation } from "../../../../testing.ts";

/** A test where the host has clients of WebSockets. */
function socketTest(title: string, body: () => Promise<unknown>): void {
  const lacks = typeof WebSocket === "function" ? {} : { skip: "the host has no clients of WebSockets" };
  test(title, lacks, async () => void await body());
}

/** Listens for sockets, which `body` has, on port 80. */
function serving(body: (socket: ServerWebSocket) => unknown): () => Promise<{ drain(): Promise<unknown> }> {
  return () => serve((_request, context) => context.upgrade(body), { port: 80, onError: () => {} });
}

async function echo(socket: ServerWebSocket): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

/** A socket, and all that it tells. */
function open(url: string, sim: Simulation): { socket: WebSocket; seen: unknown[] } {
  const socket = new WebSocket(url);
  const seen: unknown[] = [];
  const began = sim.now();
  const at = (): number => sim.now() - began;
  socket.binaryType = "arraybuffer";
  socket.onopen = () => seen.push(`open at ${at()}`);
  socket.onmessage = ({ data }) => seen.push(data);
  socket.onerror = () => seen.push(`error at ${at()}`);
  socket.onclose = ({ code, reason, wasClean }) => seen.push([code, reason, wasClean, at()]);
  return { socket, seen };
}

function heard(socket: WebSocket, event: string): Promise<unknown> {
  return new Promise((resolve) => socket.addEventListener(event, resolve));
}

test("a simulation has clients of WebSockets where its host has them, with their constants and their prototype", async () => {
  const constants = (): unknown[] => {
    const found = (globalThis as { WebSocket?: typeof WebSocket }).WebSocket;
    return [typeof found, found?.CONNECTING, found?.OPEN, found?.CLOSING, found?.CLOSED];
  };
  assertEquals(await simulate(constants), constants());
});

socketTest("a client and a server of one program talk, and each passage takes the latency of the network", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    const server = await serving(echo)();
    const { socket, seen } = open("ws://localhost/", sim);
    assertEquals(socket.readyState, WebSocket.CONNECTING);
    await sleep(100);
    socket.send("hello");
    socket.send(new Uint8Array([1, 2]));
    await sleep(100);
    socket.close(3000, "bye");
    await sleep(100);
    assertEquals([seen[0], seen[1], [...new Uint8Array(seen[2] as ArrayBuffer)]], ["open at 40", "hello", [1, 2]]);
    assertEquals(seen[3], [3000, "bye", true, 220]);
    assert(socket instanceof WebSocket && socket.readyState === WebSocket.CLOSED);
    await server.drain();
  });
});

socketTest("a machine reaches another by its name, and both see how it ends", async () => {
  await simulate(async (sim) => {
    const closes: unknown[] = [];
    sim.machine(
      "server",
      serving(async (socket) => {
        await echo(socket);
        closes.push(await socket.closed);
      }),
    );
    await sleep(10);
    let seen: unknown[] = [];
    sim.machine("client", async () => {
      const opened = open("ws://server/chat", sim);
      seen = opened.seen;
      await sleep(10);
      opened.socket.send("hello");
      await sleep(10);
      opened.socket.close();
    });
    await sleep(100);
    assertEquals(seen.slice(1), ["hello", [1005, "", true, 20]]);
    assertEquals(closes, [{ code: 1005, reason: "" }]);
  });
});

socketTest("nobody listens, or there is no such machine: an error, and a close with 1006", async () => {
  await simulate(async (sim) => {
    sim.machine("server", () => new Promise(() => {}));
    await sleep(10);
    for (const url of ["ws://server/", "ws://nowhere/", "ws://localhost:1/"]) {
      const { seen } = open(url, sim);
      await sleep(10);
      assertEquals(seen, ["error at 0", [1006, "", false, 0]]);
    }
  });
});

socketTest("whose server is killed sees an error and 1006, one passage later", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    const server = sim.machine("server", serving(echo));
    await sleep(10);
    const { seen } = open("ws://server/", sim);
    await sleep(100);
    server.kill();
    await sleep(100);
    assertEquals(seen, ["open at 40", "error at 110", [1006, "", false, 110]]);
  });
});

socketTest("whose server has lost its power sees nothing, until it sends to its next life", async () => {
  await simulate(async (sim) => {
    sim.network.latency = 10;
    const server = sim.machine("server", serving(echo));
    await sleep(10);
    const { socket, seen } = open("ws://server/", sim);
    await sleep(100);
    server.kill({ power: true });
    await sleep(1000);
    server.restart();
    await sleep(1000);
    assertEquals(seen.length, 1);
    socket.send("are you there?");
    await sleep(100);
    assertEquals(seen.slice(1), ["error at 2120", [1006, "", false, 2120]]);
  });
});

socketTest("a client that is killed is a lost connection to its server, which cancels the request", async () => {
  await simulate(async (sim) => {
    let ended: unknown;
    sim.machine(
      "server",
      serving(async (socket) => {
        await echo(socket).finally(async () => ended = await socket.closed);
      }),
    );
    await sleep(10);
    const client = sim.machine("client", () => void open("ws://server/", sim));
    await sleep(10);
    client.kill();
    await sleep(100);
    assertEquals(ended, { code: 1006, reason: "" });
  });
});

socketTest("what a server does not take waits, and is counted until then", async () => {
  await simulate(async (sim) => {
    let length = 0;
    sim.machine(
      "server",
      serving(async (socket) => {
        await sleep(1000);
        for await (const message of socket) length += message.length;
      }),
    );
    await sleep(10);
    const { socket } = open("ws://server/", sim);
    await sleep(10);
    socket.send("short");
    assertEquals(socket.bufferedAmount, 0);
    for (let count = 0; count < 50; count++) socket.send("x".repeat(10_000));
    assert(socket.bufferedAmount > 100_000, `${socket.bufferedAmount} bytes`);
    await sleep(10_000);
    assertEquals([socket.bufferedAmount, length], [0, 500_005]);
    socket.close();
    await sleep(10);
  });
});

socketTest("a drain of its server closes a socket with 1001", async () => {
  await simulate(async (sim) => {
    const server = await serving(echo)();
    const { seen } = open("ws://localhost/", sim);
    await sleep(10);
    await Promise.all([server.drain(), sleep(20_000)]);
    assertEquals((seen[1] as unknown[]).slice(0, 3), [1001, "", true]);
  });
});

socketTest(
  "messages of one socket keep their order in every schedule, and those of two overtake each other",
  async () => {
    const { reached } = await explore(async (sim) => {
      sim.network.fragments = 0;
      const got: string[] = [];
      const server = await serving(async (socket) => {
        for await (const message of socket) got.push(message as string);
      })();
      const [one, other] = [open("ws://localhost/", sim), open("ws://localhost/", sim)];
      await Promise.all([one, other].map(({ socket }) => heard(socket, "open")));
      one.socket.send("a1");
      one.socket.send("a2");
      other.socket.send("b");
      await Promise.all([one, other].map(({ socket }) => {
        const closed = heard(socket, "close");
        socket.close();
        return closed;
      }));
      await server.drain();
      sim.sometimes(got.join(" "));
      assert(got.indexOf("a1") < got.indexOf("a2"), got.join(" "));
    }, { maxSchedules: 150 });
    assert(Object.keys(reached).length > 1, JSON.stringify(reached));
  },
);
