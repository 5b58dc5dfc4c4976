/** Models of concurrency, as bars. */

import type { Figures } from "./models.ts";
import { picture, text } from "./plot.ts";

const columns = [
  { title: "KiB a connection", of: (each: Figures) => each.connection, colour: "#0b6e4f" },
  { title: "us of CPU a request", of: (each: Figures) => each.request, colour: "#6a4c93" },
  { title: "p99 beside work, ms", of: (each: Figures) => each.beside, colour: "#c1440e" },
];
const [left, wide, gap, row] = [250, 200, 40, 30];

/** The picture, as the text of an SVG file: each column has a scale of its own, which is logarithmic. */
export function modelsPlot(all: readonly Figures[]): string {
  const parts: string[] = [];
  for (const [index, { title, of, colour }] of columns.entries()) {
    const x = left + index * (wide + gap);
    const most = Math.max(...all.map(of), 10);
    parts.push(text(x, 24, title, "start", 13));
    for (const [at, each] of all.entries()) {
      const value = Math.max(0, of(each));
      const length = Math.max(2, Math.log10(1 + value) / Math.log10(1 + most) * (wide - 50));
      const y = 40 + at * row;
      parts.push(`<rect x="${x}" y="${y}" width="${length.toFixed(1)}" height="16" fill="${colour}"/>`);
      parts.push(text(x + length + 6, y + 13, value < 100 ? value.toFixed(1) : value.toFixed(0), "start"));
    }
  }
  for (const [at, { model }] of all.entries()) parts.push(text(left - 12, 53 + at * row, model, "end", 13));
  return picture(left + columns.length * (wide + gap), 56 + all.length * row, parts);
}
