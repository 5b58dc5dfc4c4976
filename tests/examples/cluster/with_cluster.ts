/**
 * The cluster as its users run it: a program over a small folder, asked through its port.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import type { Call, Worker } from "../../../examples/cluster/board.ts";
import { type Child, start } from "../../support/child.ts";
import { withFolder } from "../../support/folder.ts";
import { within } from "../../support/within.ts";

export const program = "examples/cluster/main.ts";

/** What the page is told. */
export interface State {
  readonly workers: readonly Worker[];
  readonly running: readonly (Call & { readonly ms: number })[];
  readonly queued: number;
  readonly lines: readonly { readonly text: string }[];
  readonly pool: { readonly completed: number; readonly cancelled: number; readonly dead: number };
}

/** A line of a search. */
export type Line = Record<string, unknown>;

export class Cluster {
  readonly child: Child;
  readonly url: string;
  /** Its folder for what is temporary. */
  readonly temporary: string;
  hasEnded = false;

  constructor(child: Child, url: string, temporary: string) {
    this.child = child;
    this.url = url;
    this.temporary = temporary;
  }

  /** Ends it, as Ctrl-C or a supervisor does. */
  async end(signal: "SIGINT" | "SIGTERM"): Promise<void> {
    this.child.signal(signal);
    const { code, stderr } = await this.child.ended;
    this.hasEnded = true;
    assertEquals([code, stderr], [signal === "SIGINT" ? 130 : 143, ""]);
  }

  /** Reads what the page is told until it is as wanted. */
  async until(wanted: (state: State) => boolean, what: string): Promise<State> {
    const controller = new AbortController();
    const { body } = await fetch(`${this.url}events`, { signal: controller.signal });
    let last = "";
    const looking = async (): Promise<State> => {
      let text = "";
      for await (const part of body!.pipeThrough(new TextDecoderStream())) {
        const events = (text + part).split("\n\n");
        text = events.pop()!;
        for (const event of events) {
          const state: State = JSON.parse(last = event.replace("data: ", ""));
          if (wanted(state)) return state;
        }
      }
      throw new Error("the events have ended");
    };
    try {
      return await within(looking(), what);
    } catch (error) {
      throw new Error(`${(error as Error).message}; still ${last}`);
    } finally {
      controller.abort();
    }
  }

  /** Waits until so many workers serve. */
  serving(count: number): Promise<State> {
    return this.until(({ workers }) => workers.filter(serves).length === count, `${count} workers serve`);
  }

  /** Searches to the end: what is found, in order, and what is said of the search. */
  async search(pattern: string): Promise<{ found: Line[]; end: Line }> {
    const response = await fetch(`${this.url}grep?${new URLSearchParams({ re: pattern })}`);
    const text = await response.text();
    assertEquals(response.status, 200, text);
    const lines: Line[] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
    const end = lines.pop()!;
    const key = ({ path, line }: Line): string => `${path}:${String(line).padStart(5, "0")}`;
    return { found: lines.sort((a, b) => key(a) < key(b) ? -1 : 1), end };
  }

  /** Presses a button. */
  async post(path: string, headers: Record<string, string> = {}): Promise<number> {
    const response = await fetch(`${this.url}${path}`, { method: "POST", headers });
    await response.text();
    return response.status;
  }
}

export function serves({ state }: Worker): boolean {
  return state === "serves";
}

/** Calls `body` with a cluster over a folder of many small files, and ends it, unless it has ended by then. */
export async function withCluster(
  args: readonly string[],
  body: (cluster: Cluster, folder: string) => Promise<void>,
  more: (folder: string) => void = () => {},
): Promise<void> {
  await withFolder(async (all) => {
    const [folder, temporary] = [join(all, "files"), join(all, "temporary")];
    mkdirSync(join(folder, "inner"), { recursive: true });
    mkdirSync(temporary);
    for (let number = 0; number < 500; number++) {
      writeFileSync(join(folder, `inner/file${number}.ts`), `const value${number} = ${number};\n// The dog walks.\n`);
    }
    more(folder);
    const child = start(program, ["--port", "0", ...args, folder], {
      timeout: 120_000,
      env: { TMPDIR: temporary },
    });
    const [, url] = await child.waitFor(/cluster is at (http:\S+)/);
    const cluster = new Cluster(child, url!, temporary);
    try {
      await body(cluster, folder);
    } finally {
      // Killed it could not end its processes.
      if (!cluster.hasEnded) await cluster.end("SIGTERM");
    }
  });
}
