/**
 * Where a test has asked for what failed.
 *
 * @module
 */

import { isOwnFrame } from "../../../runtime/basics/own_frames.ts";
import { replaceFrames } from "../../../runtime/hosts/common/replace_frames.ts";

/**
 * Gives an error the stack of the call that has failed with it, made by `new Error()` there: runners of tests print the lines around
 * the first frame, and where the error was made is of no interest to anybody.
 */
export function atCall<E extends Error>(error: E, call: Error): E {
  const frames = (call.stack ?? "").split("\n").filter((line) => /^\s*at /.test(line));
  const first = frames.findIndex((frame) => !isOwnFrame(frame));
  if (first >= 0) replaceFrames(error, frames.slice(first));
  return error;
}
