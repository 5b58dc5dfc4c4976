/**
 * Small programs of callbacks, which can be run on a host's loop or predicted by a model of it.
 *
 * @module
 */

/**
 * A small program of callbacks. It does nothing but call its {@linkcode LoopApi}, so that it can be run as often as there are
 * orders to find.
 */
export type LoopProgram = (loop: LoopApi) => void;

/** A timer or an immediate of a {@linkcode LoopProgram}, for `clear` and `refresh`. */
export interface LoopHandle {
  /** What the handle is of. */
  readonly kind: "timeout" | "immediate";
}

/**
 * What a {@linkcode LoopProgram} can ask of a loop. A member that the host or the profile lacks throws `TypeError` at the
 * call.
 */
export interface LoopApi {
  /** Writes an entry into the log: what is predicted and observed is the order of these. */
  log(entry: string): void;
  /** Calls back after `ms` milliseconds, with the host's own minimum and clamps. */
  setTimeout(fn: () => void, ms: number): LoopHandle;
  /** Calls back in the check phase. Not in a browser. */
  setImmediate(fn: () => void): LoopHandle;
  /** Takes back a timer or an immediate that has not come; else does nothing. */
  clear(handle: LoopHandle): void;
  /** Starts a timer anew, one that has fired too; does nothing for one that was cleared. Not in a browser. */
  refresh(handle: LoopHandle): void;
  /** Calls back before the microtasks, as `process.nextTick` does. Not in a browser. */
  nextTick(fn: () => void): void;
  /** Calls back as `queueMicrotask` does. */
  queueMicrotask(fn: () => void): void;
  /** Calls back as the reaction of a promise that is fulfilled already. */
  promise(fn: () => void): void;
  /** Starts an operation of the host that takes an unknown time, and calls back when it completes, in the poll phase. */
  io(fn: () => void): void;
  /** Closes a handle and calls back in the close phase. Not in a browser. */
  close(fn: () => void): void;
  /** Sends a message over a port of its own, and calls back on its arrival. */
  message(fn: () => void): void;
  /** Calls back before the next frame is drawn. In a browser only. */
  animationFrame(fn: () => void): void;
  /** Keeps the loop busy for at least `ms` milliseconds. */
  spin(ms: number): void;
}
