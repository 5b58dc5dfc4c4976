/**
 * Signals of somebody else, and those of us who listen to them.
 *
 * ```
 *   AbortSignal ──one listener of the host, as long as somebody listens──> all who do, in the order in which they joined
 * ```
 *
 * A signal may live as long as the process, so that nothing is kept of those who have left; and hosts warn of the eleventh listener.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { Entry, EntryList } from "../queue/entry.ts";
import type { Scope } from "./scope.ts";
import { reportUnhandled } from "./unhandled.ts";

/** Refuses what is not an `AbortSignal`; one of another realm, or one that was written by hand, is. */
export function checkSignal(signal: unknown): asserts signal is AbortSignal | undefined {
  if (signal === undefined) return;
  const candidate = signal as AbortSignal | null;
  if (typeof candidate?.aborted === "boolean" && typeof candidate.addEventListener === "function") return;
  throw new TypeError(`A signal is an AbortSignal: received ${show(signal)}`);
}

/**
 * Calls `aborted` with the signal's reason once the signal is aborted, at once if it is already; the returned function takes that back,
 * also while others are being told. What `aborted` throws goes to the hook for errors that nobody awaits.
 */
export function onAbort(signal: AbortSignal, aborted: (reason: unknown) => void): () => void {
  const listener = new Listener(signal, aborted);
  if (signal.aborted) {
    listener.run();
    return () => {};
  }
  let audience = audiences.get(signal);
  if (audience === undefined) audiences.set(signal, audience = new Audience(signal));
  audience.push(listener);
  return () => listener.leave();
}

/** Cancels `scope` when `signal` is aborted; the returned function, to be called at its end, parts the two. */
export function joinSignal(scope: Scope, signal: AbortSignal): () => void {
  return onAbort(signal, (reason) => scope.cancel("signal", reason));
}

/** One who listens to a signal; it stands in the signal's audience, never in the run queue. */
class Listener extends Entry {
  readonly #signal: AbortSignal;
  readonly #aborted: (reason: unknown) => void;

  constructor(signal: AbortSignal, aborted: (reason: unknown) => void) {
    super();
    this.#signal = signal;
    this.#aborted = aborted;
  }

  override run(): void {
    try {
      this.#aborted(this.#signal.reason);
    } catch (error) {
      reportUnhandled(error);
    }
  }

  leave(): void {
    const audience = this.list as Audience | undefined;
    if (audience === undefined) return;
    audience.remove(this);
    if (audience.size === 0) audience.close();
  }
}

/** All who listen to a signal. */
class Audience extends EntryList {
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    super();
    this.#signal = signal;
    signal.addEventListener("abort", this.#tell);
  }

  /** Nobody listens any more. */
  close(): void {
    this.#signal.removeEventListener("abort", this.#tell);
    if (audiences.get(this.#signal) === this) audiences.delete(this.#signal);
  }

  readonly #tell = (): void => {
    this.close();
    // One by one: what one of them does may let others leave, who are not told then.
    while (this.size > 0) this.shift().run();
  };
}

const audiences = new WeakMap<AbortSignal, Audience>();
