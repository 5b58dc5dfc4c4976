/**
 * Variables of the environment, for a person who wants to pin a schedule without touching the test.
 *
 * @module
 */

import { hasBuiltins, onProcessEnd, report } from "../hosts/common/node_process.ts";

/** Prints what `text` answers, if it answers something, as the process ends; where there is no process, nothing is printed. */
export function tellAtEnd(text: () => string | undefined): void {
  if (!hasBuiltins()) return;
  const leave = onProcessEnd(() => {
    leave();
    const told = text();
    if (told !== undefined) report(told);
  });
}

/** The value of a variable; `undefined` where there is none, or where the program may not look. */
export function environmentVariable(name: string): string | undefined {
  const scope = globalThis as {
    Deno?: { permissions?: { querySync(query: { name: "env"; variable: string }): { state: string } } };
    process?: { env?: Record<string, string | undefined> };
  };
  // Deno would stop the program and ask the person at the terminal.
  const permission = scope.Deno?.permissions?.querySync({ name: "env", variable: name });
  if (permission !== undefined && permission.state !== "granted") return undefined;
  return scope.process?.env?.[name];
}
