/**
 * Waiting for each other.
 *
 * ```
 *   filling ──the last party arrives──> all go on; filling again, for the next round
 *      └──a party is cancelled──> broken: all get an error ──reset──> filling
 * ```
 *
 * @module
 */

import { checkCount } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { currentScope, isCancelled } from "../scopes/current_scope.ts";
import { endedBy, Wait, type WaitOptions } from "../waits/wait.ts";
import { WaitLine } from "./wait_line.ts";

/** A party of a {@linkcode Barrier} was cancelled, so that it will never fill. */
export class BarrierBrokenError extends Error {
  /** "BarrierBrokenError". */
  override readonly name = "BarrierBrokenError";
}

/** The numbers of a barrier at one moment. */
export interface BarrierStatistics {
  /** How many have to arrive. */
  readonly parties: number;
  /** How many have arrived in this round. */
  readonly waiting: number;
  /** Was a party cancelled? */
  readonly broken: boolean;
}

/**
 * Holds up a fixed number of parties until all have arrived; then it lets them go on and can be used again.
 *
 * A party that is cancelled while it waits, or arrives cancelled, breaks the barrier: the others would wait for ever.
 * They and all who arrive later get a {@linkcode BarrierBrokenError}, until {@linkcode Barrier.reset}.
 *
 * @example
 * ```ts
 * import { all, Barrier } from "@millrace/millrace";
 *
 * const barrier = new Barrier(2);
 * const places = await all([() => barrier.wait(), () => barrier.wait()]);
 * console.log(places.join()); // -> 0,1
 * ```
 */
export class Barrier {
  readonly #parties: number;
  #broken = false;
  readonly #line: WaitLine<number> = new WaitLine<number>("a barrier", { left: () => this.#break() });

  /**
   * Makes a barrier.
   *
   * @param parties How many have to arrive, a whole number of at least 1.
   * @throws {TypeError} or {RangeError} for anything else.
   */
  constructor(parties: number) {
    checkCount(parties, "The parties of a barrier", 1);
    if (parties === Infinity) throw new RangeError("The parties of a barrier have to be a finite number");
    this.#parties = parties;
  }

  static {
    printAs(Barrier, (it) => `Barrier(${it.#broken ? "broken" : `${it.#line.size} of ${it.#parties} waiting`})`);
  }

  /** How many have to arrive. */
  get parties(): number {
    return this.#parties;
  }

  /** Was a party cancelled while it waited? */
  get broken(): boolean {
    return this.#broken;
  }

  /**
   * Waits until all have arrived; resolves to the caller's place in the order of arrival, from 0 to `parties - 1`.
   *
   * @throws {BarrierBrokenError} (rejection) when a party was cancelled.
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled. Once all have arrived that does not
   * break the barrier. With a `signal`, its reason when that is aborted; the party counts as cancelled.
   */
  wait(options?: WaitOptions): Promise<number> {
    if (options !== undefined) return endedBy(options, () => this.wait());
    const scope = currentScope();
    if (isCancelled(scope)) {
      this.#break();
      return new Wait<number>(scope).promise;
    }
    if (this.#broken) return Promise.reject(brokenError());
    if (this.#line.size < this.#parties - 1) return this.#line.join(scope);
    for (let place = 0; this.#line.give(place); place++);
    return this.#line.answer(scope, this.#parties - 1);
  }

  /** Makes a broken barrier usable again. Those who wait at that moment get a {@linkcode BarrierBrokenError}. */
  reset(): void {
    this.#break();
    this.#broken = false;
  }

  /** The numbers of the barrier at this moment. */
  statistics(): BarrierStatistics {
    return Object.freeze({ parties: this.#parties, waiting: this.#line.size, broken: this.#broken });
  }

  #break(): void {
    this.#broken = true;
    if (this.#line.size > 0) this.#line.failAll(brokenError());
  }
}

function brokenError(): BarrierBrokenError {
  return new BarrierBrokenError("A party of the barrier was cancelled: it cannot fill any more");
}
