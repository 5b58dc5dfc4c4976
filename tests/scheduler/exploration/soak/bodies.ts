/** Bodies of soaks, for this thread and others. */

import { serve } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import type { Simulation } from "../../../../testing.ts";

/** A counter that is told to add one by calls that may be lost, and is told again: what it was told twice it counts twice. */
export default async function counter(sim: Simulation): Promise<void> {
  let stored = 0;
  for (let call = 1; call <= 5; call++) {
    for (let attempt = 0; attempt < 3; attempt++) {
      if (sim.fault("the request is lost")) continue;
      await sim.io("add");
      stored++;
      if (!sim.fault("the answer is lost")) break;
      sim.sometimes("told again");
    }
    await sleep(10);
  }
  sim.sometimes("counted to 40", stored === 40);
  if (stored > 5) throw new Error(`counted ${stored} of 5`);
}

/** Passes always. */
export async function sound(sim: Simulation): Promise<void> {
  for (let round = 0; round < 20; round++) {
    if (!sim.fault("lost")) await sim.io(`step ${round % 3}`, { latency: Math.random() * 5 });
    await sleep(100);
  }
  sim.sometimes("done");
  sim.sometimes("never", false);
}

/** Never ends. */
export async function endless(sim: Simulation): Promise<void> {
  for (;;) await sim.io("step");
}

/** Ends its thread. */
export async function deadly(sim: Simulation): Promise<void> {
  await sim.io("step");
  const { process } = globalThis as { process?: { exit(code: number): void } };
  process?.exit(3);
}

/** Two machines: one writes to the other, which answers before it has stored what it was told. */
export async function written(sim: Simulation): Promise<void> {
  const stored = new Set<string>();
  sim.machine("store", async () => {
    await serve(async (request) => {
      const text = await request.text();
      setTimeout(() => stored.add(text), 5);
      return new Response("stored");
    }, { port: 80 });
  }, { restart: true });
  const texts = Array.from({ length: 20 }, (_, index) => `entry ${index}`);
  const writer = sim.machine("writer", async () => {
    for (const text of texts) {
      for (let isDone = false; !isDone;) {
        await sleep(20);
        isDone = await fetch("http://store/", { method: "POST", body: text }).then(({ ok }) => ok, () => false);
        sim.sometimes("told again", !isDone);
      }
    }
  });
  while (writer.state !== "exited") await sleep(100);
  sim.calm();
  await sleep(1000);
  const lost = texts.filter((text) => !stored.has(text));
  if (lost.length > 0) throw new Error(`acknowledged and lost: ${lost.join(", ")}`);
}

/** A server that answers requests; whoever gets none within a second gives up. */
export async function served(sim: Simulation): Promise<void> {
  await using server = await serve(() => new Response("ok"), { port: 8080 });
  for (let request = 0; request < 5; request++) {
    const response = await fetch(`http://localhost:${server.port}/${request}`);
    await response.text();
  }
  sim.sometimes("answered");
}
