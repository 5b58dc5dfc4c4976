/** What results say of claims, how they are kept, and the page that shows them. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Bench, type Case, summaryOf, type Timed, timeEach } from "../../bench/harness.ts";
import { page } from "../../bench/page.ts";
import { mergeResults, parseResults, type Result, resultOf, writeResults } from "../../bench/results.ts";
import { verdictsOf } from "../../bench/verdict.ts";
import { enders, rawWorker } from "../../bench/worker_raw.ts";
import { commandFor, root } from "../support/hosts.ts";

const cases: Omit<Case, "run">[] = [
  { name: "by hand", kind: "floor" },
  { name: "Millrace", kind: "ours" },
  { name: "another <library>", kind: "peer" },
];

function timed(figure: number, cpu: number): Timed[] {
  return Array.from({ length: 5 }, (_, round) => ({ figure: figure + round, cpu }));
}

function benchOf(rest: Partial<Bench> = {}): Bench {
  return { name: "sample", claim: "it costs at most 1.5 x", unit: "us", target: 1.5, cases: () => [], ...rest };
}

function sample(rest: Partial<Bench> = {}, changes: Partial<Result> = {}): Result {
  const bench = benchOf(rest);
  const measured = summaryOf(bench, cases, [timed(10, 4), timed(30, 6), timed(900, 800)]);
  return { ...resultOf(bench, measured, 1), ...changes };
}

test("a ratio is one of CPU time, of time on the clock where the bench says so, and of the figure where there is neither", () => {
  assertEquals([sample().by, sample().measured[1]!.ratio], ["cpu", 1.5]);
  const wall = sample({ by: "wall" });
  assertEquals([wall.by, wall.measured[1]!.ratio], ["wall", Number((32 / 12).toPrecision(6))]);
  const bytes = summaryOf({}, cases.slice(0, 2), [[100, 100, 100], [100, 200, 300]]);
  assertEquals(bytes.map(({ ratio, ratioLow, ratioHigh, cpu }) => [ratio, ratioLow, ratioHigh, cpu]), [
    [1, 1, 1, undefined],
    [2, 1, 3, undefined],
  ]);
  assertEquals(resultOf(benchOf(), bytes, 1).by, "figure");
});

test("the CPU time of a process has that of its worker threads in it", async () => {
  const spin =
    "(() => { let sum = 0; for (let turn = 0; turn < data; turn++) sum = (sum * 31 + turn) | 0; return sum; })()";
  const call = await rawWorker<number, number>(spin);
  try {
    await call(1);
    const { cpu: idle } = await timeEach(1, () => call(1));
    const { cpu } = await timeEach(1, () => call(200_000_000));
    assert(cpu > idle + 20_000, `${cpu} us where a thread has spun, ${idle} us where it has not`);
  } finally {
    for (const end of enders) end();
  }
});

test("a peer that tells no CPU time has no ratio to a floor that does", () => {
  const [, , peer] = summaryOf({}, cases, [timed(10, 4), timed(30, 6), [7, 7, 7]]);
  assertEquals([peer!.ratio, peer!.median], [undefined, 7]);
});

test("each kind of promise has a verdict, and what a case promises takes the place of what its bench does", () => {
  const told = (rest: Partial<Bench>) =>
    verdictsOf(sample(rest)).map(({ figure, limit, isMet }) => [figure, limit, isMet]);
  assertEquals(told({}), [[1.5, 1.5, true]]);
  assertEquals(told({ target: 1.4 }), [[1.5, 1.4, false]]);
  assertEquals(told({ target: undefined, most: 5 }), [[6, 5, false]]);
  assertEquals(told({ target: undefined, more: 2 }), [[2, 2, true]]);
  assertEquals(told({ target: undefined, notAbove: "another <library>" }), [[6 / 800, 1, true]]);
  assertEquals(told({ target: undefined, notAbove: "nobody that was there" }), []);
  const own = cases.map((each) => each.kind === "ours" ? { ...each, limits: { target: 3 } } : each);
  const measured = summaryOf(benchOf(), own, [timed(10, 4), timed(30, 16), timed(900, 800)]);
  assertEquals(verdictsOf(resultOf(benchOf(), measured, 1)).map(({ limit, isMet }) => [limit, isMet]), [[3, false]]);
});

test("what is missed by a little does not look as if it were met", () => {
  const measured = summaryOf(benchOf(), cases.slice(0, 2), [timed(10, 4), timed(30, 6.016)]);
  assertEquals(verdictsOf(resultOf(benchOf(), measured, 1)).map(({ shown, isMet }) => [shown, isMet]), [[
    "1.504 x",
    false,
  ]]);
});

test("of two results of a bench on a host the later is kept, of another machine none, and what is written is read again", () => {
  const old = sample({}, { date: "2026-01-01T00:00:00.000Z" });
  const now = sample({ claim: "measured again" }, { date: "2026-02-01T00:00:00.000Z" });
  const other = sample({ name: "other" }, { date: old.date });
  const elsewhere = sample({ name: "elsewhere" }, { machine: { ...old.machine, cores: 512 } });
  const merged = mergeResults([old, other, elsewhere], [now]);
  assertEquals(merged.map(({ bench, claim }) => [bench, claim]), [
    ["sample", "measured again"],
    ["other", other.claim],
  ]);
  assertEquals(mergeResults([now], [old]).map(({ claim }) => claim), ["measured again"]);
  const written = writeResults(merged);
  assertEquals(writeResults(parseResults(`a word of a bench\n${written}`)), written);
  assertEquals(parseResults(`{"host":"node","bench":"of another time","measured":[]}`), []);
});

test("the page has each claim with its plot, its table and its verdict, and asks for nothing from elsewhere", () => {
  const benches = [
    benchOf(),
    benchOf({ name: "latency", claim: "it is <late>", by: "wall", target: undefined, most: 5 }),
  ];
  const results = benches.flatMap((bench) => [
    sample(bench, { host: "node26", version: "Node 26.0.0" }),
    sample(bench, { host: "bun", version: "Bun 1.0.0" }),
  ]);
  const html = page([{ title: "A section", benches }, { title: "An empty one", benches: [] }], results);
  for (const text of ["It costs at most 1.5 x.", "It is &#60;late&#62;.", "Node 26.0.0", "Bun 1.0.0", "A section"]) {
    assert(html.includes(text), `${text} is missing`);
  }
  assert(!html.includes("An empty one"));
  assert(/^<!doctype html>\n<html lang="en">/.test(html) && /<title>[^<]+<\/title>/.test(html));
  assertEquals(html.match(/<svg [^>]*role="img" aria-label="[^"]+"/g)?.length, 2);
  assertEquals(html.match(/<table>/g)?.length, 3, "a table for each claim, and one of all");
  assert(html.includes("✓ met") && html.includes("✗ missed"));
  assert(html.includes("prefers-color-scheme: dark") && html.includes('name="viewport"'));
  assert(!/NaN|Infinity|undefined|<library>/.test(html));
  assertEquals([...html.matchAll(/https?:|src=|url\(|@import|<script|<link/g)].map(String), []);
  const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  assertEquals(new Set(ids).size, ids.length);
  for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) assert(ids.includes(target), `${target} leads nowhere`);
});

function run(
  env: Record<string, string>,
  ...words: string[]
): { status: number | null; stdout: string; stderr: string } {
  const { command, args } = commandFor(join(root, "bench/run.ts"), ...words);
  return spawnSync(command, args, { cwd: root, encoding: "utf8", timeout: 50_000, env: { ...process.env, ...env } });
}

test("a load generator that is not there is named with its package, and ends the bench with exit code 2", () => {
  const { status, stderr } = run({ PATH: join(root, "no-such-folder") }, "--here", "--only", "serve-refusing");
  assertEquals(status, 2, stderr);
  assert(stderr.includes("wrk is not there") && stderr.includes("apt-get install wrk"), stderr);
});

test("kept results of several runs become one page, with its figures beside it", () => {
  const folder = mkdtempSync(join(tmpdir(), "millrace-report-"));
  try {
    const [first, second] = (["node", "bun"] as const).map((host) => {
      const file = join(folder, `${host}.json`);
      writeFileSync(file, writeResults([sample({ name: "yield" }, { host, version: `the version of ${host}` })]));
      return file;
    });
    const html = join(folder, "a/report.html");
    const { status, stderr } = run({}, "--html", html, "--from", `${first},${second}`);
    assertEquals(status, 0, stderr);
    const text = readFileSync(html, "utf8");
    assert(text.includes("the version of node") && text.includes("the version of bun"));
    assertEquals(parseResults(readFileSync(join(folder, "a/report.jsonl"), "utf8")).length, 2);
    const absent = run({}, "--html", html, "--from", "no-such-file");
    assertEquals([absent.status, absent.stderr.trim()], [2, "There is no file no-such-file with results"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a result has what is needed to read it later: host, version, machine and day", () => {
  const { machine, version, date } = sample();
  assert(machine.cores > 0 && machine.memory > 0 && machine.cpu !== "" && /\d/.test(version));
  assert(Math.abs(Date.parse(date) - Date.now()) < 60_000);
  assertThrows(() => page([], []));
});
