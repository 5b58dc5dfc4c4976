/**
 * Jobs of a version of the wire that this program does not know.
 *
 * @module
 */

import type { Priority } from "../../../scheduler/queue/priority.ts";
import { delayAfter } from "../../../scheduler/waits/backoff.ts";
import type { Delivery } from "../engine/engine.ts";
import { bury } from "../wire/dead_letters.ts";
import type { ServerParts } from "./server_parts.ts";

/**
 * Gives a job back, for a newer program to take it. The last time its letter is written, with what was wrong; it stays in its queue as one
 * that is exhausted, of which its caller is told: where that one listens is not known here.
 */
export async function leaveToNewer(
  delivery: Delivery,
  priority: Priority,
  error: Error,
  { queue, attempts, worker, backoff }: ServerParts,
): Promise<void> {
  const { id, name, body, headers, attempt } = delivery;
  try {
    if (attempt >= attempts) await bury(queue, { id, name, priority, body, headers }, { error, attempts, worker });
  } catch (thrown) {
    // No letter can be made of what no pool has published.
    if (thrown instanceof TypeError) return delivery.term();
  }
  delivery.nak(delayAfter(attempt, backoff));
}
