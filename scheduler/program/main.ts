/**
 * Running a program: its signals, its exit code, what is printed of its failure, and the trace of it.
 *
 * @module
 */

import { checkBoolean, checkFunction, checkOptions } from "../../runtime/basics/check.ts";
import type { HostSignal } from "../../runtime/port/host.ts";
import { hasColours } from "../../runtime/system/environment.ts";
import { loop } from "../queue/loop.ts";
import { originOf } from "../scopes/unhandled.ts";
import { wanted } from "../tasks/places.ts";
import { group, groupNode, type TaskGroup } from "../tasks/task_group.ts";
import { reportOf } from "./report.ts";
import { traceToFile } from "./trace_file.ts";

/** The exit codes a shell expects of a program that a signal ended. */
const exitCodes: Partial<Record<HostSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** How a program is to run. */
export interface MainOptions {
  /**
   * Is it remembered where each task is spawned? The report of a failure then says so of the tasks around it. It costs about as much as the
   * task itself. Default: false.
   */
  places?: boolean;
}

/**
 * Runs a program: `body` in a group of its own, which SIGINT and SIGTERM cancel (source "shutdown"). When it has ended the process
 * exits by itself, with 130 or 143 after a signal; a second signal exits at once. An error that the body lets out
 * is printed once, with its causes, what else failed, and the path of the task it came from, in colour on a terminal, and the exit code is 1.
 * The process stays alive until the body has ended.
 *
 * Where the environment names a file in `MILLRACE_TRACE`, what the program does is recorded as by `startTrace`, and written there at its end.
 *
 * @param body What to run; it gets the program's group.
 * @throws {TypeError} at the call, if `body` is no function, or for options of a wrong kind.
 *
 * @example
 * ```ts
 * import { main, sleep } from "@millrace/millrace";
 *
 * await main(async (g) => {
 *   g.spawn(() => sleep(5));
 *   console.log("working");
 * });
 * ```
 */
export function main(body: (group: TaskGroup) => unknown, options: MainOptions = {}): Promise<void> {
  checkFunction(body, "The body of main");
  checkOptions(options, "main", ["places"]);
  const { places = false } = options;
  checkBoolean(places, "places");
  return runMain(body, places);
}

async function runMain(body: (group: TaskGroup) => unknown, places: boolean): Promise<void> {
  const { host } = loop();
  const release = host.keepAlive();
  const writeTrace = traceToFile();
  if (places) wanted.places = Infinity;
  let signalled: number | undefined;
  let program: TaskGroup | undefined;
  const leave = (Object.keys(exitCodes) as HostSignal[]).map((signal) =>
    host.onSignal(signal, () => {
      const code = exitCodes[signal]!;
      if (signalled !== undefined) host.exit(code);
      signalled = code;
      if (program !== undefined) groupNode(program).cancel("shutdown", signal);
    })
  );
  try {
    await group(
      (g) => {
        program = g;
        return body(g);
      },
      { name: "main" },
    );
    if (signalled !== undefined) host.setExitCode(signalled);
  } catch (error) {
    host.report(reportOf(error, originOf(error), hasColours()));
    host.setExitCode(signalled ?? 1);
  } finally {
    for (const fn of leave) fn();
    if (places) wanted.places = 0;
    await writeTrace?.();
    release();
  }
}
