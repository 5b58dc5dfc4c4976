/** The parts of a plot, as texts of an SVG file. */

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Writes a picture where it is wanted, else to the folder for what is temporary, under this name; answers where it is. */
export function writePicture(wanted: string | undefined, name: string, content: string): string {
  const file = wanted ?? join(tmpdir(), `millrace-${name}.svg`);
  writeFileSync(file, content);
  return file;
}

/** A file with a white ground, which is read in light and dark. */
export function picture(width: number, height: number, parts: readonly string[]): string {
  const ground = `<rect width="${width}" height="${height}" fill="white"/>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif">\n${
    [ground, ...parts].join("\n")
  }\n</svg>\n`;
}

/** A line of the grid. */
export function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#dddddd"/>`;
}

export function text(x: number, y: number, content: string, anchor: string, size = 12, colour = "#000000"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${colour}">${content}</text>`;
}

/** A curve through these points. */
export function curve(points: readonly string[], colour: string): string {
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(" ")}"/>`;
}
