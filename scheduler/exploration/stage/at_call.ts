/**
 * Where a test has asked for what failed.
 *
 * @module
 */

import { isOwnFrame } from "../../../runtime/basics/own_frames.ts";
import { replaceFrames } from "../../../runtime/hosts/common/replace_frames.ts";

/** What engines keep on an error of the place where it was made: on Bun more than the stack. */
const ofPlace = ["stack", "line", "column", "sourceURL", "originalLine", "originalColumn"];

/** The frames of the calls that have become errors. */
const framesOf = new WeakMap<Error, readonly string[]>();

/**
 * An error as if it had been made by a call: runners of tests print the lines around the first frame, and where the error was made is
 * of no interest to anybody. The error of the call becomes this one, because Deno's test runner goes by the frames that an error was
 * really made with.
 */
export function atCall<E extends Error>(error: E, call: Error): E {
  const known = framesOf.get(call);
  if (known !== undefined) {
    // It has become another one already: a runner that tries a test again has kept that.
    replaceFrames(error, known);
    return error;
  }
  const properties = Object.getOwnPropertyDescriptors(error) as PropertyDescriptorMap;
  for (const name of ofPlace) delete properties[name];
  Object.setPrototypeOf(call, Object.getPrototypeOf(error) as object);
  Object.defineProperties(call, properties);
  // Deno writes the stack when it is read: not before the error is what it is to be.
  const { stack = "" } = call;
  const head = `${error.name}: ${error.message}`;
  const lines = (stack.startsWith(head) ? stack.slice(head.length) : stack).split("\n");
  const frames = lines.filter((line) => /^\s*at /.test(line));
  const users = frames.slice(Math.max(0, frames.findIndex((frame) => !isOwnFrame(frame))));
  framesOf.set(call, users);
  replaceFrames(call, users);
  return call as E;
}
