/**
 * Making a failing schedule small, and telling it.
 *
 * @module
 */

import { type Chooser, type Deviation, PassChooser } from "./choosers.ts";

/** Runs the body under a schedule; answers with what it failed with, `undefined` if it passed. */
export type Attempt = (chooser: Chooser) => Promise<{ readonly error: unknown } | undefined>;

/** How many runs may be spent on making a schedule smaller. */
const mostRuns = 1000;

/** A failing schedule from which no deviation can be left out. */
export async function shrink(
  passes: ReadonlyMap<number, number>,
  attempt: Attempt,
): Promise<ReadonlyMap<number, number>> {
  let best = passes;
  let runs = 0;
  async function fails(candidate: ReadonlyMap<number, number>): Promise<boolean> {
    if (++runs > mostRuns) return false;
    const chooser = new PassChooser(candidate);
    if (await attempt(chooser) === undefined) return false;
    // Only what was really held back counts.
    best = chooser.passed;
    return true;
  }
  // First in large parts, then one by one until none can be left out.
  for (let part = best.size; part >= 1; part = Math.floor(part / 2)) {
    for (let start = 0; start < best.size;) {
      const ids = [...best.keys()];
      const rest = new Map([...best].filter(([id]) => !ids.slice(start, start + part).includes(id)));
      if (await fails(rest)) {
        if (part === 1) start = 0;
      } else {
        start += part;
      }
    }
  }
  return best;
}

/** A schedule in words. */
export function describeSchedule(deviations: Iterable<Deviation>, labels: ReadonlyMap<number, string>): string[] {
  const lines = [...deviations].map(({ id, label, until }) => {
    const same = [...labels].filter(([, other]) => other === label).map(([other]) => other).sort((a, b) => a - b);
    const which = same.length < 2 ? "" : ` (number ${same.indexOf(id) + 1} of that name)`;
    return `${JSON.stringify(label)}${which} is held back until ${JSON.stringify(until)} has come`;
  });
  return lines.length > 0 ? lines : ["everything comes in the order of its arrival"];
}
