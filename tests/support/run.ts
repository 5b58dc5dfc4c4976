/**
 * `npm test`: format, lint and types, then the same tests on every runtime.
 *
 * `npm test -- node` runs a part: names of steps (fmt, lint, types), of runtimes (node, node26, deno, bun), or parts of
 * file names, in any mixture.
 *
 * @module
 */

import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { writeDocBlocks } from "./doc_blocks.ts";
import { executableOf, type MatrixHost, root } from "./hosts.ts";

const hosts: readonly MatrixHost[] = ["node", "node26", "deno", "bun"];
const checks = ["fmt", "lint", "types"] as const;

/** The longest the tests may take on one runtime, in ms: one that never ends is to be told, and not to hold up the rest. */
const longest = 20 * 60_000;

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const words = process.argv.slice(2);
const wantedHosts = hosts.filter((host) => words.includes(host));
const wantedChecks = checks.filter((check) => words.includes(check));
const parts = words.filter((word) =>
  !(hosts as readonly string[]).includes(word) && !(checks as readonly string[]).includes(word)
);
const everything = words.length === 0;
const total: Counts = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

writeDocBlocks();
for (const check of everything ? checks : wantedChecks) runCheck(check);
if (everything || wantedHosts.length > 0 || parts.length > 0) {
  const files = testFiles().filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)));
  if (files.length === 0) {
    console.error(`No test file matches ${parts.join(", ")}`);
    process.exit(2);
  }
  for (const host of wantedHosts.length > 0 ? wantedHosts : hosts) await runHost(host, files);
}
console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
process.exit(broken || total.failed > 0 ? 1 : 0);

/** All test files, in order; Node 20's own `--test` does not know `**`. */
function testFiles(): string[] {
  const found: string[] = [];
  function look(folder: string): void {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.name === "node_modules" || entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) look(path);
      else if (entry.name.endsWith("_test.ts")) found.push(relative(root, path));
    }
  }
  look(join(root, "tests"));
  return found.sort();
}

