/**
 * Loops made for one job each.
 *
 * An engine that sees one loop call many different functions over arrays of many kinds gives up inlining them. So a job that is known to
 * be long gets a loop of its own, as a loop written by hand would be, and the engine learns from this job alone. Plain code does not do:
 * engines learn by the text of a function, so that closures of one text share what was learnt. Measured in ns an item, folding a
 * `Float64Array` in a process that has done so with six other functions and kinds of arrays:
 *
 * | | plain loop | one loop for all | a closure for each job | made from text |
 * |-|-|-|-|-|
 * | Node 20 | 1.65 | 13.6 | 12.5 | 1.77 |
 * | Node 26 | 1.65 | 14.0 | 12.7 | 1.65 |
 * | Deno | 1.64 | 12.9 | 11.4 | 1.64 |
 * | Bun | 1.65 | 6.1 | 6.1 | 1.65 or 3.9, as its compiler decides in that run |
 *
 * Over counts, where nothing is read and nothing folded, all of them are within 5 %. Making one costs some 20 us, so that short jobs share
 * one, and it is kept for the next job of the same function.
 *
 * @module
 */

import type { IndexLoop, Use } from "./work.ts";

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
