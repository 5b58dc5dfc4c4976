/**
 * Observes random programs on the real host and looks for each log in what the model allows:
 *
 *   tsx tests/support/model_agreement.ts HOST [--programs 10000] [--seed 1] [--chunk 500]
 *
 * HOST is node, node26, deno or bun. The programs of a chunk run in a process of their own, so that one that hangs is told with its
 * number and costs no more than its chunk. `--chunk` is part of what a seed gives.
 *
 * @module
 */

import fc from "fast-check";
import { spawn } from "node:child_process";
import { writeSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { allowsOrder, observeOrder, type ProfileName } from "../../testing.ts";
import { executableOf, hostOfThis, type MatrixHost } from "./hosts.ts";
import { loopPrograms, programOf, show, type Step } from "./loop_programs.ts";

/** How long one program may take until it counts as hanging, in ms. */
const longest = 60_000;

/** How a host and the model agreed about a program. */
export interface Agreement {
  /** The number of the program in its chunk. */
  program: number;
  /** `"rare"`: one log out of three was not allowed. */
  result: "agrees" | "rare" | "disagrees";
  /** The last log that is not allowed. */
  order?: string[];
  /** How long the observations and the searches took, in ms. */
  observed: number;
  searched: number;
}

/** Observes a program up to three times, until a log is allowed. */
export async function agreement(steps: readonly Step[], program: number = 0): Promise<Agreement> {
  const host = hostOfThis();
  const profile: ProfileName = host === "node26" ? "node" : host;
  const found: Agreement = { program, result: "agrees", observed: 0, searched: 0 };
  // Bun and Deno leave their own order about once in 2,000 programs, never twice for one of them.
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    const order = await observeOrder(programOf(steps));
    const middle = performance.now();
    const allowed = allowsOrder(programOf(steps), profile, order);
    found.observed += middle - start;
    found.searched += performance.now() - middle;
    if (allowed) {
      found.result = run === 0 ? "agrees" : "rare";
      return found;
    }
    found.order = order;
  }
  found.result = "disagrees";
  return found;
}

function programsOf(seed: number, count: number): Step[][] {
  return fc.sample(loopPrograms(), { seed, numRuns: count });
}

/** The part of a child: a line as each program begins, and one as it ends. */
async function runChunk(seed: number, count: number): Promise<void> {
  for (const [index, steps] of programsOf(seed, count).entries()) {
    writeSync(1, `${index}\n`);
    writeSync(1, `${JSON.stringify(await agreement(steps, index))}\n`);
  }
  process.exit(0);
}

/** The part of the parent: runs one chunk and answers with what was found; a hang has no agreement. */
function watchChunk(host: MatrixHost, seed: number, count: number): Promise<{ all: Agreement[]; hung?: number }> {
  const before = {
    node: ["--import", import.meta.resolve("tsx")],
    node26: [],
    deno: ["run", "-A", "--no-check"],
    bun: [],
  };
  const args = [...before[host], fileURLToPath(import.meta.url), host, "--programs", `${count}`, "--seed", `${seed}`];
  const child = spawn(executableOf(host)!, [...args, "--child"], { stdio: ["ignore", "pipe", "inherit"] });
  return new Promise((resolve) => {
    const all: Agreement[] = [];
    let current = -1;
    let rest = "";
    const onTimeout = (): void => void child.kill("SIGKILL");
    let timer = setTimeout(onTimeout, longest);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith("{")) all.push(JSON.parse(line) as Agreement);
        else current = Number(line);
      }
      clearTimeout(timer);
      timer = setTimeout(onTimeout, longest);
    });
    child.on("close", () => {
      clearTimeout(timer);
      resolve(all.length === count ? { all } : { all, hung: current });
    });
  });
}

async function main(host: MatrixHost, programs: number, seed: number, chunk: number): Promise<boolean> {
  const counts = { agrees: 0, rare: 0, disagrees: 0, hung: 0 };
  let [observed, searched, slowest] = [0, 0, 0];
  for (let done = 0; done < programs; done += chunk) {
    const [ofChunk, count] = [seed * 1_000_000 + done, Math.min(chunk, programs - done)];
    const { all, hung } = await watchChunk(host, ofChunk, count);
    for (const { result, program, order, ...times } of all) {
      counts[result]++;
      observed += times.observed;
      searched += times.searched;
      slowest = Math.max(slowest, times.searched);
      if (result === "agrees") continue;
      console.log(
        `${host} ${ofChunk}:${program} ${result}: ${show(programsOf(ofChunk, count)[program]!)}\n  left ${
          order?.join(" ")
        }`,
      );
    }
    if (hung !== undefined) {
      counts.hung++;
      console.log(`${host} ${ofChunk}:${hung} did not end: ${show(programsOf(ofChunk, count)[hung] ?? [])}`);
    }
    console.log(
      `${host}: ${done + count} of ${programs}, ${JSON.stringify(counts)}; observed in ${
        Math.round(observed)
      } ms, searched in ${Math.round(searched)} ms, the longest search ${Math.round(slowest)} ms`,
    );
  }
  return counts.disagrees + counts.hung === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: {
      programs: { type: "string", default: "10000" },
      seed: { type: "string", default: "1" },
      chunk: { type: "string", default: "500" },
      child: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const [seed, programs] = [Number(values.seed), Number(values.programs)];
  if (values.child) await runChunk(seed, programs);
  else process.exitCode = await main(positionals[0] as MatrixHost, programs, seed, Number(values.chunk)) ? 0 : 1;
}
