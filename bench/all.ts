/** All benches, in the order of the report. */

import { bench as bugs } from "./bugs.ts";
import { cancel, cancelCall, cancelLinear } from "./cancel.ts";
import { afterOthers, bench as chunked, iterable, largerItems, list, manyJobs, typedArray } from "./chunked.ts";
import { bench as gap } from "./gap.ts";
import { channel, deepCancel, semaphore } from "./handover.ts";
import type { Bench } from "./harness.ts";
import { bench as ioLatency, worst as worstIoLatency } from "./io_latency.ts";
import { bench as models } from "./models.ts";
import { bench as monitor } from "./monitor.ts";
import { bench as multiplexing } from "./multiplexing.ts";
import { traced, unobserved, viewed } from "./observed.ts";
import { bench as parked } from "./parked.ts";
import { bench as poolChaos } from "./pool_chaos.ts";
import { bench as poolMatrix } from "./pool_matrix.ts";
import { remoteMany, remoteOne, remoteSome, remoteSpeed, remoteWaiting } from "./remote.ts";
import { bench as serve } from "./serve.ts";
import { besideWork, draining, idleConnections, refusing } from "./serve_more.ts";
import { flatOut, halfLoad } from "./serve_tail.ts";
import { bench as simulatedSchedules, macrotasks, virtualHour } from "./simulated_schedules.ts";
import { bench as simulatedSystems } from "./simulated_systems.ts";
import { bench as spawnJoin, spawnFew, spawnMany } from "./spawn_join.ts";
import { bench as timeout } from "./timeout.ts";
import { bench as turn, manyEntries, postFew, postMany, withContext, yields } from "./turn.ts";
import { burst, burstOfTwo, inFlight, inFlightOfTwo, inTurn } from "./worker.ts";
import { bench as workerMap } from "./worker_map.ts";
import { afterRunaway, busy, cooperative } from "./worker_stop.ts";
import { bench as workerTransfer } from "./worker_transfer.ts";

/** Benches of one part of the library. */
export interface Section {
  readonly title: string;
  readonly benches: readonly Bench[];
}

export const sections: readonly Section[] = [
  { title: "Requests", benches: [serve, flatOut, halfLoad, idleConnections, refusing, besideWork, draining] },
  {
    title: "Turns and tasks",
    benches: [
      postFew,
      postMany,
      turn,
      withContext,
      yields,
      manyEntries,
      spawnFew,
      spawnMany,
      spawnJoin,
      timeout,
      parked,
    ],
  },
  { title: "Cancellation", benches: [cancel, cancelCall, cancelLinear, deepCancel] },
  { title: "Between tasks", benches: [channel, semaphore] },
  { title: "Observed", benches: [monitor, unobserved, traced, viewed] },
  {
    title: "Long loops",
    benches: [chunked, afterOthers, typedArray, list, iterable, largerItems, manyJobs, gap, ioLatency, worstIoLatency],
  },
  {
    title: "Workers",
    benches: [
      inTurn,
      inFlight,
      inFlightOfTwo,
      burst,
      burstOfTwo,
      workerTransfer,
      workerMap,
      cooperative,
      busy,
      afterRunaway,
    ],
  },
  { title: "Remote calls", benches: [remoteOne, remoteSome, remoteSpeed, remoteMany, remoteWaiting] },
  { title: "Simulation", benches: [simulatedSchedules, macrotasks, virtualHour, simulatedSystems] },
  { title: "Correctness and comparisons", benches: [poolMatrix, poolChaos, bugs, multiplexing, models] },
];

export const benches: readonly Bench[] = sections.flatMap(({ benches }) => benches);
