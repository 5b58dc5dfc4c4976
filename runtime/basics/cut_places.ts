/**
 * Where a chunk of a stream of bytes may be cut, so that a reader who relies on its boundaries is found.
 *
 * @module
 */

/** Up to so many places all are taken. */
export const mostPlaces = 63;

/** How many bytes at either end are cut apart in long chunks: heads and lengths stand there. */
const endBytes = 4;

/** Bytes that readers look for: NUL, tab, LF, CR, space, `"`, `&`, `,`, `:`, `;`, `=`, `[`, `]`, `{`, `|`, `}`. */
const delimiters: ReadonlySet<number> = new Set([0, 9, 10, 13, 32, 34, 38, 44, 58, 59, 61, 91, 93, 123, 124, 125]);

/** The places at which a chunk may be cut, each as the number of bytes before it. */
export interface CutPlaces {
  readonly places: readonly number[];
  /** Is that every place there is? */
  readonly all: boolean;
}

/**
 * Every place of a chunk of up to 64 bytes. Of longer ones those that matter, as many as fit: at the ends, inside of characters of
 * several bytes, around CR and LF, and around other delimiters.
 */
export function cutPlaces(bytes: Uint8Array): CutPlaces {
  const last = bytes.length - 1;
  if (last <= mostPlaces) return { places: Array.from({ length: Math.max(0, last) }, (_, at) => at + 1), all: true };
  const found = new Set<number>();
  for (let at = 1; at <= endBytes; at++) found.add(at).add(bytes.length - at);
  // Each kind gets half of what is left, so that none keeps out the others.
  for (const kind of [isInCharacter, isAtLineEnd, isAtDelimiter]) {
    const places: number[] = [];
    for (let at = 1; at <= last; at++) if (!found.has(at) && kind(bytes[at - 1]!, bytes[at]!)) places.push(at);
    for (const at of spread(places, Math.ceil((mostPlaces - found.size) / 2))) found.add(at);
  }
  return { places: [...found].sort((a, b) => a - b), all: false };
}

function isInCharacter(_before: number, after: number): boolean {
  return (after & 0xc0) === 0x80;
}

function isAtLineEnd(before: number, after: number): boolean {
  return before === 13 || before === 10 || after === 13 || after === 10;
}

function isAtDelimiter(before: number, after: number): boolean {
  return delimiters.has(before) || delimiters.has(after);
}

/** At most so many, the first ones and the last. */
function spread(places: readonly number[], most: number): readonly number[] {
  if (places.length <= most) return places;
  const first = Math.ceil(most / 2);
  return [...places.slice(0, first), ...places.slice(places.length - (most - first))];
}
