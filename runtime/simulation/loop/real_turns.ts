/**
 * Turns of the real loop, in which the macrotasks of a simulated one run: the host drains its ticks and microtasks after
 * each, however long the chains are.
 *
 * @module
 */

import { ownFunctions, OwnMessageChannel } from "../../hosts/common/own_functions.ts";

/** Most turns asked for ahead of time: in batches they cost a fifth. */
const mostAhead = 64;

/**
 * Calls `step` in one turn after another until it answers false, after a while where it answers "later", and `rest` when a batch of turns has ended, before the host looks at its
 * timers and at its I/O. Neither throws.
 */
export function runInTurns(step: () => boolean | "later", rest: () => void): void {
  let ahead = 1;
  let requested = 0;
  let over = false;
  /** How many turns of this batch are still to come. */
  let left = 1;
  const { request, close } = openRequests();
  function turn(): void {
    requested--;
    left--;
    const more = !over && step();
    if (more === "later") return wait();
    if (!more && !over) {
      over = true;
      close();
    }
    if (over) return;
    // By one a turn, which doubles each batch: a short run leaves no more turns unused than it has had.
    if (ahead < mostAhead) ahead++;
    while (requested < ahead) {
      requested++;
      request(turn);
    }
    if (left > 0) return;
    left = requested;
    request(endBatch);
  }
  /** The turns that were asked for already come first. */
  function wait(): void {
    if (requested > 0) return;
    rest();
    ahead = 1;
    requested = 1;
    left = 1;
    // A page refuses it as a method of another object.
    const { setTimeout } = ownFunctions();
    setTimeout(turn, 1);
  }
  function endBatch(): void {
    if (!over) rest();
  }
  requested++;
  request(turn);
  request(endBatch);
}

function openRequests(): { request(fn: () => void): void; close(): void } {
  const { setImmediate } = ownFunctions();
  if (setImmediate !== undefined) return { request: (fn) => void setImmediate(fn), close: () => {} };
  const { port1, port2 } = new OwnMessageChannel();
  const queue: (() => void)[] = [];
  port1.onmessage = () => queue.shift()!();
  return {
    request(fn) {
      queue.push(fn);
      port2.postMessage(0);
    },
    close: () => port1.close(),
  };
}
