/**
 * The rules of the house, applied to files: each gives a sentence for whatever breaks it.
 *
 * @module
 */

import { posix } from "node:path";
import type { Room } from "./house.ts";
import { circles, type Source } from "./sources.ts";

/** The longest a file may be, in lines. */
const longestFile = 350;

/** The most doors of a room. */
const mostDoors = 7;

/** A text made by a script is not for reading: its length does not count. */
const isMade = ({ text }: Source): boolean => /Made by `npm run \w+`/.test(text);

/** The room a file lives in; `undefined` where the table has none. The lists of a floor are no part of a room. */
export function roomOf(path: string, house: readonly Room[]): Room | undefined {
  return house.find((room) => path === room.path || path.startsWith(`${room.path}/`));
}

/** The rooms that one may import: those it stands on, and those that they stand on. */
function below(room: Room, house: readonly Room[]): Set<string> {
  const found = new Set<string>();
  const open = [...room.over];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    open.push(...house.find((other) => other.path === path)?.over ?? []);
  }
  return found;
}

/** Is it the list of a floor's rooms? */
function isFloor(path: string): boolean {
  return /^\w+\/mod\.ts$/.test(path);
}

/** The inner folder of a room that a file lies in; "" for the room itself. */
function innerFolder(path: string, room: Room): string {
  const rest = path.slice(room.path.length + 1);
  return rest.includes("/") ? rest.slice(0, rest.indexOf("/")) : "";
}

/** Where a table contradicts itself. */
export function brokenTable(house: readonly Room[]): string[] {
  const broken: string[] = [];
  house.forEach((room, index) => {
    for (const path of room.over) {
      const place = house.findIndex((other) => other.path === path);
      if (place < 0) broken.push(`${room.path} stands on ${path}, which is no room`);
      else if (place >= index) {
        broken.push(`${room.path} stands on ${path}, which does not stand before it in the table`);
      }
    }
    const folders = Object.keys(room.inside ?? {});
    for (const [folder, imported] of Object.entries(room.inside ?? {})) {
      const early = imported.filter((other) => !folders.slice(0, folders.indexOf(folder)).includes(other));
      for (const other of early) {
        broken.push(`inside ${room.path}, ${other} does not stand before ${folder || "its own files"}`);
      }
    }
    if ((room.doors?.length ?? 0) > mostDoors) broken.push(`${room.path} has more than ${mostDoors} doors`);
  });
  return broken;
}

/** Files that no room of the table has. */
export function homeless(sources: readonly Source[], house: readonly Room[]): string[] {
  return sources.filter(({ path }) => !isFloor(path) && roomOf(path, house) === undefined)
    .map(({ path }) => `${path} lives in no room of the table`);
}

/** Imports that the table does not allow. */
export function wrongImports(sources: readonly Source[], house: readonly Room[]): string[] {
  const wrong: string[] = [];
  for (const { path, imports } of sources) {
    const room = roomOf(path, house);
    for (const target of imports) {
      const other = target.endsWith(".ts") ? roomOf(target, house) : undefined;
      if (isFloor(path)) {
        if (other === undefined || target !== doorOf(other)) {
          wrong.push(`${path} is the list of its rooms, and imports ${target}`);
        }
        continue;
      }
      if (room === undefined) continue;
      if (other === undefined) {
        const isOfHost = target.startsWith("node:") && path.startsWith("runtime/");
        const isOfNats = target.startsWith("@nats-io/") && path.startsWith("io/remote/nats/");
        const isOptionalPeer = target === "fast-check" || isOfNats;
        // It is in the page's text: nobody has to install it.
        const isInPage = target === "uplot" && path.startsWith("io/inspector/page/");
        if (!isOfHost && !isOptionalPeer && !isInPage) wrong.push(`${path} imports ${target}, which lives in no room`);
      } else if (other === room) {
        const [from, to] = [innerFolder(path, room), innerFolder(target, room)];
        const allowed = room.inside?.[from];
        const isFree = from === to || room.inside === undefined || path === doorOf(room) || allowed?.includes(to);
        if (!isFree) wrong.push(`${path} imports ${target}: inside ${room.path}, ${from || "its own files"} may not`);
      } else if (!below(room, house).has(other.path)) {
        wrong.push(`${path} imports ${target}: ${room.path} does not stand on ${other.path}`);
      } else if (!isDoor(target, other)) {
        wrong.push(`${path} imports ${target}, which is no door of ${other.path}`);
      }
    }
  }
  return wrong;
}

/** The file by which a room's public names are had. */
function doorOf(room: Room): string {
  return room.path.endsWith(".ts") ? room.path : `${room.path}/mod.ts`;
}

function isDoor(target: string, room: Room): boolean {
  if (room.doors === undefined || target === doorOf(room)) return true;
  return room.doors.some((door) => target === `${room.path}/${door}.ts`);
}

/** Doors that nobody comes in by. */
export function unusedDoors(sources: readonly Source[], house: readonly Room[]): string[] {
  const used = new Set(
    sources.flatMap(({ path, imports }) =>
      imports.filter((target) => roomOf(path, house) !== roomOf(target, house)).map((target) => target)
    ),
  );
  return house.flatMap((room) =>
    (room.doors ?? []).filter((door) => !used.has(`${room.path}/${door}.ts`)).map((door) =>
      `nobody comes in by ${room.path}/${door}.ts`
    )
  );
}

/** Files that import one another. */
export function importCircles(sources: readonly Source[]): string[] {
  return circles(sources).map((circle) => `a circle: ${circle.join(", ")}`);
}

/** Files that are too long to be read at once. */
export function longFiles(sources: readonly Source[]): string[] {
  return sources.filter((source) => !isMade(source)).flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length;
    return lines > longestFile ? [`${path} has ${lines} lines, more than ${longestFile}`] : [];
  });
}

/** Tests that lie in no folder of the library, or on a floor without a file of their name. */
export function strayTests(tests: readonly string[], sources: readonly Source[]): string[] {
  const folders = new Set(sources.map(({ path }) => posix.dirname(path)));
  const paths = new Set(sources.map(({ path }) => path));
  return tests.filter((path) => {
    const folder = posix.dirname(path);
    return folder.includes("/") ? !folders.has(folder) : !paths.has(path.replace("_test.ts", ".ts"));
  }).map((path) => `tests/${path} mirrors nothing of the library`);
}
