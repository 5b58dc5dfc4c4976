/** A program for exec_test.ts: runs another that ignores signals, says the numbers, and ends in the way that it is told. */

import process from "node:process";
import { exec } from "../../../../io/mod.ts";
import { main } from "../../../../mod.ts";

const script = "trap '' TERM INT HUP; sleep 600 & echo PID $$ $!; wait; while :; do sleep 1; done";

const ways: Record<string, () => unknown> = {
  exit: () => process.exit(3),
  // Deno's own way, which Node has not.
  "exit of the host": () => (globalThis as { Deno?: { exit(code: number): never } }).Deno?.exit(3) ?? process.exit(3),
  error: () => {
    throw new Error("uncaught");
  },
  rejection: () => void Promise.reject(new Error("nobody catches it")),
  signals: () => {},
};

const way = ways[process.argv[2]!]!;
// Not awaited: Bun goes on after an error while its main module waits.
void main(async () => {
  await exec("sh", ["-c", script], {
    grace: 60_000,
    stdout: (chunk) => {
      process.stdout.write(chunk);
      setTimeout(way, 0);
    },
  });
});
