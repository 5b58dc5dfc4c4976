/**
 * The steps of a consumer: executables by their names, time limits, and what to show of a failure.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { executableOf, root } from "../hosts.ts";
import { runProcess } from "../runner/process.ts";
import { type Command, type Place, type Step, StepError } from "./consumer.ts";

/** How many lines of a failure are shown, of its beginning and of its end. */
const first = 6;
const shown = 30;
/** The part of a line that is shown: what a bundler has minified is one line. */
const longestLine = 300;

/** Does a step; resolves to what it printed, and rejects with a `StepError` when it fails or takes too long. */
export async function runStep(step: Step, place: Place): Promise<string> {
  if (typeof step === "function") return await step(place);
  const { command: [name, ...args], limit = 120_000 } = step;
  const executable = pathOf(name!, place);
  const said = nameOf(step);
  const cwd = join(place.folder, step.in ?? "");
  // Scripts of npm look for `node` on the PATH.
  const path = `${dirname(executableOf("node")!)}${delimiter}${process.env["PATH"]}`;
  const filled = (text: string) => text.replace("{elsewhere}", place.elsewhere).replace("{tarball}", place.tarball);
  const own = Object.entries(step.env ?? {}).map(([key, value]) => [key, filled(value)]);
  const env = { CI: "true", PATH: path, ...Object.fromEntries(own) };
  const words = args.map(filled);
  const { output, code, late } = await runProcess(executable, words, { limit, env, cwd });
  if (late) throw new StepError(`${said} did not end within ${limit / 1000} s\n${lastLines(output)}`);
  if (code !== 0) throw new StepError(`${said} ended with code ${code}\n${lastLines(output)}`);
  return output;
}

/** How a step is told of. */
export function nameOf(step: Step): string {
  return typeof step === "function" ? step.name : step.command.join(" ");
}

/** What was printed, without the middle where there is much: npm begins with what is wrong, and ends with how to use it. */
export function lastLines(output: string): string {
  const lines = output.trimEnd().split("\n").map((line) => `    ${line.slice(0, longestLine)}`);
  const all = lines.length <= first + shown ? lines : [...lines.slice(0, first), "    ...", ...lines.slice(-shown)];
  return all.join("\n");
}

/** A host by its name, or a program that the project has installed; `{elsewhere}` leads to one that it has made. */
function pathOf(name: string, place: Place): string {
  if (["npm", "cp", "mv"].includes(name)) return name;
  if (name.startsWith("{elsewhere}")) return name.replace("{elsewhere}", place.elsewhere);
  const path = executables()[name] ?? join(place.folder, "node_modules/.bin", name);
  if (!existsSync(path)) throw new StepError(`There is no ${name}: looked for as ${path}`);
  return path;
}

/** Where a release of Node between those of the matrix is. */
export function nodeBetween(major: number): string {
  return join(root, `tests/consumers/nodes/node_modules/node${major}-${process.platform}-${process.arch}/bin/node`);
}

function executables(): Record<string, string | undefined> {
  return {
    node20: executableOf("node"),
    node22: nodeBetween(22),
    node24: nodeBetween(24),
    node26: executableOf("node26"),
    deno: executableOf("deno"),
    bun: executableOf("bun"),
  };
}

/** A command as it would be typed. */
export function command(words: string, options: Omit<Command, "command"> = {}): Command {
  return { command: words.split(" "), ...options };
}
