/**
 * The scopes at the top of the tree: groups that are open outside any other, and those that were given up and have not ended.
 *
 * @module
 */

import { type Loop, loop } from "../queue/loop.ts";
import type { Scope } from "./scope.ts";

const rootsOf = new WeakMap<Loop, Set<Scope>>();

/** The roots of the loop that was asked for last: a group asks at its beginning, and the loop changes only with a simulation. */
let last: { loop: Loop; roots: Set<Scope> } | undefined;

/** The roots of the loop in use. */
export function roots(): Set<Scope> {
  const current = loop();
  if (last?.loop !== current) {
    let found = rootsOf.get(current);
    if (found === undefined) rootsOf.set(current, found = new Set());
    last = { loop: current, roots: found };
  }
  return last.roots;
}
