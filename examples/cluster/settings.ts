/** What caller and workers are told alike. */

import type { QueueOptions } from "../../remote.ts";

/**
 * A worker of which nothing is heard for so long is taken for dead: here on one machine, soon. Whoever kills workers for fun may kill more
 * than three under one call.
 */
export const queue: QueueOptions = { queue: "search", ackWait: 1500, attempts: 10 };

/** How many calls a worker runs at once. */
export const threads = 2;
