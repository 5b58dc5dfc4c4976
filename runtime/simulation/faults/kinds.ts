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
 * - `"disk"`: a write or a sync fails.
 * - `"clock"`: the wall clock of a machine jumps.
 * - `"buggify"`: a place that the program itself has named goes its unusual way.
 */
export type FaultKind = "loss" | "power" | "kill" | "isolate" | "pause" | "cut" | "disk" | "clock" | "buggify";

/** All of them. */
export const faultKinds: readonly FaultKind[] = [
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
