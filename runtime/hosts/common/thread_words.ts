/**
 * What threads say of themselves to their hosts. In a file of its own, because the text that threads start from has all that it imports.
 *
 * @module
 */

interface Locks {
  request(name: string, options: { signal?: AbortSignal }, callback: () => unknown): Promise<unknown>;
}

/** What a thread that the program has started posts when it listens. */
export const listensNow = "millrace: listens now";

/** What a thread posts when it holds the lock that lives as long as it does. */
export const lifeLockHeld = "millrace: life lock held";

/** The page's or process's locks, where it has them. */
export function locks(): Locks | undefined {
  return (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks;
}
