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

import type { IndexLoop, IteratorLoop, Use } from "./work.ts";

/** The loops made last, by what they do and the text of the function they call: engines inline by that, not by the closure. */
const made = new Map<string, IndexLoop | IteratorLoop>();
const mostLoops = 64;

/** A loop over indexes that calls no other function than `fn`; `undefined` where the host forbids making functions from text. */
export function ownLoop(fn: (...parameters: unknown[]) => unknown, use: Use, isCount: boolean): IndexLoop | undefined {
  const condition = isCount ? "at < work.end" : "at < work.end && at < source.length";
  return make<IndexLoop>(isCount ? "count" : "array", fn, use, (call) => `
    return (work, source, at) => {
      const { fn } = work;
      let { result } = work;
      try {
        for (; ${condition}; at++) ${call(isCount ? "at" : "source[at]")};
      } finally {
        work.done = at;
        work.result = result;
      }
    };`);
}

/**
 * The same over an iterator. Engines know `for of` better than calls of `next`, but to leave it closes the iterator, if that can be
 * closed: those of arrays, maps and sets cannot.
 */
export function ownIteration(
  fn: (...parameters: unknown[]) => unknown,
  use: Use,
  canBeClosed: boolean,
): IteratorLoop | undefined {
  const step = `
    isOpen = false;
    const step = items.next();
    if (step.done) return false;
    const item = step.value;
    isOpen = true;`;
  return make<IteratorLoop>(canBeClosed ? "iterator" : "for of", fn, use, (call) => `
    return (work, items, at) => {
      const { fn } = work;
      let { result, isOpen } = work;
      try {
        ${canBeClosed ? "for (;;)" : "for (const item of items)"} {
          ${canBeClosed ? step : ""}
          ${call("item")};
          if (++at >= work.end) return true;
        }
        return false;
      } finally {
        work.done = at;
        work.result = result;
        work.isOpen = isOpen;
      }
    };`);
}

function make<L extends IndexLoop | IteratorLoop>(
  kind: string,
  fn: (...parameters: unknown[]) => unknown,
  use: Use,
  textOf: (call: (item: string) => string) => string,
): L | undefined {
  const key = `${use} ${kind} ${Function.prototype.toString.call(fn)}`;
  const known = made.get(key) as L | undefined;
  if (known !== undefined) return known;
  const calls: Record<Use, (item: string) => string> = {
    each: (item) => `fn(${item}, at)`,
    map: (item) => `result.push(fn(${item}, at))`,
    reduce: (item) => `result = fn(result, ${item}, at)`,
  };
  try {
    const loop = (new Function(textOf(calls[use])) as () => L)();
    if (made.size >= mostLoops) made.delete(made.keys().next().value!);
    made.set(key, loop);
    return loop;
  } catch {
    return undefined;
  }
}
