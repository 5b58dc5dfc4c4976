/**
 * What the test runners of the runtimes report, read.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import type { Ended } from "./process.ts";

/** How many tests ended in which way. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A test and how long it took. */
export interface TestTime {
  /** The runtime, or the kind of page. */
  readonly host: string;
  readonly file: string;
  readonly name: string;
  readonly seconds: number;
}

/** How the tests of a file did on a runtime. */
export interface FileResult {
  /** The runtime, or the kind of page. */
  readonly host: string;
  readonly file: string;
  readonly ok: boolean;
  readonly counts: Counts;
  readonly times: readonly TestTime[];
  /** What went wrong; empty if nothing did. */
  readonly report: string;
}

/**
 * What came of a file: of the end of its process, its JUnit report, and the text with its summary. A file that ends with
 * an error, without a summary, without a test or not at all has failed, whatever its tests say.
 */
export function judge(host: MatrixHost, file: string, ended: Ended, junit: string, summary: string): FileResult {
  const { output, code, late } = ended;
  const counts = countsOf(host, summary);
  const ok = counts !== undefined && counts.failed === 0 && counts.passed > 0 && code === 0 && !late;
  const end = late ? "it did not end in time" : `${counts === undefined ? "no summary, " : ""}exit code ${code}`;
  const details = host.startsWith("node") ? [failuresOfTap(summary), output] : [output];
  return {
    host,
    file,
    ok,
    counts: { passed: 0, skipped: 0, ...counts, failed: counts?.failed || (ok ? 0 : 1) },
    times: timesOf(host, file, junit),
    report: ok ? "" : [...details.map((text) => text.trimEnd()), end].filter((text) => text !== "").join("\n"),
  };
}

/** The counts in a runner's summary; `undefined` when it printed none: it has not come to its end. */
function countsOf(host: MatrixHost, output: string): Counts | undefined {
  return host === "deno" ? countDeno(output) : host === "bun" ? countBun(output) : countTap(output);
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

/** How long each test took, from a runner's JUnit report; what is no report holds no tests. */
function timesOf(host: MatrixHost, file: string, junit: string): TestTime[] {
  return [...junit.matchAll(/<testcase((?:\s+\w+="[^"]*")*)/g)].map(([, attributes]) => ({
    host,
    file,
    name: unescaped(/\sname="([^"]*)"/.exec(attributes!)?.[1] ?? "?"),
    seconds: Number(/\stime="([\d.]+)"/.exec(attributes!)?.[1] ?? 0),
  }));
}

function unescaped(text: string): string {
  const characters: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (all, decimal, hexadecimal, name) => {
    if (name !== undefined) return characters[name] ?? all;
    return String.fromCodePoint(decimal === undefined ? parseInt(hexadecimal, 16) : Number(decimal));
  });
}

/** The slowest tests, as lines to print; what takes no time worth telling is left out. */
export function slowest(times: readonly TestTime[], count = 10): string[] {
  const slow = times.filter(({ seconds }) => seconds >= 0.05).sort((a, b) => b.seconds - a.seconds).slice(0, count);
  return slow.map(({ host, file, name, seconds }) =>
    `${seconds.toFixed(1).padStart(6)} s  ${host.padEnd(6)}  ${file}: ${name}`
  );
}
