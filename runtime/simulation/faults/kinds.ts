/**
 * The kinds of faults that a schedule or a seed may decide on.
 *
 * @module
 */

/**
 * What may go wrong, in the order in which it is searched.
 *
 * - `"loss"`: a connection is reset, and what is on its way on it is lost: a request, or the answer to one that was carried out.
 * - `"power"`: a machine loses its power, and with it what was not synced.
 * - `"kill"`: the program of a machine is killed.
 * - `"isolate"`: a machine is cut off from all others for a while.
 * - `"pause"`: a machine does nothing for a while.
 * - `"cut"`: nothing passes from one machine to another for a while; the other way it does.
 * - `"disk"`: a write or a sync of a disk fails, or a write writes a part of its bytes.
 * - `"clock"`: the wall clock of a machine jumps.
 * - `"buggify"`: a place that the program itself has named goes its unusual way.
 * - `"corrupt"`: a read of a disk fails, or gives a part of the bytes, a bit on it is another one, or a sync does nothing and says it has.
 *   Few systems stand that on all machines, so that it happens only where a body names it.
 */
export type FaultKind =
  | "loss"
  | "power"
  | "kill"
  | "isolate"
  | "pause"
  | "cut"
  | "disk"
  | "clock"
  | "buggify"
  | "corrupt";

/** Those that happen if nothing else is said. */
export const usualKinds: readonly FaultKind[] = [
  "loss",
  "power",
  "kill",
  "isolate",
  "pause",
  "cut",
  "disk",
  "clock",
  "buggify",
];

/** All of them. */
export const faultKinds: readonly FaultKind[] = [...usualKinds, "corrupt"];
