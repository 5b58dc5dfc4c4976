/**
 * Draws the rooms from the code into ARCHITECTURE.md: `npm run rooms`, after every change of what imports what.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "../hosts.ts";
import { house } from "./house.ts";
import { roomOf } from "./rules.ts";
import { floors, librarySources, type Source } from "./sources.ts";

/** Where the drawing is. */
export const drawingFile: string = join(root, "ARCHITECTURE.md");

const begin = "<!-- rooms: made by `npm run rooms` -->";
const end = "<!-- end of rooms -->";

/** The text of ARCHITECTURE.md with the rooms as they are. */
export function withDrawing(text: string, sources: readonly Source[]): string {
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`ARCHITECTURE.md has lost the marks "${begin}" and "${end}"`);
  return `${text.slice(0, from + begin.length)}\n\n${drawing(sources)}\n\n${text.slice(to)}`;
}

/** The rooms of each floor: a graph, and a list. */
function drawing(sources: readonly Source[]): string {
  const arrows = arrowsOf(sources);
  return floors.toReversed().map((floor) => {
    const rooms = house.filter(({ path }) => path.startsWith(`${floor}/`));
    const within = new Map(
      rooms.map(({ path }) => [path, arrows.get(path)!.filter((to) => to.startsWith(`${floor}/`))]),
    );
    const graph = rooms.flatMap(({ path }) => {
      const direct = withoutDetours(path, within);
      const standsAlone = direct.length === 0 && ![...within.values()].some((targets) => targets.includes(path));
      return standsAlone ? [`  ${nameOf(path)}`] : direct.map((to) => `  ${nameOf(path)} --> ${nameOf(to)}`);
    });
    const list = rooms.toReversed().map(({ path, says }) => {
      const imported = within.get(path)!.map(nameOf).join(", ");
      return wrapped(`- **${nameOf(path)}**: ${says}.${imported === "" ? "" : ` Imports ${imported}.`}`);
    });
    return [
      `### ${floor}/`,
      "",
      "```mermaid",
      "graph TD",
      ...graph,
      "```",
      "",
      ...list,
    ].join("\n");
  }).join("\n\n");
}

/** A point of a list in lines as the formatter has them. */
function wrapped(point: string): string {
  const lines = [""];
  for (const word of point.split(" ")) {
    const line = lines.at(-1)!;
    if (line === "") lines[0] = word;
    else if (line.length + 1 + word.length <= 120) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join("\n");
}

function nameOf(path: string): string {
  return path.slice(path.indexOf("/") + 1).replace(".ts", "");
}

/** The rooms that each room imports, in the order of the table. */
function arrowsOf(sources: readonly Source[]): Map<string, string[]> {
  const found = new Map(house.map(({ path }) => [path, new Set<string>()]));
  for (const { path, imports } of sources) {
    const room = roomOf(path, house);
    for (const target of room === undefined ? [] : imports) {
      const other = roomOf(target, house);
      if (other !== undefined && other !== room) found.get(room!.path)!.add(other.path);
    }
  }
  return new Map(
    [...found].map(([path, targets]) => [path, house.map((room) => room.path).filter((room) => targets.has(room))]),
  );
}

/** The rooms that one imports and does not reach by way of another: without the others a graph can be read. */
function withoutDetours(path: string, arrows: ReadonlyMap<string, readonly string[]>): string[] {
  const targets = arrows.get(path)!;
  return targets.filter((target) => !targets.some((other) => other !== target && reaches(other, target, arrows)));
}

function reaches(from: string, to: string, arrows: ReadonlyMap<string, readonly string[]>): boolean {
  return arrows.get(from)!.some((next) => next === to || reaches(next, to, arrows));
}

if (process.argv[1]?.endsWith("draw.ts")) {
  const text = readFileSync(drawingFile, "utf8");
  const drawn = withDrawing(text, librarySources());
  if (drawn !== text) writeFileSync(drawingFile, drawn);
  console.log(drawn === text ? "ARCHITECTURE.md shows the rooms as they are" : "ARCHITECTURE.md was drawn anew");
}
