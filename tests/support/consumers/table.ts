/**
 * The table of consumers and features, and its copy in the guide.
 *
 * @module
 */

import { features, type Outcome, type Outcomes } from "./features.ts";

/** A consumer and what was seen of it. */
export interface Row {
  readonly name: string;
  readonly outcomes: Outcomes;
}

const signs: Record<Outcome, string> = { works: "yes", lacks: "error", unused: "-" };

/** The table as Markdown, formatted as the project's formatter does. */
export function tableOf(rows: readonly Row[]): string[] {
  const cells = [
    ["consumer", ...features],
    ...rows.map(({ name, outcomes }) => [name, ...features.map((feature) => signs[outcomes[feature]])]),
  ];
  const widths = cells[0]!.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`);
  return [lines[0]!, `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`, ...lines.slice(1)];
}

/** The rows in which the page differs from what was seen; where all consumers were run, also those it has too many. */
export function differences(page: string, rows: readonly Row[], all: boolean): string[] {
  const told = new Map(rowsOf(page).map((cells) => [cells[0]!, cells.slice(1).join(" ")]));
  const seen = new Map(rows.map(({ name, outcomes }) => [name, features.map((f) => signs[outcomes[f]]).join(" ")]));
  const wrong = [...seen].filter(([name, cells]) => told.get(name) !== cells).map(([name]) => name);
  return all ? [...wrong, ...[...told.keys()].filter((name) => !seen.has(name))] : wrong;
}

/** The cells of the page's table, whose header is that of the consumers. */
function rowsOf(page: string): string[][] {
  const lines = page.split("\n");
  const head = lines.findIndex((line) => line.startsWith("| consumer "));
  if (head === -1) return [];
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith("|"));
  return (end === -1 ? body : body.slice(0, end)).map((line) =>
    line.split("|").slice(1, -1).map((cell) => cell.trim())
  );
}
