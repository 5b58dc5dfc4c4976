/** The worker module: looks for a regular expression in the contents of files. */

import { readFile } from "node:fs/promises";
import { currentJob } from "../../worker.ts";

export interface Match {
  path: string;
  line: number;
  text: string;
}

const longestLine = 300;

/** Gives the matches of each file that has any. Between two files it notices that nobody waits any more. */
export async function* grep(paths: string[], source: string, flags: string, most: number): AsyncGenerator<Match[]> {
  const expression = new RegExp(source, flags.replace(/[gy]/g, ""));
  const job = currentJob();
  let left = most;
  for (const path of paths) {
    if (job.cancelled || left <= 0) return;
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined || bytes.subarray(0, 8000).includes(0)) continue;
    const matches: Match[] = [];
    const lines = bytes.toString("utf8").split("\n");
    for (let index = 0; index < lines.length && left > 0; index++) {
      const text = lines[index]!;
      if (!expression.test(text)) continue;
      left--;
      matches.push({ path, line: index + 1, text: text.trim().slice(0, longestLine) });
    }
    if (matches.length > 0) yield matches;
  }
}
