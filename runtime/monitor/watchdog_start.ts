/**
 * What the loop and the thread that watches it say to each other first.
 *
 * @module
 */

/** What the thread is told first. */
export interface WatchdogStart {
  /** A count of signs of life, and the length of the name of who runs. */
  readonly signs: Int32Array;
  /** That name, in UTF-16. */
  readonly name: Uint16Array;
  /** After how many ms without a sign the loop is stuck. */
  readonly threshold: number;
}

/**
 * Under this name the global scope has, while a watchdog watches, a function that answers who runs by the flow of control: where a thread
 * can ask the stuck one, this knows tasks that the host, not the run queue, has resumed.
 */
export const askWhoRuns = "millrace: who runs";
