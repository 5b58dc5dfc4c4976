/**
 * What holding a semaphore or a mutex is in the holder's hands.
 *
 * @module
 */

import { StructureError } from "../errors.ts";
import { printAs } from "../inspect.ts";

/** Makes a permit that tells `onRelease` of its release; for the machinery alone. */
export let makePermit: (onRelease: (permit: Permit) => void) => Permit;

/**
 * One slot of a `Semaphore`, or the lock of a `Mutex`, until it is given back. It may be handed to other code, also to
 * another task, which then gives it back. With `using` it is given back at the end of the block.
 *
 * @example
 * ```ts
 * import { Semaphore } from "@millrace/millrace";
 *
 * const semaphore = new Semaphore(2);
 * const permit = await semaphore.acquire();
 * try {
 *   console.log(semaphore.statistics().held); // -> 1
 * } finally {
 *   permit.release();
 * }
 * ```
 */
export class Permit {
  #onRelease: ((permit: Permit) => void) | undefined = undefined;

  private constructor() {}

  static {
    makePermit = (onRelease) => {
      const permit = new Permit();
      permit.#onRelease = onRelease;
      return permit;
    };
    printAs(Permit, (permit) => `Permit(${permit.released ? "released" : "held"})`);
  }

  /** Has the permit been given back? */
  get released(): boolean {
    return this.#onRelease === undefined;
  }

  /**
   * Gives the permit back; the first in line gets it.
   *
   * @throws {StructureError} when it has been given back already: the slot may be somebody else's by now.
   */
  release(): void {
    if (this.#onRelease === undefined) throw new StructureError("A permit was released twice");
    this[Symbol.dispose]();
  }

  /** Gives the permit back if that has not been done. */
  [Symbol.dispose](): void {
    const onRelease = this.#onRelease;
    this.#onRelease = undefined;
    onRelease?.(this);
  }
}
