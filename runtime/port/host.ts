/**
 * The `Host` port: everything Millrace needs from the JavaScript runtime it runs on, and how that runtime is found.
 *
 * Code above `runtime/` reaches time, turns, timers, context, threads and signals only through this interface, so that
 * the same code runs on Node, Deno, Bun, in a browser and on a simulated loop.
 *
 * @module
 */

import type { HostNetwork } from "./network.ts";
import type { HostThreads } from "./worker.ts";

/** The runtimes there is a host for. */
export type HostName = "node" | "deno" | "bun" | "browser" | "simulation";

/** The signals a host can listen for. */
export type HostSignal = "SIGINT" | "SIGTERM" | "SIGHUP" | "SIGBREAK" | "SIGQUIT" | "SIGUSR1" | "SIGUSR2" | "SIGWINCH";

/** A source of turns: macrotasks of the host, between which it drains ticks and microtasks. */
export interface Turns {
  /** Asks for one more turn. Turns asked for while turns run come in a later iteration of the host's loop. */
  request(): void;
  /** Asks for a turn before which the host has looked at its timers and I/O. */
  requestAfterPoll(): void;
}

/** A one-shot timer of the host. */
export interface HostTimer {
  /** Lets the timer hold the process; a new timer does. */
  ref(): void;
  /** Lets the process end although the timer is still to come. */
  unref(): void;
  /** Takes the timer back. A second call, or a call after it fired, does nothing. */
  cancel(): void;
}

/** A clock, and the timers that go by it. */
export interface TimeSource {
  /** Milliseconds on a clock that never goes back. */
  now(): number;
  /** A one-shot timer; `delay` in ms, of any length. It may fire early by less than 1 ms, as hosts' timers do. */
  setTimer(callback: () => void, delay: number): HostTimer;
}

/** One value that follows a flow of control across `await`, timers and callbacks, where the host can carry it. */
export interface ContextSlot {
  /** Does the value follow across `await` and into the reactions of promises? Browsers cannot carry it there. */
  readonly carries: boolean;
  /** Calls `fn(argument)`; in it, and in all that it starts, `get()` answers `value`. */
  run<A, R>(value: unknown, fn: (argument: A) => R, argument: A): R;
  /** The value of the innermost `run`; `undefined` outside any. */
  get(): unknown;
  /** Remembers the flow of control as it is now, the users' own async context included. */
  capture(): unknown;
  /** Calls `fn(argument)` in a flow of control that was remembered. */
  resume<A, R>(captured: unknown, fn: (argument: A) => R, argument: A): R;
  /**
   * Is the caller a timer's callback itself, and not what an `await` goes on to? Then, for all that follows in it, `get()` answers
   * `undefined` from now on. Absent where a host does not tell the two apart.
   */
  readonly endInTimer?: () => boolean;
}

/** What the layers above may ask of a runtime. */
export interface Host extends TimeSource {
  /** Which runtime this is, for messages. Nothing above `runtime/` branches on it. */
  readonly name: HostName;
  /**
   * The fake clock and timers that a test has put in the place of the host's own, which `now` and `setTimer` are whatever happens;
   * `undefined` while there are none. The same object as long as they are the same.
   */
  readonly fakes?: () => TimeSource | undefined;
  /**
   * Opens a source of turns. `onTurn` runs once for each requested turn; `fresh` says that timers and I/O have had
   * the loop since the turn before, so that a new slice begins.
   */
  openTurns(onTurn: (fresh: boolean) => void): Turns;
  /** Calls back before the next picture, where the host shows any; the returned function takes that back. */
  readonly requestFrame?: (callback: () => void) => () => void;
  /** Calls back when the host finds that it has nothing to do, where it tells; the returned function takes that back. */
  readonly requestIdle?: (callback: () => void) => () => void;
  /** Opens a slot for a value that follows the flow of control. */
  openContext(): ContextSlot;
  /** Keeps the process alive until the function it returns is called. */
  keepAlive(): () => void;
  /**
   * Listens for a signal to the process; the returned function takes the listener away again. `alone` says that the process has no
   * other listener for it.
   */
  onSignal(signal: HostSignal, listener: (alone: boolean) => void): () => void;
  /** Sends a signal to the process itself: its listeners are called, or it has its default effect. */
  raise(signal: HostSignal): void;
  /** Ends the process at once. */
  exit(code: number): never;
  /** Sets the code the process will end with when its work ends. */
  setExitCode(code: number): void;
  /** Prints a text for a person to the error stream. */
  report(text: string): void;
  /** How many threads the machine runs at once. */
  parallelism(): number;
  /**
   * Does the stack of an error that is made in the continuation of a promise name the async functions that await the promise,
   * also where one promise was resolved with another?
   */
  readonly asyncStacks?: true;
  /** Threads that belong to this host alone, as in a simulation; else they are found by `threadsOf`. */
  readonly threads?: HostThreads;
  /** A network that belongs to this host alone, as in a simulation; else it is found by `networkOf`. */
  readonly network?: HostNetwork;
}
