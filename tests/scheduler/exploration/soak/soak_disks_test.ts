import files from "node:fs/promises";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { serve } from "../../../../io/mod.ts";
import { sleep } from "../../../../mod.ts";
import { InvariantError, type Simulation, soak, SoakFailure } from "../../../../testing.ts";

/** A machine that writes down what it is told and answers before that is safe on its disk, and one that asks it for all in the end. */
async function unsynced(sim: Simulation): Promise<void> {
  sim.machine("store", async () => {
    await serve(async (request) => {
      const text = await request.text();
      if (request.method === "GET") return new Response(await files.readFile("/log", "utf8").catch(() => ""));
      await files.appendFile("/log", `${text}\n`);
      return new Response("stored");
    }, { port: 80 });
  }, { restart: true });
  const stored: string[] = [];
  const writer = sim.machine("writer", async () => {
    for (let number = 0; number < 10; number++) {
      await sleep(20);
      const body = `entry ${number}`;
      if (await fetch("http://store/", { method: "POST", body }).then(({ ok }) => ok, () => false)) stored.push(body);
    }
  });
  while (writer.state !== "exited") await sleep(100);
  sim.calm();
  await sleep(1000);
  const text = await (await fetch("http://store/")).text();
  sim.always("what was acknowledged is there", () => stored.every((entry) => text.split("\n").includes(entry)));
}

test("a machine that answers before its writes are safe is found with the faults of its disk, and a check that is broken is named", async () => {
  const failure = await soak(unsynced, { seeds: 400 }).catch((error) => error);
  assertInstanceOf(failure, SoakFailure);
  const { schedule, kind, cause, token } = failure;
  assertInstanceOf(cause, InvariantError);
  assertEquals(kind, "InvariantError: what was acknowledged is there");
  assert(schedule.some((line) => line.startsWith("store loses its power")), schedule.join());
  const again = await soak(unsynced, { replay: token }).catch((error) => error);
  assertInstanceOf(again, SoakFailure);
  assertEquals([again.schedule, again.timeline], [schedule, failure.timeline]);
});
