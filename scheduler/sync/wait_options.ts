/**
 * What every wait can be told.
 *
 * @module
 */

import { checkOptions } from "../../runtime/basics/check.ts";
import { isCancelled } from "../scopes/current_scope.ts";
import { abortedBy } from "../scopes/exit.ts";
import { checkSignal } from "../scopes/foreign_signal.ts";
import type { Scope } from "../scopes/scope.ts";
import { Wait, type WaitOptions } from "../waits/wait.ts";

export type { WaitOptions };

/** Checks the options of a wait that has no others; answers with its signal. */
export function signalOf(options: WaitOptions): AbortSignal | undefined {
  checkOptions(options, "a wait", ["signal"]);
  checkSignal(options.signal);
  return options.signal;
}

/** The rejection of a wait that cannot begin, because its scope is cancelled or its signal aborted. */
export function refusedWait<T>(scope: Scope | undefined, signal: AbortSignal | undefined): Promise<T> | undefined {
  if (isCancelled(scope)) return new Wait<T>(scope).promise;
  return signal?.aborted ? abortedBy(signal) : undefined;
}
