/**
 * In which way a run fails: a smaller one has to fail in the same way, or it would show another bug.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";

/** Classes whose messages are made by engines, each in its own words. */
const ofEngines: ReadonlySet<string> = new Set([
  "TypeError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "EvalError",
  "URIError",
]);

/** Classes whose messages tell of the run, and not of what is wrong with it. */
const ofRuns: ReadonlySet<string> = new Set(["DeadlockError", "LivelockError", "LeakError"]);

/** Classes that say where another error came from. */
const around: ReadonlySet<string> = new Set(["UnhandledRejectionError", "MachineCrashError"]);

/** How long a kind is at most. */
const longest = 120;

/**
 * The kind of a failure: the class of the error and what was violated, without what is of the one run. That is the property `invariant`
 * of the error, if it has one, else its message up to the end of the line or a colon, without its numbers and what is quoted in it.
 */
export function kindOfFailure(error: unknown): string {
  if (!(error instanceof Error)) {
    return withoutNumbers(typeof error === "string" ? error : show(error)).slice(0, longest);
  }
  const { name, message, cause } = error;
  const { invariant } = error as Error & { readonly invariant?: unknown };
  if (typeof invariant === "string") return `${name}: ${invariant}`.slice(0, longest);
  if (around.has(name) && cause !== undefined) {
    return `${name}: ${kindOfFailure(cause)}`.slice(0, longest);
  }
  if (ofEngines.has(name) || ofRuns.has(name)) return name;
  return `${name}: ${withoutNumbers(message)}`.slice(0, longest);
}

/** A failure in words that are the same on every engine. */
export function toldOfFailure(error: unknown): string {
  if (!(error instanceof Error)) return show(error);
  const { name, message, cause } = error;
  if (around.has(name) && cause !== undefined) return `${name}: ${toldOfFailure(cause)}`;
  return ofEngines.has(name) ? name : `${name}: ${message}`;
}

/** What a message begins with, before data may follow. */
function withoutNumbers(text: string): string {
  return text.trimStart().split(/:\s|\n/, 1)[0]!.replace(/"[^"]*"|\d+(\.\d+)?/g, "#");
}
