/**
 * What predicates that are waited for answer.
 *
 * @module
 */

import { isThenable } from "../../runtime/basics/promises.ts";

/** Does a predicate hold? A promise, which always would, is refused. */
export function holds(answer: unknown): boolean {
  if (!isThenable(answer)) return Boolean(answer);
  answer.then(undefined, () => {});
  throw new TypeError("A predicate has to answer at once: it returned a promise");
}
