/**
 * The time that a server which ends gives requests that are on their way.
 *
 * A request that reaches a connection just when that is closed is lost, and so is one on a connection that the server had not accepted
 * yet; where the host resets connections their clients cannot know whether it ran. So every answer says first that it is the last one of
 * its connection, and the rest is closed when no request has come for a while.
 *
 * @module
 */

import { setTimer } from "./timers.ts";

/** For how long no request may have come, in ms: clients that send one after the other are quicker. */
const quietTime = 100;
/** After how long requests that still come are of new clients, who are not to hold the end of the server, in ms. */
const longest = 1000;

/** The last requests of a server. */
export class LastRequests {
  #count = 0;

  /** One has come. */
  came(): void {
    this.#count++;
  }

  /** Waits until no more come; not for longer than `patience` ms. */
  async over(patience: number): Promise<void> {
    const end = Math.min(longest, patience);
    for (let waited = 0; waited < end; waited += quietTime) {
      const before = this.#count;
      await passed(Math.min(quietTime, end - waited));
      if (this.#count === before) return;
    }
  }
}

/** Settles after so many ms. */
export function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimer(resolve, ms));
}
