// Who does what the system cannot do without blocking: on Node a pool of threads, of which there are four, or as many as
// UV_THREADPOOL_SIZE says. Each run is a process of its own, with as many threads as it is told: four hashes are asked for, then a
// file and a name. Deno starts as many threads as it has such work, whatever the variable says; Bun takes it for a pool of its own, of two
// at least.

import { spawn } from "node:child_process";
import { pbkdf2 } from "node:crypto";
import { lookup } from "node:dns";
import { stat } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const sizes = process.argv[2] === undefined ? [1, 4, 16] : [Number(process.argv[2])];

/** What a piece of work was, and when it ended, in ms after it was asked for. */
interface Ended {
  readonly name: string;
  readonly ms: number;
}

if (process.env["MILLRACE_POOL_OF"] === undefined) await showAll();
else console.log(JSON.stringify(await work()));

/** The work, all of it asked for at once; in the order in which it ended. */
async function work(): Promise<Ended[]> {
  const begun = performance.now();
  const ended: Ended[] = [];
  const end = (name: string, resolve: () => void) => {
    ended.push({ name, ms: performance.now() - begun });
    resolve();
  };
  const started = [1, 2, 3, 4].map((number) =>
    new Promise<void>((resolve) => pbkdf2("", "", 200_000, 64, "sha512", () => end(`hash ${number}`, resolve)))
  );
  started.push(new Promise((resolve) => stat("/", () => end("file", resolve))));
  started.push(new Promise((resolve) => lookup("localhost", () => end("name", resolve))));
  await Promise.all(started);
  return ended;
}

async function showAll(): Promise<void> {
  for (const size of sizes) {
    const ended = await inProcess(size);
    const longest = Math.max(...ended.map(({ ms }) => ms));
    console.log(`${size} thread${size === 1 ? "" : "s"}: ${ended.map(({ name }) => name.split(" ")[0]).join(", ")}`);
    for (const { name, ms } of [...ended].sort((a, b) => a.name.localeCompare(b.name))) {
      console.log(`  ${name.padEnd(7)} ${"=".repeat(Math.round(ms / longest * 40)).padEnd(40)} ${Math.round(ms)} ms`);
    }
  }
}

/** The same in a process whose pool has so many threads. */
function inProcess(size: number): Promise<Ended[]> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: `${size}`, MILLRACE_POOL_OF: `${size}` };
  const { Deno } = globalThis as { Deno?: unknown };
  const flags = Deno === undefined ? process.execArgv : ["run", "-A", "--no-check"];
  const child = spawn(process.execPath, [...flags, fileURLToPath(import.meta.url)], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk) => text += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on(
      "close",
      (code) => code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`The run ended with ${code}`)),
    );
  });
}
