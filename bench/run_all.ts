/** Runs benches in processes of their own: what one leaves behind in the engine would be another one's handicap. */

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { MatrixHost } from "../tests/support/hosts.ts";
import { benches } from "./all.ts";
import { engineArguments, neededExecutable } from "./engine.ts";
import type { Bench } from "./harness.ts";
import { named, type Options } from "./options.ts";
import { briefOf, textOf } from "./print.ts";
import { readResults, writeReport } from "./report.ts";
import { parseResults, type Result } from "./results.ts";

const file = fileURLToPath(new URL("./run.ts", import.meta.url));

/** How long a bench may take that belongs to the report, in ms: one that waits for ever would keep all others waiting. */
const longest = 300_000;

/** What came of a process. */
interface Outcome {
  readonly result: Result | undefined;
  readonly status: number;
}

/** Runs what is asked for, prints it or makes a page of it, and answers with the exit code. */
export async function runAll(options: Options): Promise<number> {
  const { hosts, json, html } = options;
  if (html !== undefined && options.from !== undefined) {
    console.log(writeReport(html, readResults(options.from), []));
    return 0;
  }
  const executables = new Map(hosts.map((host) => [host, neededExecutable(host)]));
  const wanted = wantedBenches(options);
  let status = 0;
  let count = 0;
  for (const [host, executable] of executables) {
    const began = performance.now();
    for (const bench of wanted) {
      const { result, status: code } = await run(executable, host, bench, options);
      status ||= code;
      count++;
      if (json && result !== undefined) console.log(JSON.stringify(result));
      else if (html === undefined && result !== undefined) console.log(textOf(result));
      if (html === undefined) continue;
      const told = result === undefined ? `no result, code ${code}` : `${result.seconds} s, ${briefOf(result)}`;
      console.error(`[${`${count}`.padStart(3)}/${wanted.length * hosts.length}] ${host} ${bench.name}: ${told}`);
      // After each, so that an end in between leaves what is known.
      if (result === undefined) writeReport(html, [], [{ host, bench: bench.name }]);
      else writeReport(html, [result], []);
    }
    if (html !== undefined) console.error(`${host}: ${Math.round((performance.now() - began) / 1000)} s, see ${html}`);
  }
  return status;
}

/** A page has no place for what prints a report of its own, and none for what counts mistakes, unless that is named. */
function wantedBenches({ only, html }: Options): readonly Bench[] {
  const all = html === undefined ? benches : benches.filter(({ report }) => report === undefined);
  return named(all, only).filter(({ isAside }) => html === undefined || only !== undefined || isAside !== true);
}

function run(executable: string, host: MatrixHost, bench: Bench, options: Options): Promise<Outcome> {
  const prints = bench.report !== undefined;
  const args = [...engineArguments(host, false), file, "--here", "--only", bench.name, ...options.passedOn];
  if (!prints || options.json) args.push("--json");
  const child = spawn(executable, args, { stdio: ["inherit", prints ? "inherit" : "pipe", "inherit"] });
  const end = prints || bench.isAside ? undefined : setTimeout(() => {
    console.error(`  ${bench.name} on ${host} is not over after ${longest / 1000} s: ended`);
    child.kill("SIGKILL");
  }, longest);
  let text = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => text += chunk);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(end);
      const status = code ?? 1;
      // Else it has ended before it was sure of what it says.
      const [result] = status === 0 ? parseResults(text) : [];
      const others = text.split("\n").filter((line) => line !== "" && !line.startsWith("{"));
      if (others.length > 0) (options.json ? console.error : console.log)(others.join("\n"));
      resolve({ result, status });
    });
  });
}
