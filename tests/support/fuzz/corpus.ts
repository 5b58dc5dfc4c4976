/**
 * Cases that have failed once: they are kept as files, and run before all others ever after.
 *
 * @module
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../hosts.ts";
import { type Case, textOf } from "./case.ts";
import type { FoundFault } from "./campaign.ts";

const folder = join(root, "tests/support/fuzz/corpus");

/** A file of the corpus. */
interface Kept {
  /** What was wrong, and where. */
  readonly what: string;
  readonly host: string;
  readonly case: Case;
  /** The bytes as text, for readers. */
  readonly shown: readonly string[];
}

/** The cases of the corpus. */
export function corpus(): Case[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json")).sort();
  return names.map((name) => readCase(join(folder, name)));
}

/** The case in a file. */
export function readCase(path: string): Case {
  return (JSON.parse(readFileSync(path, "utf8")) as Kept).case;
}

/** Keeps the case of a fault, and answers the file's path; one that is kept under this name already is left as it is. */
export function keep({ what, host }: FoundFault, one: Case): string {
  mkdirSync(folder, { recursive: true });
  const words = what.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const name = `${/^.{0,60}(?=_|$)/.exec(words)![0]}_${one.seed.toString(36)}.json`;
  const kept: Kept = { what, host, case: one, shown: shown(one) };
  writeFileSync(join(folder, name), `${JSON.stringify(kept, undefined, 2)}\n`);
  return `tests/support/fuzz/corpus/${name}`;
}

/** The bytes of a case as lines of text, long ones cut. */
export function shown({ steps, end }: Case): string[] {
  const lines: string[] = [];
  let text = "";
  let pieces = 0;
  const flush = (): void => {
    if (pieces > 1) lines.push(`<in ${pieces} pieces>`);
    for (const line of text.split(/(?<=\n)/).map((line) => JSON.stringify(line).slice(1, -1))) {
      if (line !== "") lines.push(line.length > 160 ? `${line.slice(0, 160)}... (${line.length})` : line);
    }
    text = "";
    pieces = 0;
  };
  for (const step of steps) {
    if ("send" in step && step.times === undefined) {
      pieces++;
      text += textOf(step);
      continue;
    }
    flush();
    if ("wait" in step) lines.push(`<wait for ${step.wait}>`);
    else lines.push(`<${step.times} times> ${JSON.stringify(textOf({ send: step.send }))}`);
  }
  flush();
  const most = 60;
  return [...lines.slice(0, most), ...(lines.length > most ? [`<${lines.length - most} more lines>`] : []), `<${end}>`];
}
