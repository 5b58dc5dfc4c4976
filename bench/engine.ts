/** How the benches' processes are started. */

import { executableOf, type MatrixHost } from "../tests/support/hosts.ts";
import { BadOptions } from "./options.ts";

/** The executable of a host; refuses one that is not there. */
export function neededExecutable(host: MatrixHost): string {
  const executable = executableOf(host);
  if (executable !== undefined) return executable;
  throw new BadOptions(
    `There is no ${host} here: \`npm ci\` and \`npm test\` bring the runtimes node, node26, deno and bun`,
  );
}

/** What stands before a program of the repository, in its root. A side of a comparison of trees has one thread. */
export function engineArguments(host: MatrixHost, isSide: boolean): string[] {
  // How far the engine's own threads get with compiling and collecting is chance on a busy machine, and as good as a change of a
  // few percent: where trees are compared, it does all of that in the thread that asks for it.
  const engine = isSide ? ["--expose-gc", "--single-threaded"] : ["--expose-gc"];
  switch (host) {
    case "node":
      return [...engine, "--import", "tsx"];
    case "node26":
      return engine;
    case "deno":
      return ["run", "-A", "--no-check", `--v8-flags=${engine.join(",")}`];
    case "bun":
      return [];
  }
}
