/**
 * What the parts of a simulation see of the session they belong to, so that they can stand below it.
 *
 * @module
 */

import type { ContextSlot } from "../../port/host.ts";
import type { SimulatedLoop } from "./loop.ts";
import type { InFlight } from "./in_flight.ts";
import type { RealWork } from "./real_work.ts";

/** What a session is made with. */
export interface WorldSettings {
  /** The wall clock at the beginning, in ms. */
  readonly startTime: number;
  /** The shortest delay of a timer, in ms. */
  readonly shortestDelay: number;
  /** Has the host of the profile frames, and clamps of nested timers? */
  readonly isBrowser: boolean;
  /** Is real I/O allowed? */
  readonly allowRealIo: boolean;
  /** May something be left behind when the body ends? */
  readonly ignoresLeaks: boolean;
  /** Is what the body prints held back? */
  readonly holdsConsole: boolean;
}

/** The simulated world that a part works in; the loop is another one in each run. */
export interface World {
  readonly settings: WorldSettings;
  /** Remembers the async context in which a callback was asked for. */
  readonly context: ContextSlot;
  /** In the code of a virtual worker, its thread. */
  readonly threads: ContextSlot;
  readonly loop: SimulatedLoop;
  /** The real work that the loop waits for; another one in each run too. */
  readonly work: RealWork;
  /** What the body has begun in the world outside; another one in each run too. */
  readonly flights: InFlight;
  /** Does the host itself run, for a call that a body has begun? */
  readonly insideHost: ContextSlot;
  /** What the wall clock shows of whose flow of control it is, in ms since 1970, and what the monotonic clock does, in ms. */
  wallNow(): number;
  monotonicNow(): number;
  /** How many modules of the real world the loop waits for. */
  loading: number;
  /** Since when nothing is left to run but what something real may wake that is not known; in ms of the host's clock. */
  readonly idleSince: number | undefined;
}
