/**
 * Format, lint, types, and whether the packages can be made.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { executableOf, root } from "../hosts.ts";
import type { Check } from "./options.ts";

/** Makes a check and says how it went; is all as it should be? */
export function runCheck(check: Check): boolean {
  const deno = executableOf("deno");
  if (deno === undefined) {
    console.log(`deno: NOT THERE, the check "${check}" cannot run; \`npm ci\` brings it`);
    return false;
  }
  const doors = ["mod.ts", "worker.ts", "io/mod.ts", "remote.ts", "testing.ts"].filter((door) =>
    existsSync(join(root, door))
  );
  const commands: Record<Check, [string, string[]][]> = {
    fmt: [[deno, ["fmt", "--check"]]],
    lint: [[deno, ["lint"]], [deno, ["doc", "--lint", ...doors]]],
    types: [
      [process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."]],
      [deno, ["check", ...doors]],
    ],
    pack: [
      [process.execPath, ["--import", "tsx", "scripts/pack.ts"]],
      [process.execPath, ["--import", "tsx", "scripts/size.ts"]],
    ],
    site: [
      [process.execPath, ["--import", "tsx", "scripts/site.ts"]],
      [process.execPath, ["--import", "tsx", "tests/support/site/run.ts"]],
    ],
    consumers: [[process.execPath, ["--import", "tsx", "tests/support/consumers/run.ts"]]],
  };
  let allOk = true;
  for (const [command, args] of commands[check]) {
    const started = performance.now();
    const env = { ...process.env, NO_COLOR: "1" };
    // The consumers take minutes, and tell how far they are.
    const stdio = check === "consumers" ? "inherit" : "pipe";
    const result = spawnSync(command, args, { cwd: root, encoding: "utf8", env, stdio });
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const ok = result.status === 0;
    const what = args.filter((arg) => arg !== "--import" && arg !== "tsx").slice(0, 2).join(" ").replace(
      root + "/",
      "",
    );
    console.log(`${check}: ${ok ? "ok" : "FAILED"} (${what}, ${seconds} s)`);
    if (ok) continue;
    allOk = false;
    if (stdio === "pipe") console.log(`${result.stdout}${result.stderr}`.trimEnd());
  }
  return allOk;
}
