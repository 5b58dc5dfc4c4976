/**
 * The pictures of the page: SVG in the page itself, which keeps the size of its text at each width.
 *
 * @module
 */

import { count, counted, duration } from "../format.ts";
import type { SoakProgress } from "../report_figures.ts";
import { textOf, Timeline, type TimelineEntry } from "../timeline.ts";
import { escaped } from "./markup.ts";

/** A row of a chart of bars. */
export interface Bar {
  readonly name: string;
  readonly value: string;
  /** From 0 to 1: the whole bar, and the part of it that is solid. */
  readonly all: number;
  readonly part: number;
  readonly state: "plain" | "bad" | "odd";
}

/** How many bars there are at most. */
const mostBars = 100;

/** How high a lane is, in pixels, and where its line and its name are. */
const laneHeight = 46;
const laneLine = 32;
const laneName = 14;

/** Bars with their names and figures: those are text, the bar itself tells nothing more. */
export function bars(rows: readonly Bar[]): string {
  const shown = rows.slice(0, mostBars).map(({ name, value, all, part, state }) =>
    `<li class="${state}"><span class="name">${escaped(name)}</span><span class="value">${escaped(value)}</span>` +
    `<svg aria-hidden="true"><rect class="track" width="100%" height="100%" rx="3"/>` +
    `<rect class="all" width="${percent(all)}" height="100%" rx="3"/>` +
    `<rect class="part" width="${percent(part)}" height="100%" rx="3"/></svg></li>`
  );
  if (rows.length > mostBars) shown.push(`<li><span class="name">and ${rows.length - mostBars} more</span></li>`);
  return `<ul class="bars">${shown.join("\n")}</ul>`;
}

/** How the number of seeds has grown. */
export function growth(points: readonly SoakProgress[], elapsed: number, seeds: number): string {
  const all = [{ time: 0, seeds: 0 }, ...points.filter(({ time }) => time < elapsed), { time: elapsed, seeds }];
  const place = ({ time, seeds: done }: SoakProgress): string =>
    `${round(1000 * time / Math.max(elapsed, 1))},${round(100 - 96 * done / Math.max(seeds, 1))}`;
  const line = all.map(place).join(" ");
  return `<svg class="plot" viewBox="0 0 1000 100" preserveAspectRatio="none" role="img" ` +
    `aria-label="${count(seeds)} seeds in ${duration(elapsed)}">` +
    `<polygon class="grow" points="0,100 ${line} 1000,100"/><polyline class="line" points="${line}"/></svg>` +
    `<div class="axis" aria-hidden="true"><span>0</span><span>${count(seeds)} seeds after ${
      duration(elapsed)
    }</span></div>`;
}

/** The lanes of a run, an entry beside the other: how long it took between them is in the table. */
export function lanes(entries: readonly TimelineEntry[]): string {
  const names = new Timeline(entries).lanes;
  const height = names.length * laneHeight;
  const parts = names.map((name, index) => {
    const y = index * laneHeight;
    return `<text x="0" y="${y + laneName}">${escaped(name)}</text>` +
      `<line class="lane" x1="0" x2="100%" y1="${y + laneLine}" y2="${y + laneLine}"/>`;
  });
  entries.forEach((entry, index) => {
    const x = percent((index + 0.5) / entries.length);
    const sign = signOf(entry.kind, names.indexOf(entry.lane) * laneHeight + laneLine);
    parts.push(
      `<svg x="${x}" y="0" width="1" height="${height}">${sign}<title>${escaped(textOf(entry))}</title></svg>`,
    );
  });
  const faults = entries.filter(({ kind }) => kind === "fault").length;
  const what = [counted(entries.length, "event"), counted(names.length, "lane"), counted(faults, "fault")];
  const label = `${what[0]} in ${what[1]}, with ${what[2]}`;
  return `<svg class="lanes" height="${height}" role="img" aria-label="${label}">${parts.join("\n")}</svg>` +
    `<ul class="legend">${legend.map(([kind, name]) => `<li>${sample(kind)}${name}</li>`).join("")}</ul>`;
}

const legend = [["io", "event"], ["fault", "fault"], ["mark", "mark"], ["end", "failure"]] as const;

function sample(kind: TimelineEntry["kind"]): string {
  return `<svg viewBox="-7 -7 14 14" class="lanes" aria-hidden="true">${signOf(kind, 0)}</svg>`;
}

/** Each kind has a form of its own, for those who do not see colours. */
function signOf(kind: TimelineEntry["kind"], y: number): string {
  switch (kind) {
    case "fault":
      return `<path class="fault" d="M-5 ${y - 5}L5 ${y + 5}M5 ${y - 5}L-5 ${y + 5}"/>`;
    case "mark":
      return `<path class="mark" d="M0 ${y - 6}L6 ${y}L0 ${y + 6}L-6 ${y}Z"/>`;
    case "end":
      return `<rect class="end" x="-5" y="${y - 5}" width="10" height="10"/>`;
    default:
      return `<circle class="event" cx="0" cy="${y}" r="3.5"/>`;
  }
}

function percent(share: number): string {
  return `${round(100 * Math.min(1, Math.max(0, share)))}%`;
}

function round(number: number): number {
  return Math.round(number * 100) / 100;
}
