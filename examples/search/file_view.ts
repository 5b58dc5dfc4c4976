/** A file of the index as a page, with the numbers of its lines. */

import { lstat, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { interruptible } from "../../mod.ts";
import { readBytes } from "../../io/mod.ts";
import { escape, pageAnswer, visible } from "./answers.ts";
import { inChunks } from "./chunks.ts";
import { type Indexer, isBinary, largestFile } from "./indexer.ts";

/** How many lines one page has: a browser lays out so many at once without a pause that one feels. */
const linesPerPage = 2000;
/** How many bytes of a line are shown. */
const longestLine = 10_000;

/** A page of lines. */
interface Lines {
  rows: string[];
  first: number;
  total: number;
}

/**
 * Shows a file around a line. Only files of the index are shown: what is asked for is compared with their paths as a
 * whole, so that no `..` leads anywhere.
 */
export async function fileView({ index, folders }: Indexer, path: string, line: number): Promise<Response> {
  if (!index.has(path)) return refusal(path, "It is not in the index.");
  const bytes = await interruptible(isItself(path, folders))
    ? await readBytes(path, { maxBytes: largestFile }).catch((error) => {
      if ((error as Error).name === "AbortError") throw error;
    })
    : undefined;
  if (bytes === undefined) return refusal(path, "It is not there any more, or is not what it was when it was indexed.");
  if (isBinary(bytes)) return refusal(path, "It is not a text any more.");
  const first = Math.floor((line - 1) / linesPerPage) * linesPerPage + 1;
  const found = await inChunks("file view", () => linesFrom(bytes, first, line));
  return pageAnswer(frame(path, content(path, bytes.length, line, found)));
}

/** Is the path still a file, with no link on the way to it from its folder? What was indexed may have been replaced since. */
async function isItself(path: string, folders: readonly string[]): Promise<boolean> {
  try {
    const real = await realpath(path);
    for (const folder of folders) {
      const below = relative(folder, path);
      if (below === ".." || below.startsWith(".." + sep)) continue;
      if (real === join(await realpath(folder), below)) return (await lstat(real)).isFile();
    }
  } catch {
    // It is gone.
  }
  return false;
}

/** The lines of one page, as HTML, and how many there are in all. */
function* linesFrom(bytes: Uint8Array, first: number, wanted: number): Generator<void, Lines> {
  const decoder = new TextDecoder();
  const rows: string[] = [];
  let number = 0;
  for (let start = 0, end; start < bytes.length; start = end + 1) {
    const newline = bytes.indexOf(10, start);
    end = newline < 0 ? bytes.length : newline;
    number++;
    if (number < first || number >= first + linesPerPage) {
      if (number % linesPerPage === 0) yield;
      continue;
    }
    const rest = end - start - longestLine;
    const text = decoder.decode(bytes.subarray(start, rest > 0 ? start + longestLine : end)).replace(/\r$/, "");
    const more = rest > 0 ? ` <em>and ${rest.toLocaleString("en")} bytes more</em>` : "";
    const mark = number === wanted ? ' class="wanted" aria-current="location"' : "";
    rows.push(
      `<li id="L${number}"${mark}><a href="#L${number}" aria-label="Line ${number}">${number}</a>` +
        `<code>${escape(visible(text))}${more}</code></li>`,
    );
    yield;
  }
  return { rows, first, total: number };
}

function content(path: string, size: number, line: number, { rows, first, total }: Lines): string {
  const last = first + rows.length - 1;
  const link = (to: number, text: string): string =>
    `<a href="/file?${escape(String(new URLSearchParams({ path, line: String(to) })))}#L${to}">${text}</a>`;
  const others = [
    first > 1 ? link(Math.min(first, total + 1) - 1, "Earlier lines") : "",
    last < total ? link(last + 1, "Later lines") : "",
  ].join(" ");
  const shown = total === 0
    ? "It is empty."
    : rows.length === 0
    ? `It has only ${total.toLocaleString("en")} lines, and no line ${line.toLocaleString("en")}.`
    : rows.length === total
    ? `${total.toLocaleString("en")} ${total === 1 ? "line" : "lines"}, ${size.toLocaleString("en")} bytes`
    : `Lines ${first.toLocaleString("en")} to ${last.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  const around = others.trim() === "" ? "" : `<nav aria-label="Other lines">${others}</nav>\n`;
  return `<p class="note">${shown}</p>\n${around}<ol class="file">\n${rows.join("\n")}\n</ol>\n${around}`;
}

function refusal(path: string, why: string): Response {
  return pageAnswer(frame(path, `<p class="note bad">This file cannot be shown. ${why}</p>\n`), "html", 404);
}

function frame(path: string, content: string): string {
  const shown = escape(visible(path));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/page.css">
<title>${shown}</title>
<header class="top"><a href="/">Millrace search</a></header>
<main>
<h1 class="whole-path">${shown}</h1>
${content}</main>
</html>
`;
}
