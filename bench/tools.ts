/** Programs that benches need, which Debian has as packages: load generators, and servers. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fixedRate, ofLog, ofWrk, type Paced, type Told } from "./load_figures.ts";

const packages = {
  wrk: "wrk",
  h2load: "nghttp2-client",
  "nats-server": "nats-server",
  "redis-server": "redis-server",
} as const;

/** A program that a bench needs is not there. */
export class MissingTool extends Error {
  constructor(tool: keyof typeof packages) {
    super(`${tool} is not there, which this bench needs: install it (\`apt-get install ${packages[tool]}\`)`);
  }
}

/** What wrk is to do. */
export interface Load {
  /** How many keep-alive connections, each with one request at a time. Default: 32. */
  readonly connections?: number;
  /** Default: 1. */
  readonly seconds?: number;
  /** The size of the body of a POST; 0 for a GET. */
  readonly post?: number;
  /** Is it to be refused? Else an answer that is no success ends the bench. */
  readonly isRefused?: boolean;
}

/** Loads a server with as many requests as it answers. */
export async function wrk(port: number, options: Load = {}): Promise<Told> {
  const { connections = 32, seconds = 1, post = 0, isRefused = false } = options;
  const script = fileURLToPath(new URL("./wrk.lua", import.meta.url));
  const load = ["-t1", `-c${connections}`, `-d${seconds}s`, "-s", script];
  const told = ofWrk(await output("wrk", [...load, `http://127.0.0.1:${port}/hello?x=1`, "--", `${post}`]));
  if (told.failed > 0 || told.refused > 0 && !isRefused) {
    throw new Error(`Of ${told.requests} requests ${told.refused} were refused, ${told.failed} had no answer`);
  }
  return told;
}

/** How often a fixed rate is tried, where the machine has so much other work that it is not reached. */
const tries = 3;

/** Sends so many requests a second for so long, spread evenly; answers with their latencies in us, in order. */
export async function h2load(port: number, rate: number, seconds: number): Promise<readonly number[]> {
  for (let count = 1;; count++) {
    const paced = await h2loadOnce(port, rate, seconds);
    if (paced.rate >= 0.9 * rate) return paced.latencies;
    console.error(`  Of ${Math.round(rate)} requests a second only ${Math.round(paced.rate)} were sent`);
    if (count === tries) return paced.latencies;
  }
}

async function h2loadOnce(port: number, rate: number, seconds: number): Promise<Paced> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-load-"));
  try {
    const log = join(folder, "log");
    const plan = fixedRate(rate, seconds);
    const clients = [`-c${plan.clients}`, "-r1", `--rate-period=${plan.period}ms`, `-n${plan.requests}`];
    await output("h2load", [
      "--h1",
      "-t1",
      "-m1",
      ...clients,
      `--rps=${plan.each}`,
      `--log-file=${log}`,
      `http://127.0.0.1:${port}/hello?x=1`,
    ]);
    return ofLog(await readFile(log, "utf8"), plan, seconds);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function output(tool: "wrk" | "h2load", args: readonly string[]): Promise<string> {
  const child = spawn(tool, args, { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "ENOENT" ? new MissingTool(tool) : error);
    });
    child.on("close", (code) => code === 0 ? resolve(text) : reject(new Error(`${tool} ended with ${code}: ${text}`)));
  });
}
