/** Worker modules in TypeScript, read as users' programs read them. */

import { execFile } from "node:child_process";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEquals } from "@std/assert";
import { commandFor, hostOfThis, root } from "../../support/hosts.ts";

test("a worker module in TypeScript is read by the host, and on Node 20 by tsx", async () => {
  const program = fileURLToPath(new URL("./programs/says.ts", import.meta.url));
  // What reads the tests on Node 20 would stand in for tsx in the threads, too.
  const { command, args } = hostOfThis() === "node"
    ? { command: process.execPath, args: ["--import", import.meta.resolve("tsx"), program] }
    : commandFor(program);
  const { stdout } = await promisify(execFile)(command, args, { cwd: root, timeout: 60_000 });
  const lines = Array.from({ length: 20 }, (_, n) => `line ${n} of the worker`);
  assertEquals(stdout.trimEnd().split("\n").sort(), ["end of the program", ...lines].sort());
});
