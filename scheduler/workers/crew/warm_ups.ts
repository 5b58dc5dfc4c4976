/**
 * Those who wait until so many workers of a pool have loaded the module.
 *
 * @module
 */

import { loop } from "../../queue/loop.ts";
import { currentScope } from "../../scopes/current_scope.ts";
import { Wait } from "../../waits/wait.ts";
import type { Crew } from "./crew.ts";

/** Sees to it that there are as many workers as somebody waits for. */
export class WarmUps {
  readonly #crew: Crew;
  readonly #waiting: Set<{ count: number; wait: Wait }> = new Set();

  constructor(crew: Crew) {
    this.#crew = crew;
  }

  /** How many wait. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Starts workers until there are `count`, and waits until they have loaded; `refusal` is why none will be started. */
  async wait(count: number, refusal: Error | undefined): Promise<void> {
    const warming = { count, wait: new Wait(currentScope(), undefined, "workers to start") };
    this.#waiting.add(warming);
    const letGo = loop().host.keepAlive();
    try {
      if (refusal !== undefined) warming.wait.reject(refusal);
      else this.check();
      await warming.wait.promise;
    } finally {
      letGo();
      this.#waiting.delete(warming);
      this.check();
      this.#crew.rest();
    }
  }

  /** Workers have become ready, or have ended: starts those that are wanting, and tells those who have theirs. */
  check(): void {
    let wanted = 0;
    for (const { count } of this.#waiting) if (count > wanted) wanted = count;
    this.#crew.wanted = wanted;
    this.#crew.fill(wanted);
    for (const { count, wait } of this.#waiting) if (this.#crew.ready >= count) wait.resolve();
  }

  /** There will be no further workers. */
  fail(makeError: () => unknown): void {
    for (const { wait } of this.#waiting) wait.reject(makeError());
    this.#waiting.clear();
    this.#crew.wanted = 0;
  }
}
