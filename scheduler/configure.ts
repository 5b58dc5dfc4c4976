/**
 * The process's defaults, and where errors go that nobody else can be given.
 *
 * @module
 */

import { checkDuration, checkFunction, checkOptions, show } from "./check.ts";
import { suppressed } from "./errors.ts";
import { defaults, loop } from "./loop.ts";
import { originOf, pathOf } from "./path.ts";
import type { Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/** Where an error comes from that nobody awaits. */
export interface UnhandledContext {
  /** The task it comes from, if any. */
  readonly task: Task<unknown> | undefined;
  /** The names of the groups and tasks around it, outermost first, joined by " > "; empty outside any. */
  readonly path: string;
}

/** What `configure` sets. */
export interface ConfigureOptions {
  /** How long all entries of the run queue together may run before timers and I/O get the loop, in ms. Default: 5. */
  slice?: number;
  /** An entry that has waited longer, in ms, goes before those of higher priority; `Infinity` for never. Default: 5000. */
  ageing?: number;
  /**
   * Is given each error that can be neither thrown nor returned to anybody, once. Default: prints it to the error stream. What
   * it throws is printed together with the error. `undefined` puts the default back.
   */
  onUnhandled?: ((error: unknown, context: UnhandledContext) => void) | undefined;
}

let hook: ConfigureOptions["onUnhandled"];

/**
 * Sets defaults of the process; what is left out stays as it is. They are in force at once, for work that is queued already too.
 *
 * @throws {TypeError} or {RangeError} at the call, for values of a wrong kind or range; then nothing is set.
 *
 * @example
 * ```ts
 * import { configure } from "@millrace/millrace";
 *
 * configure({ slice: 4, onUnhandled: (error, { path }) => console.log(path, error) });
 * configure({ slice: 5, onUnhandled: undefined });
 * ```
 */
export function configure(options: ConfigureOptions): void {
  checkOptions(options);
  const { slice, ageing, onUnhandled } = options;
  if (slice !== undefined) checkDuration(slice, "The slice");
  if (ageing !== undefined) checkDuration(ageing, "The ageing bound");
  if (onUnhandled !== undefined) checkFunction(onUnhandled, "onUnhandled");
  if (slice !== undefined) loop().slice = defaults.slice = slice;
  if (ageing !== undefined) loop().queue.ageing = defaults.ageing = ageing;
  if ("onUnhandled" in options) hook = onUnhandled;
}

/** Hands an error to the hook for those that nobody else can be given; `scope` is where it comes from. */
export function reportUnhandled(error: unknown, scope?: Scope): void {
  const path = originOf(error) || pathOf(scope);
  if (hook === undefined) return print(error, path);
  try {
    hook(error, { task: scope?.owner?.handle, path });
  } catch (hookError) {
    print(error, path);
    print(hookError, "onUnhandled");
  }
}

function print(error: unknown, path: string): void {
  loop().host.report(`Unhandled${path === "" ? "" : ` in ${path}`}: ${describeError(error)}`);
}

/** An error as it is printed for a person: with its stack, its causes and what came after it. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return show(error);
  const own = error.stack?.includes(error.message)
    ? error.stack
    : `${error.name}: ${error.message}\n${error.stack ?? ""}`;
  const parts = [own];
  if (error.cause !== undefined) parts.push(`caused by ${describeOne(error.cause)}`);
  for (const later of suppressed(error)) parts.push(`followed by ${describeOne(later)}`);
  return parts.join("\n");
}

function describeOne(error: unknown): string {
  return error instanceof Error ? error.stack ?? `${error.name}: ${error.message}` : show(error);
}
