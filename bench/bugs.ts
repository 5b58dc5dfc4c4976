/**
 * How many schedules it takes to find a race, beside fast-check's scheduler. The programs are the tests'. A schedule is one run of a
 * program; those that make a failure smaller are not counted.
 */

import { explore, type ExploreOptions, ScheduleFailure } from "../testing.ts";
import { hostOfThis } from "../tests/support/hosts.ts";
import { type RaceProgram, racePrograms } from "../tests/support/race_programs.ts";
import { runUnderFastCheck } from "./bugs_fast_check.ts";
import { performanceProfile, within } from "./bugs_plot.ts";
import { chance, holm, mannWhitney, quantile } from "./bugs_statistics.ts";
import type { Bench, ReportOptions } from "./harness.ts";
import { writePicture } from "./plot.ts";

/** What came of one program. */
interface Row {
  readonly program: RaceProgram;
  /** Schedules of the search as it is by default; it draws no lots before it has found any of these. */
  readonly search: number;
  /** Events told of the failure, of how many the fast-check report names. */
  readonly lines: number;
  readonly theirLines: number | undefined;
  /** Schedules by lot, for each seed. */
  readonly lots: readonly number[];
  readonly theirs: readonly number[];
  readonly replayed: number;
  readonly falseAlarms: number;
  readonly theirFalseAlarms: number;
}

const replays = 100;

export const bench: Bench = {
  name: "bugs",
  claim: "each race is found within 50 schedules, half of them within 5, and the mended twins raise no alarm",
  unit: "schedules",
  target: undefined,
  cases: () => [],
  report,
};

async function report({ seeds = 50, cap = 1000, twins = 2000, plot, json }: ReportOptions): Promise<void> {
  const rows: Row[] = [];
  for (const program of racePrograms) rows.push(await measure(program, seeds, cap, twins));
  const different = holm(rows.map(({ lots, theirs }) => mannWhitney(lots, theirs)));
  if (json) console.log(JSON.stringify({ host: hostOfThis(), bench: "bugs", seeds, cap, twins, rows }));
  else print(rows, different, seeds, cap, twins);
  const curves = [
    { name: "Millrace: explore", samples: rows.map(({ search }) => [search]) },
    { name: "Millrace: by lot", samples: rows.map(({ lots }) => lots) },
    { name: "fast-check: fc.scheduler", samples: rows.map(({ theirs }) => theirs) },
  ];
  const title = `${rows.length} races, ${seeds} seeds each, on ${hostOfThis()}`;
  const file = writePicture(plot, `bugs-${hostOfThis()}`, performanceProfile(curves, cap, title));
  if (!json) console.log(`\n  plot: ${file}`);
}

async function measure(program: RaceProgram, seeds: number, cap: number, twins: number): Promise<Row> {
  const { broken, mended } = program;
  const failure = await failureOf(broken, { maxSchedules: cap });
  let replayed = 0;
  for (let round = 0; failure !== undefined && round < replays; round++) {
    if ((await failureOf(broken, { replay: failure.token }))?.token === failure.token) replayed++;
  }
  const lots: number[] = [];
  const theirs: number[] = [];
  let theirLines: number | undefined;
  for (let seed = 1; seed <= seeds; seed++) {
    lots.push((await failureOf(broken, { strategy: "random", seed, maxSchedules: cap }))?.schedules ?? Infinity);
    const found = await runUnderFastCheck(broken, seed, cap);
    theirs.push(found?.runs ?? Infinity);
    theirLines ??= found?.lines;
  }
  const half = Math.ceil(twins / 2);
  let falseAlarms = 0;
  for (const options of [{ maxSchedules: half }, { maxSchedules: half, strategy: "random" }] as const) {
    if (await failureOf(mended, options) !== undefined) falseAlarms++;
  }
  return {
    program,
    search: failure?.schedules ?? Infinity,
    lines: failure?.schedule.length ?? 0,
    theirLines,
    lots,
    theirs,
    replayed,
    falseAlarms,
    theirFalseAlarms: await runUnderFastCheck(mended, 1, twins) === undefined ? 0 : 1,
  };
}

async function failureOf(body: RaceProgram["broken"], options: ExploreOptions): Promise<ScheduleFailure | undefined> {
  try {
    await explore(body, options);
    return undefined;
  } catch (error) {
    if (error instanceof ScheduleFailure) return error;
    throw error;
  }
}

function print(rows: readonly Row[], different: readonly number[], seeds: number, cap: number, twins: number): void {
  console.log(`\nbugs on ${hostOfThis()}: ${bench.claim}`);
  console.log(`  schedules to the first failure; by lot: median / 90th percentile of ${seeds} seeds, cap ${cap}`);
  const head = ["", "Millrace", "told", "by lot", "p %", "fc.scheduler", "p %  [95 %]", "told", "differ by chance"];
  const table = rows.map((row, index) => {
    const theirs = chance(row.theirs, cap);
    return [
      row.program.name,
      figure(row.search),
      `${row.lines}`,
      spread(row.lots),
      percent(chance(row.lots, cap).p),
      spread(row.theirs),
      `${percent(theirs.p)} [${percent(theirs.low)} .. ${percent(theirs.high)}]`,
      row.theirLines === undefined ? "-" : `${row.theirLines}`,
      different[index]! < 0.001 ? "< 0.001" : different[index]!.toFixed(3),
    ];
  });
  const widths = head.map((title, column) => Math.max(title.length, ...table.map((cells) => cells[column]!.length)));
  for (const cells of [head, ...table]) {
    const line = cells.map((cell, column) => column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!));
    console.log(`  ${line.join("  ")}`);
  }
  const searches = rows.map(({ search }) => search);
  const share = (of: (row: Row) => readonly number[], schedules: number) =>
    `${(rows.reduce((sum, row) => sum + within(of(row), schedules), 0) / rows.length * 100).toFixed(1)} %`;
  const found = (name: string, of: (row: Row) => readonly number[]) =>
    console.log(
      `  ${name.padEnd(26)} found within 10: ${share(of, 10)}, 50: ${share(of, 50)}, 100: ${share(of, 100)}, ${cap}: ${
        share(of, cap)
      }`,
    );
  console.log();
  found("Millrace: explore", ({ search }) => [search]);
  found("Millrace: by lot", ({ lots }) => lots);
  found("fast-check: fc.scheduler", ({ theirs }) => theirs);
  const sum = (of: (row: Row) => number) => rows.reduce((total, row) => total + of(row), 0);
  console.log(`  Millrace: median ${quantile(searches, 0.5)}, most ${figure(Math.max(...searches))} schedules`);
  console.log(`  replayed: ${sum(({ replayed }) => replayed)} of ${rows.length * replays}`);
  console.log(
    `  mended twins that raise an alarm within ${twins} schedules: Millrace ${
      sum(({ falseAlarms }) => falseAlarms)
    }, ` +
      `fast-check ${sum(({ theirFalseAlarms }) => theirFalseAlarms)} of ${rows.length}`,
  );
}

function spread(values: readonly number[]): string {
  return `${figure(quantile(values, 0.5))} / ${figure(quantile(values, 0.9))}`;
}

function figure(value: number): string {
  return Number.isFinite(value) ? `${value}` : "none";
}

function percent(share: number): string {
  return share === 1 ? "100" : (share * 100).toFixed(share < 0.1 ? 2 : 1);
}
