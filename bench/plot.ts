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

/** A picture within a page, which has the ground; what it shows is told to those who do not see it. */
export function drawing(width: number, height: number, label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">\n${
    parts.join("\n")
  }\n</svg>`;
}

/** A text as it stands in a page, or in an attribute. */
export function escaped(content: string): string {
  return content.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** A line of the grid. */
export function line(x1: number, y1: number, x2: number, y2: number, colour = "#dddddd", width = 1): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="${width}"/>`;
}

export function text(x: number, y: number, content: string, anchor: string, size = 12, colour = "#000000"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${colour}">${content}</text>`;
}

export function rectangle(x: number, y: number, width: number, height: number, colour: string): string {
  return `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="${colour}"/>`;
}

/** A curve through these points. */
export function curve(points: readonly string[], colour: string): string {
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(" ")}"/>`;
}
