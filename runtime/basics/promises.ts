/**
 * What to know of promises, and what to say to the host about them.
 *
 * @module
 */

/** Is a value one that `await` would wait for? A getter `then` of it may throw. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>> | null | undefined)?.then === "function";
}

/**
 * What `await` would make of a value, but now and here: the `then` of a thenable is called at once, in the flow of control of the caller.
 * Of a value that is none, and of a promise of the host's, nothing has to be made. A thenable may be hostile: its first call back
 * counts, and what its `then` throws before that is a rejection. Its getter `then` may throw.
 */
export function awaited<T>(value: T | PromiseLike<T>): T | Promise<T> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value as T;
  if (isHostPromise(value)) return value as Promise<T>;
  const { then } = value as Partial<PromiseLike<T>>;
  if (typeof then !== "function") return value as T;
  return new Promise<T>((resolve, reject) => void then.call(value as PromiseLike<T>, resolve, reject));
}

/** Is a value a promise that `await` waits for without asking for its `then`? */
export function isHostPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise && value.constructor === Promise;
}

/** Gives reactions to a promise of the host's, whatever stands in place of its `then`. */
export function react<T>(
  promise: Promise<T>,
  fulfilled: (value: T) => unknown,
  rejected: (error: unknown) => unknown,
): void {
  then.call(promise, fulfilled as (value: unknown) => unknown, rejected);
}

const { then } = Promise.prototype;

/** A promise that is going to reject with a cancellation: if nobody awaits it, that is nothing to be told of. */
export function allowUnawaited(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}

function ignore(): void {}

const settled = Promise.resolve();

/**
 * Calls `fn`, which does not throw, as a microtask: `queueMicrotask` would be that of a test's fake timers, where nothing comes by itself.
 */
export function microtask(fn: () => void): void {
  void settled.then(fn);
}
