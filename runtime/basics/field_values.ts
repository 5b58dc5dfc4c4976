/**
 * What stands in the fields of a head (RFC 9110, 5.6), read by hand: a pattern for white space at an end tries each run of it anew from
 * every place in it, and so takes a third of a second for one head of a stranger.
 *
 * @module
 */

const [space, tab] = [0x20, 0x09];

/** The value without what may stand around it: spaces and tabs. `trim` takes away more, which others read as part of the value. */
export function trimmed(value: string): string {
  let [start, end] = [0, value.length];
  while (start < end && isWhite(value.charCodeAt(start))) start++;
  while (end > start && isWhite(value.charCodeAt(end - 1))) end--;
  return start === 0 && end === value.length ? value : value.slice(start, end);
}

function isWhite(code: number): boolean {
  return code === space || code === tab;
}

/** The items of a list. */
export function listOf(value: string): string[] {
  return value.split(",").map(trimmed);
}

/** Does a list, as the value of a field may be one, have this word, which is in small letters? */
export function hasToken(list: string, token: string): boolean {
  if (list === token) return true;
  for (const item of list.split(",")) {
    if (trimmed(item).toLowerCase() === token) return true;
  }
  return false;
}
