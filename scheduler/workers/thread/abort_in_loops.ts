/**
 * A signal that is seen to be aborted inside a synchronous loop, where no message arrives.
 *
 * @module
 */

/** Whether a signal is aborted, by the class's own property; happy-dom, whose signals are a page's in tests, has none in the class. */
const abortedGetter = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted")?.get;

/** Is a signal aborted, as the host has it? */
export function isAborted(signal: AbortSignal): boolean {
  return abortedGetter?.call(signal) ?? false;
}

/** Makes `signal.aborted` ask `isCancelled`. Deno's own code reads `aborted` while it aborts: the plain property has to answer then. */
export function askInLoops(signal: AbortSignal, isCancelled: () => boolean, abort: () => void): void {
  let aborting = false;
  Object.defineProperty(signal, "aborted", {
    configurable: true,
    get: () => {
      if (isAborted(signal)) return true;
      if (aborting || !isCancelled()) return false;
      aborting = true;
      abort();
      aborting = false;
      return true;
    },
  });
}
