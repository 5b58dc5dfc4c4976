/** The line that is shown of a file that was found by its words. */

import { readBytes } from "../../io/mod.ts";
import { inChunks } from "./chunks.ts";
import { largestFile } from "./indexer.ts";
import { Tokenizer, type Words } from "./tokenizer.ts";

/** How much of a line is shown. */
const longestLine = 200;

/** A line of a file. */
export interface Snippet {
  line: number;
  text: string;
}

/** The first line of a file that has one of the words. */
export async function snippet(path: string, words: Words): Promise<Snippet | undefined> {
  const bytes = await readBytes(path, { maxBytes: largestFile }).catch((error) => {
    // The file is not what it was when it was indexed; a cancellation is another matter.
    if ((error as Error).name === "AbortError") throw error;
  });
  return bytes === undefined ? undefined : await inChunks("snippet", () => firstLine(bytes, words));
}

/** Long lines are looked through in parts: they would make long items, and nobody reads a line of a megabyte. */
function* firstLine(bytes: Uint8Array, words: Words): Generator<void, Snippet | undefined> {
  let hit = false;
  const tokenizer = new Tokenizer((high, low) => hit ||= words.some((word) => word[0] === high && word[1] === low));
  let line = 1;
  for (let start = 0, end; start < bytes.length; start = end) {
    const newline = bytes.subarray(start, start + longestLine).indexOf(10);
    end = newline < 0 ? Math.min(start + longestLine, bytes.length) : start + newline + 1;
    tokenizer.take(bytes, start, end);
    if (end === bytes.length) tokenizer.end();
    if (hit) {
      // The word may have begun in the part before.
      const before = bytes.subarray(Math.max(0, start - 40), start);
      const from = start - before.length + before.lastIndexOf(10) + 1;
      const text = new TextDecoder().decode(bytes.subarray(from, end));
      return { line, text: text.replace(/^\uFFFD+|\uFFFD+$/g, "").trim() };
    }
    if (newline >= 0) line++;
    yield;
  }
  return undefined;
}
