/**
 * The frame of a program.
 *
 * @module
 */

import { checkFunction } from "../../runtime/basics/check.ts";
import type { HostSignal } from "../../runtime/port/host.ts";
import { loop } from "../queue/loop.ts";
import { describeError, originOf } from "../scopes/unhandled.ts";
import { group, groupNode, type TaskGroup } from "./task_group.ts";

/** The exit codes a shell expects of a program that a signal ended. */
const exitCodes: Partial<Record<HostSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Runs a program: `body` in a group of its own, which SIGINT and SIGTERM cancel (source "shutdown"). When it has ended the process
 * exits by itself, with 130 or 143 after a signal; a second signal exits at once. An error that the body lets out
 * is printed once, with the path of the task it came from, and the exit code is 1. The process stays alive until the body has ended.
 *
 * @param body What to run; it gets the program's group.
 * @throws {TypeError} at the call, if `body` is no function.
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
export function main(body: (group: TaskGroup) => unknown): Promise<void> {
  checkFunction(body, "The body of main");
  return runMain(body);
}

async function runMain(body: (group: TaskGroup) => unknown): Promise<void> {
  const { host } = loop();
  const release = host.keepAlive();
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
    const path = originOf(error);
    host.report(`${describeError(error)}${path === "" ? "" : `\n    in ${path}`}`);
    host.setExitCode(signalled ?? 1);
  } finally {
    for (const fn of leave) fn();
    release();
  }
}
