/**
 * Macrotasks without a delay, on hosts without `setImmediate` too.
 *
 * @module
 */

/** Calls back in a macrotask of the host. */
export function inMacrotask(callback: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  if (setImmediate !== undefined) return void setImmediate(callback);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    callback();
  };
  port2.postMessage(0);
}

/** Resolves in a macrotask of the host. */
export function macrotask(): Promise<void> {
  return new Promise(inMacrotask);
}
