/**
 * A history as text.
 *
 * @module
 */

import { checkDrawOptions, type DrawOptions } from "./draw_history.ts";
import { type Bar, type Drawable, lanesOf } from "./lanes.ts";

/**
 * Writes a history, or what a check has found in one, as lines for a terminal: what {@linkcode drawHistory} draws.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range.
 *
 * @example
 * ```ts
 * import { checkLinearizable, formatHistory, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "write", input: 1 }).ok();
 * h.call("c2", { name: "read" }).ok(0);
 * console.log(formatHistory(checkLinearizable(h, "register")));
 * ```
 */
export function formatHistory(history: Drawable, options: DrawOptions = {}): string {
  const { title, limit } = checkDrawOptions(options, "formatHistory");
  const { lanes, message, hidden } = lanesOf(history, limit, {
    gap: 2,
    place: 3,
    label: (text) => [...text].length + 4,
  });
  const longest = Math.max(0, ...lanes.map(({ client }) => client.length));
  const lines: string[] = [];
  const heading = title ?? message;
  if (heading !== undefined) lines.push(heading, "");
  for (const { client, rows, bars } of lanes) {
    for (let row = 0; row < rows; row++) {
      const own = bars.filter((bar) => bar.row === row);
      const before = (row === 0 ? client : "").padEnd(longest + 2);
      lines.push(`${before}${written(own, bar)}`.trimEnd());
      const marks = written(own, mark);
      if (marks.trim() !== "") lines.push(`${" ".repeat(longest + 2)}${marks}`.trimEnd());
    }
  }
  if (lanes.length === 0) lines.push("No operations");
  if (hidden > 0) lines.push(`and ${hidden} more operation${hidden === 1 ? "" : "s"}`);
  return lines.join("\n");
}

/** Pieces of text at their places. */
function written(bars: readonly Bar[], piece: (bar: Bar) => { at: number; text: string } | undefined): string {
  let line = "";
  let width = 0;
  for (const each of bars) {
    const { at, text } = piece(each) ?? { at: 0, text: "" };
    if (text === "") continue;
    line += " ".repeat(Math.max(0, at - width)) + text;
    width = Math.max(width, at) + [...text].length;
  }
  return line;
}

function bar({ from, to, label, isOpen, isStuck }: Bar): { at: number; text: string } {
  const at = Math.round(from);
  const room = Math.max(0, Math.round(to) - at - [...label].length - 3);
  const line = isStuck ? "═" : isOpen ? "┄" : "─";
  const end = isOpen ? "┄" : isStuck ? "╡" : "┤";
  return { at, text: `${isStuck ? "╞" : "├"} ${label} ${line.repeat(room)}${end}` };
}

function mark({ from, place, isStuck }: Bar): { at: number; text: string } | undefined {
  if (isStuck) return { at: Math.round(from), text: "✗ fits nowhere" };
  return place === undefined ? undefined : { at: Math.round(place.at), text: String(place.number) };
}
