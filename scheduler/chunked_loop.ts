/**
 * Loops made for one job each.
 *
 * An engine that sees one loop call many different functions over arrays of many kinds gives up inlining them: 2 ns more for each
 * item of 2.4 ns. So a job that is known to be long gets a loop of its own, as a loop written by hand would be, and the engine learns
 * from this job alone. Measured in a process with six other callbacks: 5 to 10 times the plain loop over a typed array without, 1.0 to 1.3 with. Making one costs
 * some 20 us, so that short jobs share one, and it is kept for the next job of the same function.
 *
 * @module
 */

import type { IndexLoop, Use } from "./chunked_work.ts";

/** The loops made last, by what they do and the text of the function they call: engines inline by that, not by the closure. */
const made = new Map<string, IndexLoop>();
const mostLoops = 64;

/** A loop that calls no other function than `fn`; `undefined` where the host forbids making functions from text. */
export function ownLoop(fn: (...parameters: unknown[]) => unknown, use: Use, isCount: boolean): IndexLoop | undefined {
  const key = `${use} ${isCount} ${Function.prototype.toString.call(fn)}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const item = isCount ? "at" : "source[at]";
  const condition = isCount ? "at < work.end" : "at < work.end && at < source.length";
  const calls: Record<Use, string> = {
    each: `fn(${item}, at)`,
    map: `result.push(fn(${item}, at))`,
    reduce: `result = fn(result, ${item}, at)`,
  };
  const text = `
    const { fn } = work;
    let { result } = work;
    try {
      for (; ${condition}; at++) ${calls[use]};
    } finally {
      work.done = at;
      work.result = result;
    }`;
  try {
    const loop = new Function("work", "source", "at", text) as IndexLoop;
    if (made.size >= mostLoops) made.delete(made.keys().next().value!);
    made.set(key, loop);
    return loop;
  } catch {
    return undefined;
  }
}
