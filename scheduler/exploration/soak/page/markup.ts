/**
 * Texts of programs within a page.
 *
 * @module
 */

import { plain } from "../timeline.ts";

/** How long a text of a program is at most. */
const longest = 2000;

/** A text as it stands in a page, or in an attribute. */
export function escaped(text: string): string {
  return escape(plain(text));
}

/** A text of several lines. */
export function escapedLines(text: string): string {
  return text.split("\n").map((line) => escape(plain(line))).join("\n");
}

function escape(text: string): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replace(/[&<>"'`]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
