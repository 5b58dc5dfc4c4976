/**
 * A process with all that it prints.
 *
 * @module
 */

import { spawn } from "node:child_process";
import process from "node:process";
import { root } from "../hosts.ts";

/** How a process ended. */
export interface Ended {
  /** What it printed, on both streams. */
  readonly output: string;
  readonly code: number | null;
  /** Was it ended because its time was over? */
  readonly late: boolean;
}

/** Runs a command in the root of the checkout, or in another folder, for so many ms at most. */
export function runProcess(
  command: string,
  args: readonly string[],
  options: { readonly limit: number; readonly env?: Readonly<Record<string, string>>; readonly cwd?: string },
): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...process.env, NO_COLOR: "1", ...options.env };
    const child = spawn(command, args, { cwd: options.cwd ?? root, env, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let late = false;
    const take = (text: string): void => void (output += text);
    child.stdout.setEncoding("utf8").on("data", take);
    child.stderr.setEncoding("utf8").on("data", take);
    child.on("error", (error) => take(`\n${error}\n`));
    const end = (code: number | null): void => {
      clearTimeout(killer);
      resolve({ output, code, late });
    };
    let killer = setTimeout(() => {
      late = true;
      // A test runner that is asked to end tells what it has so far, if it still can.
      child.kill("SIGTERM");
      killer = setTimeout(() => {
        child.kill("SIGKILL");
        // Something that it has started may hold its output open.
        end(null);
      }, 5000);
    }, options.limit);
    child.on("close", end);
  });
}
