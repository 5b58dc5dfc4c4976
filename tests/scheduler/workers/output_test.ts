/** What functions print on workers: it is there, in order, whatever becomes of the worker after the call. */

import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { run } from "../../support/child.ts";
import { hostOfThis } from "../../support/hosts.ts";

const program = fileURLToPath(new URL("./programs/prints_and_ends.ts", import.meta.url));

async function printed(ending: string, way: string, lines: number): Promise<{ lines: string[]; closing: number }> {
  const { code, stdout, stderr } = await run(program, [ending, way, String(lines)]);
  assertEquals(code, 0, stderr);
  const told = stderr.trimEnd().split("\n");
  // What comes behind it tells of a thread that goes on: Deno cannot stop one that spins.
  const end = told.findIndex((line) => line.startsWith("closed in "));
  const closing = Number(/^closed in (.*) ms$/.exec(told[end]!)![1]);
  const errors = told.slice(0, end);
  const output = way === "console.error" ? errors : stdout.trimEnd().split("\n");
  return { lines: output.map((line) => line.trimEnd()).filter((line) => line !== ""), closing };
}

function expected(name: string, lines: number, tail = ""): string[] {
  return Array.from({ length: lines }, (_, line) => `${name} ${line}${tail}`);
}

for (const way of ["console.log", "console.error", "process.stdout", "large"]) {
  test(`what a function prints by ${way} is there when its pool closes and the process exits at once`, async () => {
    // Bun's process.stdout keeps what a pipe has no room for in the thread, and does not tell of it: 50 KB have room.
    const lines = way === "large" && hostOfThis() === "bun" ? 5 : 100;
    assertEquals((await printed("exit", way, lines)).lines, expected("a", lines));
  });
}

test("what a function prints is there when its pool closes, and its process ends by itself", async () => {
  assertEquals((await printed("close", "console.log", 50)).lines, expected("a", 50));
});

test("what an asynchronous function prints is there too, after what was printed before", async () => {
  assertEquals((await printed("asynchronous", "console.log", 50)).lines, [
    ...expected("a", 50),
    ...expected("b", 50, " 0"),
  ]);
});

test("what a worker has printed is there when it is replaced after its last call", async () => {
  assertEquals((await printed("recycled", "console.log", 50)).lines, [...expected("a", 50), ...expected("b", 50)]);
});

test("what a worker has printed is there when it is ended because nobody needs it", async () => {
  assertEquals((await printed("idle", "console.log", 50)).lines, expected("a", 50));
});

test("what a call has printed is there when the next one never ends and its worker is terminated", async () => {
  assertEquals((await printed("aborted", "console.log", 50)).lines, expected("a", 50));
});

test("a pool whose workers have printed nothing closes without waiting for output", async () => {
  const { lines, closing } = await printed("close", "console.log", 0);
  assertEquals(lines, []);
  // A wait for output that never comes would take 200 ms; a thread of a busy machine takes its time to end.
  assert(closing < 190, `${closing} ms`);
});
