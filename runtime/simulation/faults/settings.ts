/**
 * Which faults a body allows.
 *
 * @module
 */

import { checkCount, checkFiniteDuration, checkOptions, show } from "../../basics/check.ts";
import { type FaultKind, faultKinds } from "./kinds.ts";

/** Which faults may happen. */
export interface FaultsSettings {
  /** Which kinds. Default: all but `"corrupt"`. */
  kinds?: readonly FaultKind[];
  /** Which machines they may hit, by name. Default: all; only those are killed that are started again (`restart`). */
  machines?: readonly string[];
  /** How many in a run at most. Default: 2 in `explore`, as many as the seed says in `soak`. */
  atMost?: number;
  /** How many machines may be down, paused or cut off at once. Default: 1. */
  down?: number;
  /** For how many ms a machine is paused or cut off: in `explore` the first, in `soak` any time between them. Default: 200 and 5000. */
  duration?: readonly [least: number, most: number];
}

/** Refuses what no faults are allowed with. */
export function checkFaults(settings: FaultsSettings): void {
  checkOptions(settings, "faults", ["kinds", "machines", "atMost", "down", "duration"]);
  const { kinds, machines, atMost, down, duration } = settings;
  if (kinds !== undefined) {
    if (!Array.isArray(kinds)) throw new TypeError(`kinds is an array of kinds of faults: received ${show(kinds)}`);
    const unknown = kinds.find((kind) => !faultKinds.includes(kind as FaultKind));
    if (unknown !== undefined) {
      const known = faultKinds.map((kind) => `"${kind}"`).join(", ");
      throw new RangeError(`A kind of faults is one of ${known}: received ${show(unknown)}`);
    }
  }
  if (machines !== undefined && !(Array.isArray(machines) && machines.every((name) => typeof name === "string"))) {
    throw new TypeError(`machines is an array of names: received ${show(machines)}`);
  }
  if (atMost !== undefined && atMost !== Infinity) checkCount(atMost, "atMost", 0);
  if (down !== undefined && down !== Infinity) checkCount(down, "down", 0);
  if (duration === undefined) return;
  if (!Array.isArray(duration) || duration.length !== 2) {
    throw new TypeError(`duration is two numbers of ms, the least and the most: received ${show(duration)}`);
  }
  for (const one of duration as unknown[]) checkFiniteDuration(one, "A duration");
  if (duration[1] < duration[0]) throw new RangeError(`The longer duration comes second: received ${show(duration)}`);
}
