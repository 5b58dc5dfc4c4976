/**
 * The tests on the runtimes: each file in a process of its own, as many at once as there are processors.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { executableOf, type MatrixHost, root, typeScriptArguments } from "../hosts.ts";
import { runProcess } from "./process.ts";
import { type Progress, tell, tellEnd } from "./progress.ts";
import { type FileResult, judge } from "./reports.ts";

/** The longest the tests may take on one runtime, in ms: one that never ends is to be told, and not to hold up the rest. */
export const longest: number = 20 * 60_000;

/** The longest that one file may take, in ms: with one that never ends the rest of its host would have no time. */
const longestFile = 6 * 60_000;

/** A runtime and how far it is. */
interface HostRun extends Progress {
  readonly host: MatrixHost;
  readonly executable: string;
}

/** Runs the test files on the runtimes, and says how each did; resolves to how each file did on each. */
export async function runHosts(hosts: readonly MatrixHost[], files: readonly string[]): Promise<FileResult[]> {
  const runs: HostRun[] = [];
  const missing: FileResult[] = [];
  for (const host of hosts) {
    if (host === "node26") bringNode26();
    const executable = executableOf(host);
    if (executable !== undefined) runs.push({ host, executable, results: [], started: undefined });
    else {
      console.log(`${host}: NOT THERE, its tests cannot run; \`npm ci\` brings it`);
      missing.push(judge(host, "", { output: "", code: null, late: false }, "", ""));
    }
  }
  const jobs = runs.flatMap((run) => files.map((file, number) => ({ run, file, number })));
  const folder = mkdtempSync(join(tmpdir(), "millrace-tests-"));
  // The files of one runtime are begun while the last of the one before still run.
  const lane = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { run, file, number } = job;
      run.results.push(await runFile(run, file, join(folder, `${run.host}-${number}`)));
      tell(run, files.length);
      if (run.results.length === files.length) tellEnd(run, versionOf(run.executable));
    }
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, lane));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [...missing, ...runs.flatMap(({ results }) => results)];
}

/** Brings the newest Node into its own folder on first need. */
export function bringNode26(): void {
  if (executableOf("node26") !== undefined) return;
  console.log("node26: fetching the newest Node of the matrix once (tests/support/node26)");
  spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: join(root, "tests/support/node26"),
    stdio: "inherit",
    shell: process.platform === "win32",
  });
}

/** Runs one file; `reports` is the beginning of the names of the files for what is reported of it. */
async function runFile(run: HostRun, file: string, reports: string): Promise<FileResult> {
  const { host, executable } = run;
  run.started ??= performance.now();
  const limit = Math.min(longestFile, run.started + longest - performance.now());
  if (limit <= 0) return judge(host, file, { output: "", code: null, late: true }, "", "");
  const tap = `${reports}.tap`;
  const junit = `${reports}.xml`;
  const args: Record<MatrixHost, string[]> = {
    node: [...typeScriptArguments("node"), ...nodeReporters(tap, junit), file],
    node26: [...nodeReporters(tap, junit), file],
    deno: ["test", "-A", "--no-check", `--junit-path=${junit}`, file],
    bun: ["test", "--timeout=60000", "--reporter=junit", `--reporter-outfile=${junit}`, `./${file}`],
  };
  // Most of the time of a short test goes into compiling the library, which Node 26 keeps from process to process.
  const env = host === "node26" ? { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/millrace/node26") } : {};
  const ended = await runProcess(executable, args[host], { limit, env });
  return judge(host, file, ended, textOf(junit), host.startsWith("node") ? textOf(tap) : ended.output);
}

function nodeReporters(tap: string, junit: string): string[] {
  return Object.entries({ tap, junit }).flatMap(([name, to]) => [
    `--test-reporter=${name}`,
    `--test-reporter-destination=${to}`,
  ]);
}

function versionOf(executable: string): string {
  const { stdout } = spawnSync(executable, ["--version"], { encoding: "utf8" });
  return stdout?.split("\n")[0]?.trim() ?? "?";
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}
