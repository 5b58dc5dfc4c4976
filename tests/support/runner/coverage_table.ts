/**
 * An lcov report, read and shown.
 *
 * @module
 */

/** What was reached of a file. */
export interface FileCoverage {
  readonly file: string;
  /** The lines, each with how often it was reached. */
  readonly lines: ReadonlyMap<number, number>;
  /** How often each branch was reached. */
  readonly branches: readonly number[];
}

/** Reads an lcov report: the lines and branches of each file. */
export function readLcov(text: string): Map<string, FileCoverage> {
  const files = new Map<string, FileCoverage>();
  for (const record of text.split("end_of_record")) {
    const file = /^SF:(.*)$/m.exec(record)?.[1]?.replaceAll("\\", "/");
    if (file === undefined) continue;
    const lines = [...record.matchAll(/^DA:(\d+),(\d+)/gm)].map((match) =>
      [Number(match[1]), Number(match[2])] as const
    );
    // A branch of code that was never reached has a dash for its count.
    const branches = [...record.matchAll(/^BRDA:\d+,\d+,\d+,(\d+|-)/gm)].map((match) => Number(match[1]) || 0);
    files.set(file, { file, lines: new Map(lines), branches });
  }
  return files;
}

/** The files with code in them, each with its figures and the lines that were not reached, and the total. */
export function coverageTable(files: readonly FileCoverage[]): string[] {
  const rows = files.filter(({ lines }) => lines.size > 0);
  const lines = rows.flatMap((row) => [...row.lines.values()]);
  const branches = rows.flatMap((row) => row.branches);
  const reached = (counts: readonly number[]) => counts.filter((count) => count > 0).length;
  const figures = (lines: readonly number[], branches: readonly number[]) =>
    `${percent(reached(lines), lines.length)}  ${percent(reached(branches), branches.length)}`;
  return [
    "  lines  branches  file: lines that were not reached",
    ...rows.map((row) => {
      const missed = ranges([...row.lines].filter(([, count]) => count === 0).map(([line]) => line));
      return `${figures([...row.lines.values()], row.branches)}  ${row.file}${missed === "" ? "" : `: ${missed}`}`;
    }),
    `${figures(lines, branches)}  total of ${rows.length} files: ${reached(lines)} of ${lines.length} lines, ` +
    `${reached(branches)} of ${branches.length} branches`,
  ];
}

/** A share in percent, never rounded up to all; a dash where there is nothing. */
function percent(part: number, all: number): string {
  return all === 0 ? "      -" : `${(Math.floor((part / all) * 1000) / 10).toFixed(1).padStart(5)} %`;
}

/** Lines in order, such as `3-5, 9`. */
function ranges(lines: readonly number[]): string {
  const found: [number, number][] = [];
  for (const line of lines) {
    const last = found.at(-1);
    if (last !== undefined && line === last[1] + 1) last[1] = line;
    else found.push([line, line]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(", ");
}
