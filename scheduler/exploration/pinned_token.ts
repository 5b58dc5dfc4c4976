/**
 * The token of one run that the environment names: `MILLRACE_REPLAY`.
 *
 * @module
 */

import { environmentVariable, tellAtEnd } from "../../runtime/system/environment.ts";

/** The tokens of the environment that a body was run with, and those of which it is told at the end if none was. */
const taken = new Set<string>();
const watched = new Set<string>();

/** The token of the environment, where there is one. */
export function pinnedToken(): string | undefined {
  return environmentVariable("MILLRACE_REPLAY") || undefined;
}

/** A token that no body takes runs nothing, which looks like a test that passes. */
export function watchPinned(token: string): void {
  if (watched.has(token)) return;
  watched.add(token);
  tellAtEnd(() => {
    if (taken.has(token)) return undefined;
    return `MILLRACE_REPLAY: no body that this process has explored took the token ${token}: ` +
      "it is of another one, or of another version of one of them";
  });
}

/** A body was run with the token. */
export function takePinned(token: string): void {
  taken.add(token);
}
