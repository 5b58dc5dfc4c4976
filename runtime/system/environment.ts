/**
 * Variables of the environment, for a person who wants to pin a schedule without touching the test.
 *
 * @module
 */

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
