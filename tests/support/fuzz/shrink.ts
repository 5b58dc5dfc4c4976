/**
 * Makes a case that fails smaller, as long as it fails in the same way.
 *
 * @module
 */

import { type Case, send, type Step, textOf } from "./case.ts";

/** Does a case fail in the way that is looked at? */
export type Fails = (one: Case) => Promise<boolean>;

/** How many tries it may take, and how long, in ms. */
export interface ShrinkLimits {
  readonly tries?: number;
  readonly ms?: number;
}

/** The smallest case that was found: without requests, cuts, lines and bytes that it does not need. */
export async function shrink(
  failing: Case,
  fails: Fails,
  { tries = 500, ms = 15_000 }: ShrinkLimits = {},
): Promise<Case> {
  const end = performance.now() + ms;
  let left = tries;
  let best = failing;
  const isOver = (): boolean => left <= 0 || performance.now() > end;
  const keepIf = async (steps: readonly Step[], what: Partial<Case> = {}): Promise<boolean> => {
    const candidate = { ...best, ...what, steps };
    if (steps.length === 0 || isOver()) return false;
    left--;
    if (!await fails(candidate)) return false;
    best = candidate;
    return true;
  };
  const isFlood = (step: Step): boolean => "send" in step && step.times !== undefined;
  // Without cuts, and without waiting, it is read most easily.
  if (!best.steps.some(isFlood)) await keepIf([send(best.steps.map(textOf).join(""))]);
  if (best.end !== "settle") await keepIf(best.steps, { end: "settle" });
  await without(best.steps, (steps) => keepIf(steps), isOver);
  for (const index of best.steps.keys()) {
    const text = textOf(best.steps[index]!);
    if (text === "" || isFlood(best.steps[index]!)) continue;
    const keepText = (text: string): Promise<boolean> => keepIf(best.steps.with(index, send(text)));
    const lines = await without(text.split(/(?<=\r\n)/), (lines) => keepText(lines.join("")), isOver);
    await without([...lines.join("")], (characters) => keepText(characters.join("")), isOver);
  }
  return best;
}

/** Leaves out as many parts as can be: halves first, then quarters, down to single ones. */
async function without<T>(
  parts: readonly T[],
  keep: (parts: readonly T[]) => Promise<boolean>,
  isOver: () => boolean,
): Promise<readonly T[]> {
  let best = parts;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && best.length > 1 && !isOver();) {
      const rest = best.toSpliced(at, size);
      if (rest.length > 0 && await keep(rest)) best = rest;
      else at += size;
    }
  }
  return best;
}
