/**
 * Names and subjects, checked before they are put together: a dot more would be another subject, a star a listener to all. They are the same
 * with every engine, so that what runs with one runs with another.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";

/** The longest name. */
const longest = 128;

/** A pool's name is also part of the name of a stream, which is the name of a folder. */
const poolName = /^[\w-]+$/;

/** The streams of a pool beside that of its jobs are called so: a pool may not be. */
const taken = /_(?:DEAD|EXHAUSTED)$/;

/** A function's name is what a module may export. */
const functionName = /^[\p{ID_Continue}$-]+$/u;

/** A subject is tokens with dots between them. */
const subjectToken = /^[^\s.*>\0]+$/;

/** Refuses the name of a pool that would not be one token of a subject. */
export function checkPoolName(value: unknown): asserts value is string {
  const isName = typeof value === "string" && value.length <= longest && poolName.test(value);
  if (isName && !taken.test(value)) return;
  throw new TypeError(
    `The name of a pool is at most ${longest} letters, digits, "_" and "-", and does not end with "_DEAD" or "_EXHAUSTED": ` +
      `received ${show(value)}`,
  );
}

/** Refuses the name of a function that would not be one token of a subject. */
export function checkFunctionName(value: unknown): asserts value is string {
  if (typeof value === "string" && value.length <= longest && functionName.test(value)) return;
  throw new TypeError(
    `The name of a function is at most ${longest} characters that names may have: received ${show(value)}`,
  );
}

/** The subject that was sent to last: often the next one is the same. */
let lastSent = "";

/** Refuses what is no subject; one that is listened to may have `>` as its last part. */
export function checkSubject(value: unknown, isListened: boolean): asserts value is string {
  if (value === lastSent && !isListened && value !== "") return;
  if (typeof value === "string" && value.length <= 1024) {
    const parts = value.split(".");
    if (isListened && parts.length > 1 && parts.at(-1) === ">") parts.pop();
    // What begins with a dollar is the server's own.
    if (parts.every((part) => subjectToken.test(part)) && !value.startsWith("$")) {
      if (!isListened) lastSent = value;
      return;
    }
  }
  throw new TypeError(`A subject is words with dots between them: received ${show(value)}`);
}
