/**
 * What every wait can be told.
 *
 * @module
 */

import { isCancelled } from "../scopes/current_scope.ts";
import { abortedBy } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import { signalOf, Wait, type WaitOptions } from "../waits/wait.ts";

export { signalOf, type WaitOptions };

/** The rejection of a wait that cannot begin, because its scope is cancelled or its signal aborted. */
export function refusedWait<T>(scope: Scope | undefined, signal: AbortSignal | undefined): Promise<T> | undefined {
  if (isCancelled(scope)) return new Wait<T>(scope).promise;
  return signal?.aborted ? abortedBy(signal) : undefined;
}
