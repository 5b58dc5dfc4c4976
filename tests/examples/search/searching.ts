/**
 * The search server in a child process, over a small folder.
 *
 * @module
 */

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { type Child, start } from "../../support/child.ts";

export const program = "examples/search/main.ts";

/** On a line of 200 letters a and a b this has no end in V8, and in JavaScriptCore one after a second or so. */
export const catastrophic = "^(a+)+$";

/** The part of the statistics that tests look at. */
export interface Statistics {
  now: number;
  indexing: { done: boolean; found: number; finished: number; files: number; skipped: Record<string, number> };
  loop: { longest: number; recent: number };
  pool: { workers: number; running: number; queued: number };
  grep: { files: number; abandoned: number; freedAfter: number };
  server: { active: number; tasks: number; disconnected: number; timedOut: number; failed: number };
}

/** Puts a file into a folder. */
export type Write = (path: string, content: string | Uint8Array) => void;

/** A folder with a bit of everything, and what `add` puts into it; it is removed after `body`. */
export async function withFolder(
  body: (folder: string) => Promise<void>,
  add: (write: Write) => void = () => {},
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-search-"));
  try {
    const write: Write = (path, content) => writeFileSync(join(folder, path), content);
    mkdirSync(join(folder, "inner"));
    for (let number = 0; number < 150; number++) {
      write(`inner/file${number}.ts`, `const value${number} = ${number};\nexport function walkTheDog() {}\n`);
    }
    write("owl.ts", "// The owl is here.\nexport const readBarnOwl = 1;\n");
    write("slow.txt", ("a".repeat(200) + "b\n").repeat(500));
    write("long.txt", "x ".repeat(20_000) + "needleInHay " + "y ".repeat(20_000));
    write("picture.bin", new Uint8Array(1000));
    write("empty.ts", "");
    write("huge.txt", "");
    truncateSync(join(folder, "huge.txt"), 3 * 1024 * 1024);
    write("secret.txt", "owl");
    chmodSync(join(folder, "secret.txt"), 0);
    symlinkSync(folder, join(folder, "inner/loop"));
    symlinkSync(join(folder, "nowhere"), join(folder, "dangling"));
    add(write);
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Asks the server. */
export class Client {
  readonly child: Child;
  readonly #url: string;

  constructor(child: Child, url: string) {
    this.child = child;
    this.#url = url;
  }

  /** A path with its parameters. */
  url(path: string, parameters: Record<string, string> = {}): string {
    return `${this.#url}${path.slice(1)}?${new URLSearchParams(parameters)}`;
  }

  async get(path: string, parameters: Record<string, string> = {}): Promise<{ status: number; text: string }> {
    const response = await fetch(this.url(path, parameters));
    return { status: response.status, text: await response.text() };
  }

  async lines(path: string, parameters: Record<string, string>): Promise<Record<string, unknown>[]> {
    const { status, text } = await this.get(path, parameters);
    assertEquals(status, 200, text);
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line));
  }

  /** Asks for the statistics until they are as wanted. */
  async until(wanted: (statistics: Statistics) => boolean): Promise<Statistics> {
    const end = performance.now() + 30_000;
    for (;;) {
      const statistics: Statistics = JSON.parse((await this.get("/stats")).text);
      if (wanted(statistics)) return statistics;
      assert(performance.now() < end, `still ${JSON.stringify(statistics)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Nothing runs but the question itself. */
  idle(): Promise<Statistics> {
    return this.until(({ pool, server }) =>
      server.tasks === 0 && server.active === 1 && pool.running + pool.queued === 0
    );
  }
}

/** Runs the server over a folder with everything indexed, then stops it, which has to end with the signal's code. */
export function withServer(
  deadline: number,
  body: (client: Client, folder: string) => Promise<void>,
  add?: (write: Write) => void,
): Promise<void> {
  return withFolder(async (folder) => {
    const child = start(program, ["--port", "0", "--deadline", String(deadline), folder], { timeout: 120_000 });
    try {
      const [, url] = await child.waitFor(/Searching at (http:\S+)/);
      const client = new Client(child, url!);
      await client.until(({ indexing }) => indexing.done);
      await body(client, folder);
      child.signal("SIGTERM");
      const { code, stderr } = await child.ended;
      assertEquals(code, 143, stderr);
    } finally {
      child.process.kill("SIGKILL");
      await child.ended;
    }
  }, add);
}
