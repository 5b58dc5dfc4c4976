/**
 * Foreign signals joined to scopes.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import type { Scope } from "./scope.ts";

/**
 * The scopes that are joined to a signal. However many there are the signal has one listener, and none when they have
 * ended: a signal may live as long as the process, and hosts warn of the eleventh listener.
 */
class Joined {
  readonly scopes: Set<Scope> = new Set();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener("abort", this.#abort);
  }

  leave(scope: Scope): void {
    if (this.scopes.delete(scope) && this.scopes.size === 0) this.#end();
  }

  readonly #abort = (): void => {
    this.#end();
    const scopes = [...this.scopes];
    this.scopes.clear();
    for (const scope of scopes) scope.cancel("signal", this.#signal.reason);
  };

  #end(): void {
    this.#signal.removeEventListener("abort", this.#abort);
    if (joined.get(this.#signal) === this) joined.delete(this.#signal);
  }
}

const joined = new WeakMap<AbortSignal, Joined>();

/** Cancels `scope` when `signal` is aborted; the returned function, to be called at its end, parts the two. */
export function joinSignal(scope: Scope, signal: AbortSignal): () => void {
  if (signal.aborted) {
    scope.cancel("signal", signal.reason);
    return () => {};
  }
  let all = joined.get(signal);
  if (all === undefined) joined.set(signal, all = new Joined(signal));
  const among = all;
  among.scopes.add(scope);
  return () => among.leave(scope);
}

/** Refuses what is not an `AbortSignal`. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const candidate = signal as AbortSignal | null;
  if (typeof candidate?.aborted === "boolean" && typeof candidate.addEventListener === "function") return;
  throw new TypeError(`A signal is an AbortSignal: received ${show(signal)}`);
}
