/**
 * What a body can do to the network of its simulation.
 *
 * @module
 */

import type { LinkSettings } from "./link.ts";

/** What a body can do to the network of its simulation. */
export interface Network {
  /** How long each passage takes, in ms; `undefined`, the default, lets the schedule decide. */
  latency: number | undefined;
  /**
   * How many connections the network may still lose, with what is on its way on them: both sides find that it is reset. Whether and
   * when is a choice of the schedule; in order of arrival none is lost. A request may be lost after the server has done what it
   * asks for. Default: 0.
   */
  loss: number;
  /**
   * How many times chunks of streams may still be cut in two: a stream keeps no boundaries. Which chunk is, and where, is a choice of
   * the schedule; in order of arrival none is. Chunks of up to 64 bytes are cut anywhere, longer ones at their ends, inside of
   * characters, around line ends and around other delimiters. Default: 1.
   */
  fragments: number;
  /**
   * What may happen on the way of all connections, wherever the schedule says so.
   *
   * @example Each request takes 10 ms, or 500; and one connection may be lost
   * ```ts
   * import { simulate } from "@millrace/millrace/testing";
   *
   * await simulate((sim) => sim.network.link({ latency: [10, 500], loss: 1 }));
   * ```
   */
  link(settings: LinkSettings): void;
  /** Nothing passes any more, in neither direction, until `heal`; what is under way waits. */
  partition(): void;
  /** Everything passes again. */
  heal(): void;
  /** All connections that are open now break: both sides find that it is reset. */
  reset(): void;
  /**
   * All connections that are open now are half-open: nothing that is sent on them arrives, and neither side is told that the other
   * is no longer there. New ones work.
   */
  halfOpen(): void;
}
