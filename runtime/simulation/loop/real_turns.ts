/**
 * Turns of the real loop, in which the macrotasks of a simulated one run: the host drains its ticks and microtasks after
 * each, however long the chains are.
 *
 * @module
 */

import { ownFunctions, OwnMessageChannel } from "../../hosts/common/own_functions.ts";

/** Most turns asked for ahead of time: in batches they cost a fifth. */
const mostAhead = 64;

/** Calls `step` in one turn after another until it answers false. It does not throw. */
export function runInTurns(step: () => boolean): void {
  let ahead = 1;
  let requested = 0;
  let over = false;
  const { request, close } = openRequests(turn);
  function turn(): void {
    requested--;
    if (!over && !step()) {
      over = true;
      close();
    }
    if (over) return;
    // By one a turn, which doubles each batch: a short run leaves no more turns unused than it has had.
    if (ahead < mostAhead) ahead++;
    while (requested < ahead) {
      requested++;
      request();
    }
  }
  requested++;
  request();
}

function openRequests(turn: () => void): { request(): void; close(): void } {
  const { setImmediate } = ownFunctions();
  if (setImmediate !== undefined) return { request: () => void setImmediate(turn), close: () => {} };
  const { port1, port2 } = new OwnMessageChannel();
  port1.onmessage = turn;
  return { request: () => port2.postMessage(0), close: () => port1.close() };
}
