/**
 * What a race is written with.
 *
 * @module
 */

import type { Simulation } from "../../../testing.ts";

/** The same program, broken or mended. */
export type Program = (sim: Simulation, mended: boolean) => Promise<void>;

/** A program, and how many events have to be held back from the order of arrival for it to fail; none if that order fails. */
export type RaceEntry = readonly [name: string, deviations: number, program: Program];

/** Fails with `what` if the condition does not hold. */
export function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

/** Runs actors beside each other. */
export function both(...actors: (() => Promise<void>)[]): Promise<unknown> {
  return Promise.all(actors.map((actor) => actor()));
}

/** A target of events, with listeners that are called once. */
export class Emitter {
  readonly #target = new EventTarget();

  once(name: string): Promise<void> {
    return new Promise((resolve) => this.#target.addEventListener(name, () => resolve(), { once: true }));
  }

  on(name: string, listener: () => void): void {
    this.#target.addEventListener(name, listener);
  }

  emit(name: string): void {
    this.#target.dispatchEvent(new Event(name));
  }
}