function runCheck(check: (typeof checks)[number]): void {
  const deno = executableOf("deno");
  if (deno === undefined) return missing("deno", `the check "${check}"`);
  const doors = ["mod.ts", "worker.ts", "io/mod.ts", "testing.ts"].filter((door) => existsSync(join(root, door)));
  const commands: Record<(typeof checks)[number], [string, string[]][]> = {
    fmt: [[deno, ["fmt", "--check"]]],
    lint: [[deno, ["lint"]], [deno, ["doc", "--lint", ...doors]]],
    types: [
      [process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."]],
      [deno, ["check", ...doors]],
    ],
  };
  for (const [command, args] of commands[check]) {
    const started = performance.now();
    const result = spawnSync(command, args, { cwd: root, encoding: "utf8", env: { ...process.env, NO_COLOR: "1" } });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const ok = result.status === 0;
    console.log(
      `${check}: ${ok ? "ok" : "FAILED"} (${args.slice(0, 2).join(" ").replace(root + "/", "")}, ${seconds} s)`,
    );
    if (ok) continue;
    broken = true;
    console.log(`${result.stdout}${result.stderr}`.trimEnd());
  }
}

function missing(host: string, what: string): void {
  console.log(`${host}: NOT THERE, ${what} cannot run; \`npm ci\` brings it`);
  broken = true;
}

/** Brings the newest Node into its own folder on first need. */
function bringNode26(): void {
  if (executableOf("node26") !== undefined) return;
  console.log("node26: fetching the newest Node of the matrix once (tests/support/node26)");
  spawnSync("npm", ["ci", "--no-audit", "--no-fund"], {
    cwd: join(root, "tests/support/node26"),
    stdio: "inherit",
    shell: process.platform === "win32",
  });
}

async function runHost(host: MatrixHost, files: readonly string[]): Promise<void> {
  if (host === "node26") bringNode26();
  const executable = executableOf(host);
  if (executable === undefined) return missing(host, "its tests");
  const version = spawnSync(executable, ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0]?.trim() ?? "?";
  const commands: Record<MatrixHost, string[]> = {
    node: ["--import", "tsx", "--test", "--test-reporter=tap", ...files],
    node26: ["--test", "--test-reporter=tap", ...files],
    deno: ["test", "-A", "--no-check", ...files],
    bun: ["test", "--timeout=60000", ...files.map((file) => `./${file}`)],
  };
  const started = performance.now();
  const { output, code } = await collect(host, executable, commands[host]);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const counts = host.startsWith("node") ? countTap(output) : host === "deno" ? countDeno(output) : countBun(output);
  const failed = counts === undefined || counts.failed > 0 || counts.passed === 0 || code !== 0;
  if (failed) {
    broken = true;
    console.log(host.startsWith("node") ? failuresOfTap(output) : output);
  }
  if (counts === undefined) {
    console.log(`${host} (${version}): no summary, exit code ${code}`);
    return;
  }
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
  const { passed, failed: bad, skipped } = counts;
  console.log(
    `${host} (${version}): ${passed} passed, ${bad} failed, ${skipped} skipped, exit code ${code}, ${seconds} s`,
  );
}

/** Runs a command and collects what it prints, with a count of the tests so far for whoever watches. */
function collect(host: string, command: string, args: string[]): Promise<{ output: string; code: number | null }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, NO_COLOR: "1" } });
    let output = "";
    let shown = 0;
    const take = (text: string) => {
      output += text;
      if (!process.stdout.isTTY) return;
      const done = output.match(/^\s*(?:not ok|ok|\(pass\)|\(fail\)|.* \.\.\. (?:ok|FAILED))/gm)?.length ?? 0;
      if (done === shown) return;
      shown = done;
      process.stdout.write(`\r${host}: ${done} tests`);
    };
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => take(`\n${error}\n`));
    const killer = setTimeout(() => {
      take(`\nThe tests have not ended after ${longest / 60_000} minutes\n`);
      // A runner that is asked to end ends the tests it has started.
      child.kill("SIGTERM");
    }, longest);
    child.on("close", (code) => {
      clearTimeout(killer);
      if (process.stdout.isTTY) process.stdout.write("\r\x1b[K");
      resolve({ output, code });
    });
  });
}

function last(output: string, pattern: RegExp): number {
  const all = [...output.matchAll(pattern)];
  return Number(all.at(-1)?.[1] ?? 0);
}

function countTap(output: string): Counts | undefined {
  if (!/^# tests \d+/m.test(output)) return undefined;
  return {
    passed: last(output, /^# pass (\d+)/gm),
    failed: last(output, /^# fail (\d+)/gm) + last(output, /^# cancelled (\d+)/gm),
    skipped: last(output, /^# skipped (\d+)/gm) + last(output, /^# todo (\d+)/gm),
  };
}

function countDeno(output: string): Counts | undefined {
  const match = [...output.matchAll(/(\d+) passed(?: \(\d+ steps?\))? \| (\d+) failed(?:.*?\| (\d+) ignored)?/g)].at(
    -1,
  );
  if (match === undefined) return undefined;
  return { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3] ?? 0) };
}

function countBun(output: string): Counts | undefined {
  if (!/^\s*\d+ pass$/m.test(output)) return undefined;
  return {
    passed: last(output, /^\s*(\d+) pass$/gm),
    failed: last(output, /^\s*(\d+) fail$/gm) + last(output, /^\s*(\d+) errors?$/gm),
    skipped: last(output, /^\s*(\d+) skip$/gm) + last(output, /^\s*(\d+) todo$/gm),
  };
}

/** The tests of a TAP report that failed, each with its report. */
function failuresOfTap(output: string): string {
  const kept: string[] = [];
  let keep = false;
  for (const line of output.split("\n")) {
    if (/^\s*not ok /.test(line)) keep = true;
    else if (/^\s*ok /.test(line) || /^# Subtest/.test(line)) keep = false;
    if (keep || /^# (?!Subtest|tests|suites|pass|fail|cancelled|skipped|todo|duration)/.test(line)) kept.push(line);
  }
  return kept.join("\n");
}
