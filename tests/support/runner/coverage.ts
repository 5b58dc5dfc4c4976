/**
 * What the tests reach of the library on Node 26: `npm run coverage`.
 *
 * Threads and programs that the tests start are counted too. What is only for Deno, Bun or browsers is not reached here.
 *
 * @module
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { Module } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "esbuild";
import { writeDocBlocks } from "../doc_blocks.ts";
import { executableOf, root } from "../hosts.ts";
import { coverageTable, type FileCoverage, readLcov } from "./coverage_table.ts";
import { testFiles } from "./files.ts";
import { bringNode26, longest } from "./host_runs.ts";
import { runProcess } from "./process.ts";
import { judge } from "./reports.ts";

/** The library's own files. */
const doors = ["mod.ts", "remote.ts", "testing.ts", "worker.ts"];
const floors = ["runtime", "scheduler", "io"];

/** Runs the tests with these parts in their paths, and prints what they reached; have all passed? */
export async function runCoverage(parts: readonly string[]): Promise<boolean> {
  writeDocBlocks();
  bringNode26();
  const folder = mkdtempSync(join(tmpdir(), "millrace-coverage-"));
  try {
    const report = join(folder, "lcov.info");
    const flags = [
      "--experimental-test-coverage",
      ...[...doors, ...floors.map((floor) => `${floor}/**/*.ts`)].map((glob) => `--test-coverage-include=${glob}`),
      `--test-concurrency=${availableParallelism()}`,
      ...["--test-reporter=lcov", `--test-reporter-destination=${report}`],
      ...["--test-reporter=tap", "--test-reporter-destination=stdout"],
    ];
    const node26 = executableOf("node26") ?? "node26";
    // Code that was compiled before is not counted exactly.
    const env = { NODE_DISABLE_COMPILE_CACHE: "1" };
    const ended = await runProcess(node26, [...flags, "--test", ...testFiles(parts)], { limit: longest, env });
    // Node's own table is left out: ours is shorter, and tells the same.
    const tap = ended.output.replace(/^# start of coverage report\n[^]*^# end of coverage report\n/m, "");
    const result = judge("node26", "", { ...ended, output: "" }, "", tap);
    if (!result.ok) console.log(result.report);
    const reached = readLcov(existsSync(report) ? readFileSync(report, "utf8") : "");
    console.log(coverageTable(libraryFiles().map((file) => inCode(file, reached.get(file)))).join("\n"));
    console.log(`${result.counts.passed} passed, ${result.counts.failed} failed`);
    return result.ok;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function libraryFiles(): string[] {
  const below = floors.flatMap((floor) =>
    readdirSync(join(root, floor), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts")).map((name) => `${floor}/${name.replaceAll("\\", "/")}`)
  );
  return [...doors, ...below.sort()];
}

/** What was reached of the lines that have code: V8 takes comments, blank lines and types for reached. */
function inCode(file: string, reached: Omit<FileCoverage, "file"> | undefined): FileCoverage {
  const lines = new Map(codeLines(file).map((line) => [line, reached?.lines.get(line) ?? 0]));
  return { file, lines, branches: reached?.branches ?? [] };
}

/** The lines from which JavaScript comes, in order. */
function codeLines(file: string): number[] {
  const { code, map } = transformSync(readFileSync(join(root, file), "utf8"), {
    loader: "ts",
    sourcemap: "external",
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  const sourceMap = new Module.SourceMap(JSON.parse(map));
  const found = new Set<number>();
  for (const [number, text] of code.split("\n").entries()) {
    for (let column = 0; column < text.length; column++) {
      const entry = sourceMap.findEntry(number, column);
      if ("originalLine" in entry) found.add(entry.originalLine + 1);
    }
  }
  return [...found].sort((a, b) => a - b);
}
