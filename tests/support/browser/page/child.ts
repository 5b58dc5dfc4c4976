/**
 * `tests/support/child.ts` in a page, which starts no programs: a test that does has to say so (`tests/support/needs.ts`).
 *
 * @module
 */

function refuse(): never {
  throw new TypeError('A page starts no programs: the test has to say that it needs "programs"');
}

export const start: () => never = refuse;
export const run: () => never = refuse;
