/**
 * Operations of the host as waits of a task.
 *
 * @module
 */

import { currentScope } from "../../scheduler/scopes/current_scope.ts";
import { onAbort } from "../../scheduler/scopes/foreign_signal.ts";
import { Wait } from "../../scheduler/waits/wait.ts";

/**
 * Runs an operation of the host as a checkpoint: cancelled by its scope it rejects with that cancellation, aborted by `signal` with
 * the signal's reason itself, at once. The operation is told by the signal it is given; the group around does not end before it has.
 */
export function abortable<T>(
  signal: AbortSignal | undefined,
  what: string,
  operation: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const scope = currentScope();
  const wait = new Wait<T>(scope, () => controller.abort(), what);
  if (wait.interrupted) return wait.promise;
  if (signal?.aborted) {
    wait.reject(signal.reason);
    return wait.promise;
  }
  const leaveSignal = signal && onAbort(signal, (reason) => {
    controller.abort();
    wait.reject(reason);
  });
  const release = scope?.keepOpen();
  function ended(): void {
    leaveSignal?.();
    release?.();
  }
  operation(controller.signal).then((value) => {
    ended();
    wait.resolve(value);
  }, (error) => {
    ended();
    wait.reject(error);
  });
  return wait.promise;
}
