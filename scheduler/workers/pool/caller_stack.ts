/**
 * Where a call was made, at the end of the stack of the error that it fails with.
 *
 * The stack of the caller is wanted only when a call fails, but to take it at each call costs 2 to 3 us on Node and Deno, more
 * than a call in flight. There an error made in the continuation of a promise names the async functions that await it:
 * nothing is taken before a call has failed. Elsewhere it is taken at the call, which costs 0.2 us on Bun: too much where many
 * calls are in flight, which are meant to cost 1 us each, and nothing beside the 12 us of a single one.
 *
 * @module
 */

import { isOwnFrame, isUserFrame } from "../../../runtime/basics/own_frames.ts";
import { loop } from "../../queue/loop.ts";

/** Stands between the frames of the worker and those of the caller. */
const separator = "    -- called from --";

/** With as many calls in flight, or more, none of their stacks is taken. */
const many = 4;

/** The stack at this moment, where it cannot be had when the call has failed; `inFlight` is the number of calls there are. */
export function stackAtCall(inFlight: number): Error | undefined {
  return loop().host.asyncStacks === true || inFlight >= many ? undefined : new Error();
}

/** Adds the frames of `caller` to the stack of an error that was made for one call; the library's own are left out. */
export function addCaller(error: Error, caller: Error): void {
  const frames = framesOf(caller.stack ?? "");
  if (frames.length === 0) return;
  // Bun gives a DOMException no stack.
  const stack = typeof error.stack === "string" ? error.stack : `${error.name}: ${error.message}`;
  const lines = stack.split("\n").filter((line) => !isTick(line));
  leaveOutWayIn(lines);
  Object.defineProperty(error, "stack", {
    value: [...lines, separator, ...frames].join("\n"),
    writable: true,
    configurable: true,
  });
}

/**
 * Rejects with an error that was made for one call, once its stack has the async functions that wait for the promise which
 * is resolved with this one.
 */
export async function rejectWithAwaiters(error: Error): Promise<never> {
  // The promise that takes this one over has to have done so.
  for (let turn = 0; turn < 3; turn++) await undefined;
  addCaller(error, new Error());
  throw error;
}

/** The frames of a stack. V8 and Bun put the name of the error first, other engines do not. */
function framesOf(stack: string): string[] {
  return stack.split("\n").filter((line) => line !== "" && line !== "Error" && !isTick(line) && !isOwnFrame(line));
}

/**
 * Takes out of the lines of a stack the pool's way to the function that it has run. What the library has thrown that was called by that
 * function keeps its place, as it does without threads.
 */
function leaveOutWayIn(lines: string[]): void {
  for (let index = lines.length - 1; index >= 0; index--) {
    const line = lines[index]!;
    if (isOwnFrame(line)) lines.splice(index, 1);
    else if (isUserFrame(line)) return;
  }
}

/** Is a line of a stack the host's way to the next microtask? */
function isTick(line: string): boolean {
  return line.includes("at process.processTicksAndRejections");
}
