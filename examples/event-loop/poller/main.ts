/**
 * The event loop of the article, serving: an echo server on `epoll` in a thread of its own, and as many clients as it is told, 100 if
 * nothing is said. Linux only.
 */

import { readdirSync } from "node:fs";
import { connect } from "node:net";
import process from "node:process";
import { WorkerPool } from "../../../mod.ts";
import { elsewhere, isLinux } from "./libc.ts";
import { makeWaker, wake } from "./simple_event_loop.ts";
import { listenOn } from "./sockets.ts";

const count = Number(process.argv[2] ?? 100);

if (isLinux) await main();
else console.log(elsewhere);

async function main(): Promise<void> {
  // What the runtime opens once and keeps is there after this.
  await serve(1);
  const before = descriptors();
  const { most, right, echoed, wokenAfter } = await serve(count);
  console.log(`${most} clients at once, ${right} right answers, ${echoed} bytes`);
  console.log(`woken after ${Math.round(wokenAfter * 1000)} us`);
  console.log(`descriptors left behind: ${Math.max(0, await settled(before) - before)}`);
}

/** Starts the server, lets clients ask it, and ends it. */
async function serve(count: number) {
  // Descriptors are the process's: what this thread opens, another one uses.
  const { fd, port } = listenOn(0);
  const waker = makeWaker();
  const module = new URL("./echo_server.ts", import.meta.url);
  await using pool = new WorkerPool<typeof import("./echo_server.ts")>(module, { size: 1 });
  const served = pool.run("serve", [fd, waker]);
  // A blocked thread hears no message: a descriptor in its set wakes it.
  const onSignal = () => wake(waker, 15);
  process.on("SIGTERM", onSignal).on("SIGINT", onSignal);

  const clients = await Promise.all(Array.from({ length: count }, () => client(port)));
  const answers = await Promise.all(clients.map(({ ask }, index) => ask(`hello ${index}`)));
  const right = answers.filter((answer, index) => answer === `hello ${index}`).length;

  const asked = performance.timeOrigin + performance.now();
  wake(waker, 10);
  onSignal();
  const { most, echoed, wokenAt } = await served;
  await Promise.all(clients.map(({ closed }) => closed));
  process.off("SIGTERM", onSignal).off("SIGINT", onSignal);
  return { most, right, echoed, wokenAfter: wokenAt - asked };
}

/** A client that asks, and is answered with the next data that comes. */
function client(port: number): Promise<{ ask(text: string): Promise<string>; closed: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1").on("error", reject).setEncoding("utf8");
    const closed = new Promise<void>((resolve) => socket.on("close", () => resolve()));
    const ask = (text: string) =>
      new Promise<string>((resolve) => {
        socket.once("data", (answer) => resolve(String(answer)));
        socket.write(text);
      });
    socket.on("connect", () => resolve({ ask, closed }));
  });
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

/** How many descriptors are open when the runtime has closed those of the clients and of the thread, for which it has a second. */
async function settled(wanted: number): Promise<number> {
  for (let round = 0; round < 100 && descriptors() > wanted; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return descriptors();
}
