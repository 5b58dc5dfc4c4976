/**
 * What a body can do to the network of its simulation.
 *
 * @module
 */

import type { LinkSettings } from "./link.ts";
import type { MachineName, Partition, PathSettings } from "./paths.ts";

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
  /**
   * How the way from one machine to another is; the way back has settings of its own. Of the settings only those change that are named.
   *
   * @throws {RangeError} for a name of no machine.
   */
  link(from: MachineName, to: MachineName, settings: PathSettings): void;
  /**
   * Machines of different groups do not reach each other any more, until `heal` or until the answer's `heal` is called; machines of no group
   * reach all. With one group alone, it is apart from all other machines. What is under way waits, and new connections hang. The body is on
   * no side. Without groups nothing passes any more, in neither direction, not to and from the body either where there are no machines.
   *
   * @throws {RangeError} for a name of no machine.
   */
  partition(...groups: readonly MachineName[][]): Partition;
  /** Everything passes again: all partitions end, and no way is cut. */
  heal(): void;
  /** All connections that are open now break: both sides find that it is reset. */
  reset(): void;
  /**
   * All connections that are open now are half-open: nothing that is sent on them arrives, and neither side is told that the other
   * is no longer there. New ones work.
   */
  halfOpen(): void;
}
