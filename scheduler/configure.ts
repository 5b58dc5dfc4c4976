/**
 * The process's defaults, and where errors go that nobody else can be given.
 *
 * @module
 */

import { checkDuration, checkFunction, checkOptions } from "../runtime/basics/check.ts";
import { defaults, loop } from "./queue/loop.ts";
import { setUnhandledHook, type UnhandledContext } from "./scopes/unhandled.ts";

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

/**
 * Sets defaults of the process; what is left out stays as it is. They apply at once, also to work that is already queued.
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
  checkOptions(options, "configure", ["slice", "ageing", "onUnhandled"]);
  const { slice, ageing, onUnhandled } = options;
  if (slice !== undefined) checkDuration(slice, "The slice");
  if (ageing !== undefined) checkDuration(ageing, "The ageing bound");
  if (onUnhandled !== undefined) checkFunction(onUnhandled, "onUnhandled");
  if (slice !== undefined) loop().slice = defaults.slice = slice;
  if (ageing !== undefined) loop().queue.ageing = defaults.ageing = ageing;
  if ("onUnhandled" in options) setUnhandledHook(onUnhandled);
}
