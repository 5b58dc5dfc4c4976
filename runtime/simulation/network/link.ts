/**
 * How the connections of a simulated network may go: what they take as a rule, and what the schedule may do to them instead.
 *
 * @module
 */

import { checkCount, checkFiniteDuration, checkOptions, show } from "../../basics/check.ts";
import type { SimulatedLoop } from "../loop/loop.ts";

/** What may happen on the way. In order of arrival nothing does; in other schedules of `explore` it is searched, and shrinks like an order. */
export interface LinkSettings {
  /**
   * How long each passage takes, in ms. Of two numbers the first is the rule, and each passage may take the second instead: so
   * connections pass each other, and timeouts pass. Default: as it was, at first any time.
   */
  latency?: number | readonly [number, number];
  /** How many passages may take the second of two latencies. Default: `Infinity`. */
  slow?: number;
  /** How many connections may be lost, with what is on its way on them: both sides find that it is reset. Default: as it was, at first 0. */
  loss?: number;
  /** How many times the network may be parted for a while: nothing passes, and what is on its way comes after it. Default: as it was, at first never. */
  partitions?: PartitionSettings;
}

/** How often the network may be parted, and for how many ms each time. */
export interface PartitionSettings {
  /** How many times in a run. */
  atMost: number;
  /** For how long each time, in ms. */
  duration: number;
}

/** The way of all connections of a network. */
export class Link {
  /** What each passage takes, in ms, as a rule; `undefined` lets the schedule decide. */
  latency: number | undefined = undefined;
  loss = 0;
  #slowest: number | undefined;
  #slow = Infinity;
  #partitions: PartitionSettings = { atMost: 0, duration: 0 };

  /** Changes what is named, and nothing else. */
  set(settings: LinkSettings): void {
    checkOptions(settings, "link", ["latency", "slow", "loss", "partitions"]);
    const { latency, slow, loss, partitions } = settings;
    if (latency !== undefined) checkLatency(latency);
    if (slow !== undefined) checkCount(slow, "slow", 0);
    if (loss !== undefined) checkCount(loss, "loss", 0);
    if (partitions !== undefined) {
      checkOptions(partitions, "link", ["atMost", "duration"]);
      checkCount(partitions.atMost, "atMost", 0);
      checkFiniteDuration(partitions.duration, "The duration of a partition");
      this.#partitions = { ...partitions };
    }
    if (slow !== undefined) this.#slow = slow;
    if (loss !== undefined) this.loss = loss;
    if (latency === undefined) return;
    [this.latency, this.#slowest] = typeof latency === "number" ? [latency, undefined] : latency;
  }

  /** How long a passage takes at whose end there is `what`; `undefined` for any time. */
  takes(loop: SimulatedLoop, what: string): number | undefined {
    const { latency } = this;
    const slowest = this.#slowest;
    if (latency === undefined || slowest === undefined || slowest <= latency || this.#slow <= 0) return latency;
    if (!loop.ways.departs(`${what} in time`, `it takes ${slowest} ms until ${what}`)) return latency;
    this.#slow--;
    return slowest;
  }

  /** Is a connection lost, which is told in words? */
  loses(loop: SimulatedLoop, label: string, told: string): boolean {
    if (this.loss <= 0 || !loop.ways.departs(label, told)) return false;
    this.loss--;
    return true;
  }

  /** For how many ms is the network parted before `what`? 0 for not at all. */
  parts(loop: SimulatedLoop, what: string): number {
    const { atMost, duration } = this.#partitions;
    if (atMost <= 0 || duration <= 0) return 0;
    if (!loop.ways.departs(`${what} without a partition`, `the network is parted for ${duration} ms before ${what}`)) {
      return 0;
    }
    this.#partitions = { atMost: atMost - 1, duration };
    return duration;
  }
}

/** Refuses what is no latency. */
export function checkLatency(latency: unknown): void {
  if (typeof latency === "number") return checkFiniteDuration(latency, "A latency");
  if (!Array.isArray(latency) || latency.length !== 2) {
    throw new TypeError(`A latency is a number of ms, or two of them: received ${show(latency)}`);
  }
  for (const one of latency as unknown[]) checkFiniteDuration(one, "A latency");
  if (latency[1] < latency[0]) throw new RangeError(`The longer latency comes second: received ${show(latency)}`);
}
