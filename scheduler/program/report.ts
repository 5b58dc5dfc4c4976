/**
 * An error that has ended a program, as it is told to a person: what it is, what caused it, what else failed, in which task, and where the
 * tasks around it were spawned, which a stack alone does not say.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { isUserFrame } from "../../runtime/basics/own_frames.ts";
import { suppressed } from "../scopes/exit.ts";
import { pathOf, type Scope } from "../scopes/scope.ts";
import { placeOf } from "../tasks/places.ts";

/** How many causes are told in a row, and how many errors beside one another. */
const mostCauses = 8;
const mostOthers = 8;

/** How the parts of a report are to look. */
type Paint = (text: string, how: keyof typeof codes) => string;

/** What a terminal does at these numbers. */
const codes = { error: "1;31", dim: "2", path: "36" } as const;

const plainly: Paint = (text) => text;
const inColour: Paint = (text, how) => `\x1b[${codes[how]}m${text}\x1b[0m`;

/** The report of an error that comes from `scope`. Of what cannot be read it says what can be said. */
export function reportOf(error: unknown, scope: Scope | undefined, colours: boolean): string {
  const paint = colours ? inColour : plainly;
  try {
    return [...described(error, "", "", paint, new Set()), ...wayTo(scope, paint)].join("\n");
  } catch {
    return ["an error that cannot be read", ...wayTo(scope, paint)].join("\n");
  }
}

/** The lines of one error with its causes, its parts, and those that came after it; `says` is what it is to the one before. */
function* described(error: unknown, says: string, indent: string, paint: Paint, told: Set<unknown>): Generator<string> {
  if (!(error instanceof Error)) {
    yield indent + says + paint(show(error), "error");
    return;
  }
  if (told.has(error)) {
    yield `${indent}${says}${error.name}: ${error.message} (see above)`;
    return;
  }
  told.add(error);
  const { head, frames } = partsOf(error);
  yield indent + says + paint(head[0]!, "error");
  for (const line of head.slice(1)) yield indent + paint(line, "error");
  for (const frame of frames) yield indent + (isUserFrame(frame) ? frame : paint(frame, "dim"));
  const { cause } = error;
  if (cause !== undefined && told.size <= mostCauses) yield* described(cause, "caused by ", `${indent}  `, paint, told);
  const parts = error instanceof AggregateError && Array.isArray(error.errors) ? error.errors : [];
  yield* listed(parts, "made of ", indent, paint, told);
  yield* listed(suppressed(error), "followed by ", indent, paint, told);
}

function* listed(
  errors: readonly unknown[],
  says: string,
  indent: string,
  paint: Paint,
  told: Set<unknown>,
): Generator<string> {
  for (const other of errors.slice(0, mostOthers)) yield* described(other, says, `${indent}  `, paint, told);
  if (errors.length > mostOthers) yield `${indent}  and ${errors.length - mostOthers} more`;
}

/**
 * The name and message of an error, and the lines of its stack, without those below the last that is the user's: they are the way through the
 * library. Not every engine begins a stack with the message.
 */
function partsOf(error: Error): { head: string[]; frames: string[] } {
  const title = `${error.name}: ${error.message}`;
  const stack = error.stack ?? "";
  const at = stack.search(/^\s+at |^[^\n]*@/m);
  const all = at < 0 ? [] : stack.slice(at).split("\n").filter((line) => line !== "");
  const last = all.findLastIndex(isUserFrame);
  const frames = last < 0 ? all : all.slice(0, last + 1);
  const head = at > 0 && stack.includes(error.message) ? stack.slice(0, at).trimEnd() : title;
  return { head: head.split("\n"), frames };
}

/** In which tasks the error was thrown, and where they were spawned, innermost first, as far as that was remembered. */
function* wayTo(scope: Scope | undefined, paint: Paint): Generator<string> {
  const path = pathOf(scope);
  if (path === "") return;
  yield `    in ${paint(path, "path")}`;
  for (let at = scope; at !== undefined; at = at.parent) {
    const place = at.isTask ? placeOf(at) : undefined;
    if (place !== undefined) yield paint(`    ${(at as Scope & { name: string }).name} spawned ${place}`, "dim");
  }
}
