/** Cancellations that are told as slowly as can be. */

import { loop } from "../../scheduler/queue/loop.ts";

/** The loop in use tells one member of a cancelled scope in the call, and one a turn: whatever may come between comes. */
export function tellSingly(): void {
  Object.assign(loop().telling, { stride: 1, batch: 1, time: 0 });
}
