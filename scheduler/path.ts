/**
 * The names on the way from the outermost scope to one inside it, and where errors come from.
 *
 * @module
 */

import type { Scope } from "./scope.ts";

/** A scope that has a name to show: a task or a group. */
interface Named {
  readonly name: string;
}

/** The names of the groups and tasks around and including `scope`, outermost first. */
export function pathOf(scope: Scope | undefined): string {
  const names: string[] = [];
  for (let at = scope; at !== undefined; at = at.parent) {
    const { name } = at as Partial<Named>;
    if (name !== undefined) names.push(name);
  }
  return names.reverse().join(" > ");
}

/** Where errors were thrown, by error. Primitives cannot be keys. */
const origins = new WeakMap<object, string>();

/** Remembers where an error comes from, unless that is known: it goes on through the groups around. */
export function rememberOrigin(error: unknown, scope: Scope): void {
  if (typeof error === "object" && error !== null && !origins.has(error)) origins.set(error, pathOf(scope));
}

/** The path to the task or group body that an error comes from; empty where that is not known. */
export function originOf(error: unknown): string {
  return typeof error === "object" && error !== null ? origins.get(error) ?? "" : "";
}
