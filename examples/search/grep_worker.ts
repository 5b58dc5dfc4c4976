/** The worker module: looks for a regular expression in the contents of files. */

import { readFile } from "node:fs/promises";
import { currentJob } from "../../worker.ts";

export interface Match {
  path: string;
  line: number;
  /** The line, or of a long one the part around the match. */
  text: string;
  /** Where in the text the match is. */
  from: number;
  to: number;
}

/** How much of a line is shown, and how much of it before the match. */
const shown = 300, shownBefore = 100;
/** How many matches are sent at once, so that whoever takes them is not busy with one file for long. */
const sentAtOnce = 100;

/** Gives matches as they are found, in small lists. Between two lines it notices that nobody waits any more. */
export async function* grep(paths: string[], source: string, flags: string, most: number): AsyncGenerator<Match[]> {
  // With these two flags a test would go on where the one before it ended.
  const expression = new RegExp(source, flags.replace(/[gy]/g, ""));
  const job = currentJob();
  let left = most;
  for (const path of paths) {
    if (left <= 0) return;
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined || bytes.subarray(0, 8000).includes(0)) continue;
    let matches: Match[] = [];
    const lines = bytes.toString("utf8").split("\n");
    for (let index = 0; index < lines.length && left > 0; index++) {
      if (job.cancelled) return;
      const found = expression.exec(lines[index]!);
      if (found === null) continue;
      left--;
      matches.push({ path, line: index + 1, ...around(lines[index]!, found.index, found[0].length) });
      if (matches.length < sentAtOnce) continue;
      yield matches;
      matches = [];
    }
    if (matches.length > 0) yield matches;
  }
}

function around(line: string, index: number, length: number): Pick<Match, "text" | "from" | "to"> {
  const indent = line.length - line.trimStart().length;
  const start = Math.min(index, Math.max(indent, index - shownBefore));
  const text = line.slice(start, start + shown).trimEnd();
  const end = Math.min(index + length - start, text.length);
  return { text, from: Math.min(index - start, end), to: end };
}
