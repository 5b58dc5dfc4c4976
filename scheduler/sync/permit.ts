/**
 * What holding a semaphore or a mutex is in the holder's hands.
 *
 * @module
 */

import { printAs } from "../../runtime/basics/inspect.ts";
import { StructureError } from "../scopes/errors.ts";
import type { Scope } from "../scopes/scope.ts";

/** Makes a permit, held in `scope`, that tells `onRelease` of its release; for the machinery alone. */
export let makePermit: (onRelease: (permit: Permit) => void, scope: Scope | undefined) => Permit;

/** Is told of all permits while a simulation runs, so that it can say who holds what and what is left over. */
export interface PermitWatch {
  /** `onRelease` stands for what the permit is of. */
  taken(permit: Permit, onRelease: (permit: Permit) => void, scope: Scope | undefined): void;
  released(permit: Permit): void;
  /** The names of the tasks that hold permits of the same. */
  holders(onRelease: (permit: Permit) => void): readonly string[];
}

let watch: PermitWatch | undefined;

/** Puts a watch in place, or takes it away. */
export function watchPermits(by: PermitWatch | undefined): void {
  watch = by;
}

/** The names of the tasks that hold permits which tell `onRelease`; empty outside of simulations. */
export function holdersOf(onRelease: (permit: Permit) => void): readonly string[] {
  return watch?.holders(onRelease) ?? [];
}

/** A permit was made that nobody gets to hold. */
export function forgetPermit(permit: Permit): void {
  watch?.released(permit);
}

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
    makePermit = (onRelease, scope) => {
      const permit = new Permit();
      permit.#onRelease = onRelease;
      watch?.taken(permit, onRelease, scope);
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
    if (watch !== undefined) forgetPermit(this);
    onRelease?.(this);
  }
}
