/**
 * Functions that wait for foreign signals.
 *
 * @module
 */

/** Those who wait, by signal: one listener a signal, for hosts warn of the eleventh. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `fn` once when `signal`, not aborted yet, is; the returned function takes that back and leaves no listener. */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  let all = waiting.get(signal);
  if (all === undefined) {
    const mine = all = new Set();
    const listener = (): void => {
      leave(signal, mine, listener);
      for (const each of [...mine]) each();
    };
    listeners.set(mine, listener);
    waiting.set(signal, mine);
    signal.addEventListener("abort", listener);
  }
  const among = all;
  // An object of its own for each call: the same function may wait twice.
  const entry = (): void => {
    if (among.delete(entry)) fn();
  };
  among.add(entry);
  return () => {
    if (among.delete(entry) && among.size === 0) leave(signal, among, listeners.get(among)!);
  };
}

const listeners = new WeakMap<Set<() => void>, () => void>();

function leave(signal: AbortSignal, all: Set<() => void>, listener: () => void): void {
  signal.removeEventListener("abort", listener);
  if (waiting.get(signal) === all) waiting.delete(signal);
}
