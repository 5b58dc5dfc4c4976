/**
 * What an exploration that found nothing has proved, in words.
 *
 * @module
 */

import type { Search } from "./search.ts";

/** What has been run. */
export interface Proved {
  /** The schedules with all timers on time, and those with some late. */
  readonly onTime: Search;
  readonly late: Search;
  /** Could a timer have been late, so that it made a difference? */
  readonly mayBeLate: boolean;
  /** Were chunks of streams so long that they were not cut everywhere? */
  readonly leftOut: boolean;
  /** How many faults could happen in a run; `undefined` where none were allowed. */
  readonly mostFaults: number | undefined;
  /** With how many other seeds the order of arrival was run; `undefined` where no random number was drawn. */
  readonly otherSeeds: number | undefined;
}

/** "All" is said only where all was tried. */
export function guaranteeOf({ onTime, late, mayBeLate, leftOut, mostFaults, otherSeeds }: Proved): string {
  const { schedules, exhaustive, heldBack, random } = onTime;
  const systematic = schedules - random;
  const mostFaultsOf = (most: number): string => `at most ${most} fault${most === 1 ? "" : "s"}`;
  const bounds = [
    ...mayBeLate ? ["timers on time"] : [],
    ...mostFaults === undefined ? [] : [mostFaultsOf(mostFaults)],
  ];
  const timely = bounds.length === 0 ? "" : ` with ${bounds.join(" and ")}`;
  const parts: string[] = [];
  if (leftOut) {
    const among = exhaustive || heldBack < 0 ? "" : `, those with <= ${heldBack} held-back events among them`;
    if (systematic > 0) parts.push(`${systematic} schedules${timely} pass${among}`);
  } else if (exhaustive) parts.push(`all ${systematic} schedules${timely} pass`);
  else if (heldBack >= 0) {
    // Where the search has come so far, a fault counts as an event that is held back.
    const deviations = mostFaults === undefined ? "held-back events" : "held-back events and faults";
    const what = `all with <= ${heldBack} ${deviations}${mayBeLate ? " and timers on time" : ""}`;
    parts.push(`${what} pass (of ${systematic} schedules run)`);
  } else if (systematic > 0) parts.push(`the first ${systematic} schedules${timely} pass`);
  if (random > 0) parts.push(`${random} random schedules${systematic > 0 ? "" : timely} pass`);
  if (late.schedules > 1) {
    // How late is a matter of where it makes a difference: it is not all that could be.
    const what = late.heldBack > 0 ? "those with one late timer" : "some with late timers";
    parts.push(`${what} pass too (${late.schedules} schedules run)`);
  }
  if (otherSeeds !== undefined) {
    const others = otherSeeds === 0
      ? "no others were tried"
      : `with those of ${otherSeeds} others the order of arrival passes`;
    parts.push(`all of this with the random numbers of one seed; ${others}`);
  }
  if (leftOut) parts.push("chunks of more than 64 bytes were cut where it matters most, not everywhere");
  return parts.join("; ");
}
