/**
 * Three nodes as processes of this machine, a client that writes, a node that is killed, and all that was answered read back:
 * `npx tsx examples/kv/three_processes.ts`, or with Deno or Bun.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { listen } from "../../io/mod.ts";
import { main, sleep } from "../../mod.ts";
import { Client } from "./client.ts";
import { ask, type Members } from "./protocol.ts";

const names = ["n1", "n2", "n3"];
const program = fileURLToPath(new URL("./main.ts", import.meta.url));

await main(async (g) => {
  const folder = await mkdtemp(join(tmpdir(), "millrace-kv-"));
  g.defer(() => rm(folder, { recursive: true, force: true }));
  const members = await freeAddresses();
  const nodes = new Map<string, ChildProcess>();
  g.defer(() => nodes.forEach((node) => node.kill("SIGKILL")));
  const start = (name: string) => nodes.set(name, startNode(name, members, join(folder, name)));
  names.forEach(start);

  const client = new Client({ name: "writer", members, timeout: 20_000 });
  const write = async (from: number, to: number) => {
    for (let number = from; number < to; number++) await client.put(`key ${number}`, `value ${number}`);
  };
  await write(0, 25);
  console.log("25 values are written");

  const leader = await leaderOf(members);
  nodes.get(leader)!.kill("SIGKILL");
  console.log("The leader is killed");
  await write(25, 50);
  console.log("25 more are written, by the two that are left");

  start(leader);
  const other = names.find((name) => name !== leader)!;
  nodes.get(other)!.kill("SIGKILL");
  console.log("The killed one is back, and another one is killed");
  let lost = 0;
  for (let number = 0; number < 50; number++) {
    if (await client.get(`key ${number}`) !== `value ${number}`) lost++;
  }
  console.log(`${50 - lost} of 50 values are read back`);
  process.exitCode = lost === 0 ? 0 : 1;
});

function startNode(name: string, members: Members, folder: string): ChildProcess {
  const list = Object.entries(members).map(([each, url]) => `${each}=${url}`).join(",");
  // As this program was started: tsx on Node 20, a permission on Deno.
  const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : process.execArgv;
  const args = [...flags, program, "--name", name, "--members", list, "--folder", folder];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}

/** Ports that are free now. */
async function freeAddresses(): Promise<Members> {
  const listeners = await Promise.all(names.map(() => listen({ port: 0 })));
  const members = Object.fromEntries(
    names.map((name, at) => [name, `http://127.0.0.1:${listeners[at]!.port}`]),
  );
  for (const listener of listeners) await listener.close();
  return members;
}

/** Who leads, by what a node says who does not. */
async function leaderOf(members: Members): Promise<string> {
  for (;;) {
    for (const name of names) {
      const status = await ask<{ role: string }>(members[name]!, "/status", {}, 1000);
      if (status?.role === "leader") return name;
    }
    await sleep(50);
  }
}
