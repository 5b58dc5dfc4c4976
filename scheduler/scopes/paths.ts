/**
 * The way from a scope to those around it.
 *
 * @module
 */

/** A scope, as far as the way outwards goes. */
interface Step {
  readonly parent: Step | undefined;
  readonly isTask: boolean;
  describe(): string;
}

/** A scope that has a name to show: a task or a group. */
export interface Named {
  readonly name: string;
}

/** The task around a scope, itself included, or the outermost scope outside any. */
export function topOf(scope: Step): Step {
  while (scope.parent !== undefined && !scope.isTask) scope = scope.parent;
  return scope;
}

/** The outermost scope around a scope. */
export function rootOf(scope: Step): Step {
  while (scope.parent !== undefined) scope = scope.parent;
  return scope;
}

/** The names of the groups and tasks around and including `scope`, outermost first. */
export function pathOf(scope: Step | undefined): string {
  const names: string[] = [];
  for (let at = scope; at !== undefined; at = at.parent) {
    const { name } = at as Partial<Named>;
    if (name !== undefined) names.push(name);
  }
  return names.reverse().join(" > ");
}
