/** Every door by which code reaches what a simulation does not decide, and what becomes of who goes through it. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { assert, assertEquals } from "@std/assert";
import { simulate } from "../../../testing.ts";
import { type Door, doors, type OutsideWorld } from "../../support/doors.ts";
import { testWith } from "../../support/needs.ts";
import { thisHost } from "../../support/this_host.ts";

const hostsOwn = setTimeout;

/** A server and a folder outside of all simulations. */
async function outside(act: (world: OutsideWorld) => Promise<void>): Promise<void> {
  const server = createServer((_request, response) => void hostsOwn(() => response.end("answer"), 20));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const folder = mkdtempSync(`${tmpdir()}/millrace-`);
  writeFileSync(`${folder}/there`, "text");
  try {
    const { port } = server.address() as AddressInfo;
    await act({ port, file: `${folder}/there`, free: `${folder}/free` });
  } finally {
    rmSync(folder, { recursive: true });
    server.closeAllConnections();
    server.close();
  }
}

/** What becomes of a call beside a timer. */
async function seen({ call }: Door, world: OutsideWorld, allowRealIo: boolean): Promise<string> {
  return await simulate(async (sim) => {
    let timer: ReturnType<typeof setTimeout>;
    const passed = new Promise<string>((resolve) => timer = setTimeout(resolve, 30_000, "passed over"));
    const called = Promise.resolve().then(() => call(world)).then(
      () => sim.now() === 0 ? "waited for" : `at ${sim.now()} ms`,
      (error: Error) => error.message.includes("is real I/O") ? "refused by name" : `failed: ${error.message}`,
    );
    return await Promise.race([called, passed]).finally(() => clearTimeout(timer));
  }, { allowRealIo, leaks: "ignore" });
}

for (const allowRealIo of [false, true]) {
  const rule = allowRealIo ? "that is allowed is waited for" : "is waited for, simulated or refused by name";
  testWith("Node's modules", `each way to the world outside ${rule}`, () =>
    outside(async (world) => {
      const wrong: string[] = [];
      for (const door of doors) {
        const isThere = door.on.some((host) => host === thisHost());
        if (!isThere) continue;
        const { name, what } = door;
        const expected = allowRealIo || what === "simulated" ? "waited for" : what;
        const found = await seen(door, world, allowRealIo);
        if (found !== expected) wrong.push(`${name}: ${found}, not ${expected}`);
      }
      assertEquals(wrong, []);
    }));
}

testWith("Node's modules", "a door that is said not to be on a host is not there", () => {
  const host = thisHost();
  for (const { name, on } of doors) {
    const [object, member] = name.split(".");
    if (on.some((one) => one === host) || !/^(Deno|Bun|Worker|WebSocket|FileReader)$/.test(object!)) continue;
    const found = Reflect.get(globalThis, object!) as object | undefined;
    assert(found === undefined || (member !== undefined && !(member in found)), `${name} is there`);
  }
});
