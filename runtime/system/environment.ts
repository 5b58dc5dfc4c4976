/**
 * What a program finds around it: variables of the environment, its own name, and what runs it.
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

/** May what is printed to the error stream have colours? On a terminal, unless the environment says otherwise: `NO_COLOR`, `FORCE_COLOR`. */
export function hasColours(): boolean {
  if (environmentVariable("NO_COLOR")) return false;
  if (environmentVariable("FORCE_COLOR")) return environmentVariable("FORCE_COLOR") !== "0";
  return (globalThis as { process?: { stderr?: { isTTY?: boolean } } }).process?.stderr?.isTTY === true;
}

interface Identity {
  process?: { argv?: readonly string[]; version?: string };
  navigator?: { userAgent?: string };
}

/** What the program is called: the last part of the path it was started from; "a program" where that is not told. */
export function programName(): string {
  const { process } = globalThis as Identity;
  const path = process?.argv?.[1] ?? "";
  return path.split(/[/\\]/).at(-1) || "a program";
}

/** What runs it, with its version. */
export function hostVersion(): string {
  const { navigator, process } = globalThis as Identity;
  return navigator?.userAgent ?? `Node.js/${process?.version?.slice(1) ?? "?"}`;
}
