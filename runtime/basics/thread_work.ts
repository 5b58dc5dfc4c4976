/**
 * What the code of one thread shares, also between copies of this library: that of a pool's side, that which a bundler has put into the
 * user's module, and that which the module imports.
 *
 * @module
 */

/** The scope of one call of a pool, in the thread that runs it. */
export interface CallScope {
  /** Calls a function in the scope: whatever waits there belongs to the call. */
  run<T>(fn: () => T): T;
  /** The caller no longer wants the result. */
  cancel(reason: unknown): void;
  /** The call has ended, and with it what it has left. */
  end(): void;
}

/** The state; each room that keeps something here knows what that is. */
export interface ThreadWork {
  /** Opens a scope for a call, in each copy of the library that has scopes; missing where none has been loaded. */
  openCall?: () => CallScope;
}

/** Not a variable of this module, because each copy of the library has its own. */
export const threadWork: ThreadWork = (globalThis as Record<symbol, ThreadWork>)[Symbol.for("millrace.work")] ??= {};
