/** The plot of a claim: a bar for each case on each host, with its spread, and what ours must not exceed. */

import type { Measured } from "./harness.ts";
import { drawing, escaped, line, rectangle, text } from "./plot.ts";
import type { Result } from "./results.ts";
import { central, short, verdictsOf } from "./verdict.ts";

const [width, title, row, space, axis] = [340, 22, 30, 8, 34];
const colours = { ours: "var(--ours)", floor: "var(--floor)", peer: "var(--peer)" } as const;

/** Where the bars of a host are measured from, in the unit of the axis. */
interface Band {
  readonly result: Result;
  /** What is 1 on the axis. */
  readonly base: number;
}

/** The picture of a bench's results, one host below the other. With a floor, all bars are multiples of it. */
export function plotOf(results: readonly Result[]): string {
  const bands = results.map((result): Band => ({ result, base: floorOf(result) ?? 1 }));
  const isRatio = results.some((result) => floorOf(result) !== undefined);
  const most = mostOf(bands);
  const x = (value: number): number => Number((Math.min(value / most, 1) * width).toFixed(1));
  const parts: string[] = [];
  let y = 0;
  for (const band of bands) {
    const { result, base } = band;
    parts.push(text(0, y + 14, escaped(result.version), "start", 13, "var(--ink)"), ...outcomeOf(result, y + 14));
    for (const [index, measured] of result.measured.entries()) {
      const top = y + title + index * row;
      if (isRatio) parts.push(line(x(1), top + 13, x(1), top + 26, "var(--floor)"));
      parts.push(...barOf(measured, result, top, (value) => x(value / base), most * base));
    }
    y += title + result.measured.length * row + space;
  }
  const ticks = ticksOf(most);
  parts.push(line(0, y, width, y, "var(--rule)"));
  for (const tick of ticks) {
    const anchor = tick === 0 ? "start" : x(tick) > width - 12 ? "end" : "middle";
    parts.push(line(x(tick), y, x(tick), y + 4, "var(--rule)"));
    parts.push(text(x(tick), y + 16, String(tick), anchor, 11, "var(--dim)"));
  }
  const { by, unit, bench } = results[0]!;
  const what = { cpu: "CPU time", wall: "time on the clock", figure: "the figure" }[by];
  const scale = isRatio ? `${what}, as a multiple of the floor's` : `${what}, ${unit}`;
  parts.push(text(0, y + 30, escaped(scale), "start", 11, "var(--dim)"));
  return drawing(width, y + axis, `${bench}: ${scale}. The table has the same figures.`, parts);
}

/** How the verdicts fell, beside the host's name. */
function outcomeOf(result: Result, y: number): string[] {
  const verdicts = verdictsOf(result);
  const missed = verdicts.filter(({ isMet }) => !isMet).length;
  if (verdicts.length === 0) return [];
  const share = verdicts.length === 1 ? "" : `${missed || verdicts.length} of ${verdicts.length} `;
  return [
    missed === 0
      ? text(width, y, `✓ ${share}met`, "end", 12, "var(--met)")
      : text(width, y, `✗ ${share}missed`, "end", 12, "var(--missed)"),
  ];
}

function floorOf({ measured, by }: Result): number | undefined {
  const floor = measured.find(({ kind }) => kind === "floor");
  const value = floor && central(floor, by);
  return value !== undefined && value > 0 ? value : undefined;
}

/** The tenth and the ninetieth percentile of what counts. */
function spreadOf({ low, high, cpuLow, cpuHigh }: Measured, { by }: Result): [number, number] {
  return by === "cpu" ? [cpuLow ?? NaN, cpuHigh ?? NaN] : [low, high];
}

/** All that a case of ours must not exceed, in its unit. */
function limitsOf(measured: Measured, result: Result): number[] {
  if (measured.kind !== "ours") return [];
  const { target, most, more } = measured.limits ?? result;
  const floor = floorOf(result);
  return [
    most,
    floor !== undefined && target !== undefined ? floor * target : undefined,
    floor !== undefined && more !== undefined ? floor + more : undefined,
  ].filter((limit) => limit !== undefined);
}

/** Where the axis ends: peers and single rounds may be so far away that nothing else could be told apart. */
function mostOf(bands: readonly Band[]): number {
  let all = 0;
  let near = 0;
  for (const { result, base } of bands) {
    for (const measured of result.measured) {
      const values = [central(measured, result.by), ...limitsOf(measured, result)].filter(Number.isFinite);
      all = Math.max(
        all,
        ...[...values, spreadOf(measured, result)[1]].filter(Number.isFinite).map((each) => each / base),
      );
      if (measured.kind !== "peer") near = Math.max(near, ...values.map((each) => each / base));
    }
  }
  return Math.max(Math.min(all, near * 2), Number.MIN_VALUE) * 1.02;
}

function barOf(
  measured: Measured,
  result: Result,
  y: number,
  x: (value: number) => number,
  most: number,
): string[] {
  const { name, kind, ratio } = measured;
  const value = central(measured, result.by);
  const times = ratio === undefined || kind === "floor" ? "" : ` (${ratio.toFixed(2)} x)`;
  const told = Number.isNaN(value) ? "no CPU time" : `${short(value)}${times}`;
  const parts = [
    text(0, y + 11, escaped(cut(name, 56 - told.length)), "start", 11, "var(--ink)"),
    text(width, y + 11, told, "end", 11, "var(--ink)"),
    rectangle(0, y + 15, Math.max(1, Number.isNaN(value) ? 0 : x(value)), 9, colours[kind]),
  ];
  const [low, high] = spreadOf(measured, result);
  if (low < most) parts.push(line(x(low), y + 19.5, x(high), y + 19.5, "var(--ink)", 1.5));
  if (value > most) parts.push(text(width - 2, y + 24, "»", "end", 14, "var(--ground)"));
  else if (high > most) parts.push(text(width, y + 24, "»", "end", 14, "var(--ink)"));
  for (const limit of limitsOf(measured, result)) {
    parts.push(line(x(limit), y + 12, x(limit), y + 27, "var(--limit)", 2.5));
  }
  return parts;
}

function cut(name: string, most: number): string {
  return name.length <= most ? name : `${name.slice(0, most - 1)}…`;
}

/** Round numbers, five or so. */
function ticksOf(most: number): number[] {
  const power = 10 ** Math.floor(Math.log10(most / 2));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => most / each <= 6)!;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => Number((index * step).toPrecision(6)));
}
