/**
 * All events of a run, to find the first that differs from those of another run with the same seed.
 *
 * @module
 */

import type { LoopEvent } from "../../../runtime/simulation/loop/loop_event.ts";
import { ownerOf, world } from "./timeline.ts";

/** The events of one run. */
export class EventLog {
  readonly #labels: string[] = [];
  readonly #owners: string[] = [];
  readonly #times: number[] = [];

  /** A macrotask begins. */
  add(event: LoopEvent, time: number): void {
    this.#labels.push(event.label);
    this.#owners.push(ownerOf(event));
    this.#times.push(time);
  }

  /** The first event that differs, in words; `undefined` where all are the same. */
  differenceFrom(other: EventLog): string | undefined {
    const most = Math.max(this.#labels.length, other.#labels.length);
    for (let index = 0; index < most; index++) {
      const [here, there] = [this.#told(index), other.#told(index)];
      if (here !== there) return `event ${index + 1} was ${here}, then ${there}`;
    }
    return undefined;
  }

  #told(index: number): string {
    if (index >= this.#labels.length) return "none: the run had ended";
    const owner = this.#owners[index]!;
    const at = `${Math.round(this.#times[index]! * 1000) / 1000} ms`;
    return `${JSON.stringify(this.#labels[index])} at ${at}${owner === world ? "" : ` on ${owner}`}`;
  }
}
