/**
 * What things cost, as `docs/costs.md` has it: the figures of the report of all benches.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tests/support/hosts.ts";

/** A bench on a host, as a line of the report has it. */
interface Line {
  readonly host: string;
  readonly version: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly memory: number; readonly system: string };
  readonly date: string;
  readonly bench: string;
  readonly claim: string;
  readonly unit: string;
  readonly by: "cpu" | "wall" | "figure";
  readonly measured: readonly Case[];
}

/** A case of a bench. */
interface Case {
  readonly name: string;
  readonly kind: "ours" | "floor" | "peer";
  readonly median: number;
  readonly cpu?: number;
}

/** How the kinds of cases are called in the table. */
const kinds = { ours: "Millrace", floor: "floor", peer: "peer" };

/** What counts, in words. */
const measures = { cpu: "CPU time of all threads", wall: "time on the clock", figure: "as it is" };

/** The page, in no particular form: the formatter sets its tables. */
export function costsPage(): string {
  const text = readFileSync(join(root, "docs/benchmarks/report.jsonl"), "utf8");
  const lines = text.trim().split("\n").map((line) => JSON.parse(line) as Line);
  const benches = byBench(lines);
  return [headOf(lines), ...[...benches.values()].map(benchText)].join("\n\n") + "\n";
}

function headOf(lines: readonly Line[]): string {
  const machines = new Set(
    lines.map(({ machine: { cpu, cores, memory, system } }) => `${cpu}, ${cores} cores, ${memory} GiB, ${system}`),
  );
  const days = [...new Set(lines.map(({ date }) => date.slice(0, 10)))].sort();
  const versions = new Set(lines.map(({ version }) => version));
  return `# What it costs

The figures of [all benches](benchmarks.md), made from the [report](benchmarks/report.html) by \`npm run tables\`: each as
a median beside its floor, which is the least that the host needs for the same, and its peers, in the same run.

- measured: ${days.length === 1 ? days[0] : `${days[0]} to ${days.at(-1)}`}
- machine: ${[...machines].join("; ")}
- hosts: ${[...versions].join(", ")}

The machine is shared: compare what stands in one table, and measure on your own with
\`npm run bench -- --only NAME\`. The report has the spread of each figure, and says which claims hold.`;
}

function benchText(lines: readonly Line[]): string {
  const { bench, claim, unit, by } = lines[0]!;
  const names = [...new Set(lines.flatMap(({ measured }) => measured.map(({ name }) => name)))];
  const rows = names.map((name) => {
    const cases = lines.map(({ measured }) => measured.find((each) => each.name === name));
    const figures = cases.map((each) => each === undefined ? "-" : figure(by === "cpu" ? each.cpu! : each.median));
    const { kind } = cases.find((each) => each !== undefined)!;
    return { order: Object.keys(kinds).indexOf(kind), text: row([plain(name), kinds[kind], ...figures]) };
  }).sort((a, b) => a.order - b.order);
  const head = row(["", "", ...lines.map(({ version }) => version)]);
  const under = row(["-", "-", ...lines.map(() => "-:")]);
  const table = [head, under, ...rows.map(({ text }) => text)].join("\n");
  return `## ${bench}\n\nThe claim: ${plain(claim)}. In ${unit}, ${measures[by]}.\n\n${table}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** A text in which nothing is markup. */
function plain(text: string): string {
  return text.replace(/[|<*_]/g, "\\$&");
}

/** A figure with three digits that count. */
function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en-US") : String(Number(value.toPrecision(3)));
}

/** Node 20 has no `Map.groupBy`. */
function byBench(lines: readonly Line[]): Map<string, Line[]> {
  const found = new Map<string, Line[]>();
  for (const line of lines) found.set(line.bench, [...found.get(line.bench) ?? [], line]);
  return found;
}
