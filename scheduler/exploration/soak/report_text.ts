/**
 * The report of a soak for a terminal: what is wrong stands first.
 *
 * @module
 */

import { count, counted, duration } from "./format.ts";
import type { SoakFigures } from "./report_figures.ts";
import { cut, plain } from "./timeline.ts";

/** How long names of marks and faults are at most, and how many of each are listed. */
const longestName = 48;
const mostLines = 40;

/** From how many seeds on something can be said of all others. */
export const fewestForChance = 30;

/** The report as a text. */
export function textOf(report: SoakFigures): string {
  const { name, profile, seeds, failing, failures, checked, elapsed, threads, isComplete } = report;
  const verdict = failing === 0
    ? seeds === 1 ? "1 seed passes" : `all ${count(seeds)} seeds pass`
    : `${counted(failing, "seed")} of ${count(seeds)} ${failing === 1 ? "fails" : "fail"}`;
  const lines = [
    `${name}: ${verdict}${isComplete ? "" : ", not all were run"}`,
    `  ${counted(report.events, "event")}, ${duration(report.virtual)} of virtual time, rules of ${profile}`,
    `  ${duration(elapsed)} in ${counted(threads, "thread")}: ${count(report.seedsPerSecond)} seeds/s, ` +
    `${count(report.eventsPerSecond)} events/s`,
    `  ${checked === 0 ? "no seed was run twice" : `${counted(checked, "seed")} run twice`}; hash ${hex(report.hash)}`,
  ];
  if (failing === 0 && seeds >= fewestForChance) lines.push(`  ${chanceOf(seeds)}`);
  for (const { seed, kind, faults, token } of failures) {
    lines.push("", `Failure: ${cut(plain(kind), 120)}`, `  seed ${seed}, ${counted(faults, "fault")}: ${token}`);
  }
  const { marks, faults, withoutEffect, neverReached } = report;
  if (marks.length > 0) {
    lines.push("", neverReached.length > 0 ? `Marks (${neverReached.length} never reached)` : "Marks (all reached)");
    lines.push(
      ...table(marks.map(({ label, seeds }) => [label, seeds === 0 ? "never reached" : counted(seeds, "seed")])),
    );
  }
  if (faults.length > 0) {
    lines.push("", withoutEffect.length > 0 ? `Faults (${withoutEffect.length} without any effect)` : "Faults");
    lines.push(
      ...table(faults.map(({ kind, injected, effective, seeds }) => [
        kind,
        injected === 0 ? "never came" : `${count(injected)} in ${counted(seeds, "seed")}, ` +
          (effective === 0 ? "without any effect" : `${count(effective)} with an effect`),
      ])),
    );
  }
  if (report.slowest.length > 0) {
    lines.push("", "Slowest seeds");
    lines.push(
      ...table(report.slowest.map(({ seed, time, events }) => [
        `seed ${seed}`,
        `${duration(time)}, ${counted(events, "event")}`,
      ])),
    );
  }
  return lines.join("\n");
}

/** What it says of all other seeds that none of so many has failed: with three in so many, one would have in 95 of 100 soaks. */
export function chanceOf(seeds: number): string {
  return `with 95 % confidence fewer than ${Number((300 / seeds).toPrecision(2))} % of all seeds fail`;
}

/** The hash as eight digits. */
export function hex(hash: number): string {
  return hash.toString(16).padStart(8, "0");
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const shown = rows.slice(0, mostLines).map(([name, text]) => [cut(plain(name), longestName), text] as const);
  const width = Math.max(...shown.map(([name]) => name.length));
  const lines = shown.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
  return rows.length > mostLines ? [...lines, `  and ${rows.length - mostLines} more`] : lines;
}
