/**
 * The names on the way from the outermost scope to one inside it.
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
