/**
 * The words that `npm test` takes.
 *
 * @module
 */

import type { TestHost } from "../this_host.ts";

/** The checks that are no tests. */
export type Check = "fmt" | "lint" | "types" | "pack" | "consumers" | "site";

/** The checks, in the order they are made in. */
export const checks: readonly Check[] = ["fmt", "lint", "types", "pack", "consumers", "site"];

/** The runtimes, in the order they are run in. */
export const matrix: readonly TestHost[] = ["node", "node26", "deno", "bun", "browser"];

/** What a run is to do. */
export interface Plan {
  readonly mode: "once" | "watch" | "coverage" | "help";
  readonly checks: readonly Check[];
  /** The runtimes to run the tests on; none when only checks are wanted. */
  readonly hosts: readonly TestHost[];
  /** Parts of the names of test files; none for all files. */
  readonly parts: readonly string[];
}

/** What is printed for `--help`. */
export const help =
  `npm test [-- WORD...]      Checks the format, the lint, the types and the package with its size and its consumers, then runs the tests on every runtime.
npm run coverage           Runs the tests on Node 26 and prints which lines and branches of the library they reach.

Words, in any mixture; without any, everything is run:
  fmt, lint, types, pack   a check
  consumers                the package in projects that install it, after packing it (npm run consumers -- PROJECT... for some)
  site                     the pages of the guide and the reference as a site, made and looked at in Chromium (npm run docs makes it)
  node, node26, deno, bun  a runtime: Node 20 (the Node that runs npm), Node 26, Deno, Bun
  browser                  Chromium: the portable files, in pages with and without cross-origin isolation
  PART                     the test files whose path has this in it, on all runtimes unless some are named

Options:
  --watch                  runs the tests again whenever a file of the library or of the tests changes,
                           on Node 20 unless runtimes are named; ends with Ctrl+C
  --coverage               the same as npm run coverage; a PART restricts what is run
  --help, -h               prints this

Examples:
  npm test -- types
  npm test -- channel_test
  npm test -- node deno tests/scheduler/workers
  npm test -- --watch retry_test
  npm run coverage -- tests/io

The exit code is 0 if all has passed, 1 if something has failed and 2 if a word is not known.`;

const options: Readonly<Record<string, Plan["mode"]>> = {
  "--help": "help",
  "-h": "help",
  "--watch": "watch",
  "--coverage": "coverage",
};

/** Reads the words; throws an error that says what is wrong with them. */
export function planOf(words: readonly string[]): Plan {
  const modes = new Set<Plan["mode"]>();
  const names: string[] = [];
  for (const word of words) {
    if (!word.startsWith("-")) names.push(word);
    else if (Object.hasOwn(options, word)) modes.add(options[word]!);
    else throw new Error(`Unknown option ${word}. Known are ${Object.keys(options).join(", ")}`);
  }
  if (modes.has("watch") && modes.has("coverage")) throw new Error("--watch and --coverage do not go together");
  const mode = (["help", "coverage", "watch"] as const).find((mode) => modes.has(mode)) ?? "once";

  // The consumers install what is packed.
  const wantedChecks = checks.filter((check) =>
    names.includes(check) || (check === "pack" && names.includes("consumers"))
  );
  const wantedHosts = matrix.filter((host) => names.includes(host));
  const known: readonly string[] = [...checks, ...matrix];
  const parts = names.filter((name) => !known.includes(name));
  if (mode === "coverage") {
    if (wantedChecks.length + wantedHosts.length > 0) throw new Error("--coverage takes parts of file names only");
    return { mode, checks: [], hosts: ["node26"], parts };
  }
  const everything = names.length === 0;
  const runsTests = everything || wantedHosts.length + parts.length > 0;
  const allHosts = mode === "watch" ? matrix.slice(0, 1) : matrix;
  return {
    mode,
    checks: everything && mode !== "watch" ? checks : wantedChecks,
    hosts: wantedHosts.length > 0 ? wantedHosts : runsTests ? allHosts : [],
    parts,
  };
}
