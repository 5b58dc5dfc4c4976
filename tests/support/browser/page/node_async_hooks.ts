/**
 * `node:async_hooks` in a page, which has nothing like it: a test that makes one of these has to say so (`tests/support/needs.ts`).
 *
 * @module
 */

function refuse(): never {
  throw new TypeError('A page has no async context: the test has to say that it needs "async context"');
}

export class AsyncLocalStorage {
  constructor() {
    refuse();
  }
}

export class AsyncResource {
  constructor() {
    refuse();
  }
}
