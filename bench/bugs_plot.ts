/** A performance profile as a picture: which share of the bugs is found within so many schedules. */

import { curve, line, picture, text } from "./plot.ts";

/** The samples of one way of searching, a list for each bug. */
export interface Curve {
  readonly name: string;
  readonly samples: readonly (readonly number[])[];
}

const [width, height, left, right, top, bottom] = [720, 440, 60, 20, 40, 50];
const colours = ["#0b6e4f", "#6a4c93", "#c1440e", "#8a8a8a"];

/** The picture, as the text of an SVG file. */
export function performanceProfile(curves: readonly Curve[], cap: number, title: string): string {
  const x = (schedules: number) => left + Math.log10(schedules) / Math.log10(cap) * (width - left - right);
  const y = (share: number) => height - bottom - share * (height - top - bottom);
  const parts: string[] = [
    text(width / 2, 20, title, "middle", 14),
    text(width / 2, height - 12, "schedules run", "middle"),
    text(left, 34, "share of bugs found", "middle"),
  ];
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(line(left, y(share), width - right, y(share)), text(left - 8, y(share) + 4, `${share * 100} %`, "end"));
  }
  for (let power = 1; power <= cap; power *= 10) {
    parts.push(line(x(power), y(0), x(power), y(1)), text(x(power), y(0) + 18, `${power}`, "middle"));
  }
  for (const [index, { name, samples }] of curves.entries()) {
    const colour = colours[index % colours.length]!;
    const points: string[] = [];
    let before = 0;
    for (let step = 0; step <= 200; step++) {
      const schedules = Math.round(cap ** (step / 200));
      const share = samples.reduce((sum, each) => sum + within(each, schedules), 0) / samples.length;
      points.push(
        `${x(schedules).toFixed(1)},${y(before).toFixed(1)}`,
        `${x(schedules).toFixed(1)},${y(share).toFixed(1)}`,
      );
      before = share;
    }
    parts.push(
      curve(points, colour),
      `<rect x="${width - right - 250}" y="${y(0) - 20 - index * 20}" width="14" height="4" fill="${colour}"/>`,
      text(width - right - 230, y(0) - 14 - index * 20, name, "start"),
    );
  }
  return picture(width, height, parts);
}

/** The share of the samples that are at most so many schedules. */
export function within(samples: readonly number[], schedules: number): number {
  return samples.filter((sample) => sample <= schedules).length / samples.length;
}
