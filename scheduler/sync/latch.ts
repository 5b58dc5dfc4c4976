/**
 * A gate that opens once.
 *
 * @module
 */

import { printAs } from "../../runtime/basics/inspect.ts";
import { currentScope, isCancelled } from "../scopes/current_scope.ts";
import { endedBy, Wait, type WaitOptions } from "../waits/wait.ts";
import { WaitLine } from "./wait_line.ts";

/** The numbers of a latch at one moment. */
export interface LatchStatistics {
  /** Has it been opened? */
  readonly isOpen: boolean;
  /** Those who wait for that. */
  readonly waiting: number;
}

/**
 * A gate that is closed until it is opened, once and for all; everybody who waits goes on then.
 *
 * @example
 * ```ts
 * import { all, Latch } from "@millrace/millrace";
 *
 * const ready = new Latch();
 * const log: string[] = [];
 * await all([
 *   async () => {
 *     await ready.wait();
 *     log.push("serving");
 *   },
 *   () => {
 *     log.push("loaded");
 *     ready.open();
 *   },
 * ]);
 * console.log(log.join(", ")); // -> loaded, serving
 * ```
 */
export class Latch {
  #isOpen = false;
  readonly #line: WaitLine<void> = new WaitLine<void>("a latch");

  static {
    printAs(Latch, (it) => `Latch(${it.#isOpen ? "open" : `closed, ${it.#line.size} waiting`})`);
  }

  /** Has the latch been opened? */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Lets go on who waits, in their order, and whoever comes later. A second call does nothing. */
  open(): void {
    this.#isOpen = true;
    while (this.#line.give());
  }

  /**
   * Waits until the latch is open.
   *
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled, also if the latch is open. With a `signal`, its
   * reason when that is aborted.
   */
  wait(options?: WaitOptions): Promise<void> {
    if (options !== undefined) return endedBy(options, () => this.wait());
    const scope = currentScope();
    if (isCancelled(scope)) return new Wait(scope).promise;
    return this.#isOpen ? this.#line.answer(scope, undefined) : this.#line.join(scope);
  }

  /** The numbers of the latch at this moment. */
  statistics(): LatchStatistics {
    return Object.freeze({ isOpen: this.#isOpen, waiting: this.#line.size });
  }
}
