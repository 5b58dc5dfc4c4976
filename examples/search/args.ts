/** The command line and the environment. */

import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export interface Arguments {
  /** The folders to index. */
  folders: string[];
  /** Answer this on stdout and exit. */
  once: string | undefined;
  port: number;
  /** How long a request may take, in ms. */
  deadline: number;
  /** Is the page of the inspector opened too? */
  inspect: boolean;
}

/** What was asked for cannot be done; the program prints the message and exits with the code. */
export class UsageError extends Error {
  override readonly name = "UsageError";
  readonly exitCode = 2;
}

export const usage = `Usage: npm start -- [options] [DIR...]

Indexes the folders (default: this project with its node_modules) and serves a search page.

  --once QUERY      index, print the best matches and the figures, and exit
  --port PORT       where to serve (default: the variable PORT, else 8787; 0 for any)
  --deadline MS     how long a request may take (default: the variable DEADLINE, else 10000)
  --inspect         open a page beside it that shows what the program does
  --help            print this`;

/** The project that this example belongs to. */
export const project: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Reads the arguments; throws a {@linkcode UsageError} for what it does not understand. */
export function readArguments(words: string[], env: Record<string, string | undefined>): Arguments | "help" {
  let parsed;
  try {
    parsed = parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        once: { type: "string" },
        port: { type: "string" },
        deadline: { type: "string" },
        inspect: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${usage}`);
  }
  const { values, positionals } = parsed;
  if (values.help) return "help";
  return {
    folders: positionals.length > 0 ? positionals : [project],
    once: values.once,
    port: readNumber("port", values.port ?? env["PORT"] ?? "8787", 0, 65535),
    deadline: readNumber("deadline", values.deadline ?? env["DEADLINE"] ?? "10000", 1, 3_600_000),
    inspect: values.inspect === true,
  };
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`The ${name} is a whole number from ${least} to ${most}: received ${JSON.stringify(text)}`);
}

/** Refuses a folder that is not there or cannot be listed. */
export async function checkFolders(folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const found = await stat(folder).catch(() => undefined);
    if (found === undefined) throw new UsageError(`There is no folder ${folder}`);
    if (!found.isDirectory()) throw new UsageError(`${folder} is not a folder`);
    await access(folder, constants.R_OK | constants.X_OK).catch(() => {
      throw new UsageError(`The folder ${folder} cannot be read`);
    });
  }
}
