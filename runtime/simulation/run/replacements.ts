/**
 * What is put in the place of members of the host's own objects, and put back.
 *
 * @module
 */

import { simulatedDate } from "../globals/clock.ts";
import { isActing, simulate, standInFor } from "../globals/stand_ins.ts";

/** The replacements of one session. */
export class Replacements {
  readonly #restores: (() => void)[] = [];

  /** Is called when everything is put back; what was added last comes first. */
  add(restore: () => void): void {
    this.#restores.push(restore);
  }

  /** Is called when everything has been put back. */
  addLast(restore: () => void): void {
    this.#restores.unshift(restore);
  }

  /** Puts everything back, identical to what it was. */
  restore(): void {
    for (let restore = this.#restores.pop(); restore !== undefined; restore = this.#restores.pop()) restore();
  }

  /** Puts a function in the place of one of the host's, which is called where no simulation acts; or a value in that of another. */
  replace(target: object, name: string, value: unknown): void {
    const before = Reflect.get(target, name) as unknown;
    if (typeof value !== "function" || typeof before !== "function" || value === simulatedDate) {
      return this.#define(target, name, { value, writable: true, configurable: true, enumerable: true });
    }
    const standIn = standInFor(target, name, before as () => unknown);
    this.#restores.push(simulate(standIn, value as () => unknown));
    this.#define(target, name, { value: standIn.fn, writable: true, configurable: true, enumerable: true });
  }

  replaceGetter(target: object, name: string, get: (this: never) => unknown): void {
    let at: object | null = target;
    while (at !== null && !Object.hasOwn(at, name)) at = Object.getPrototypeOf(at) as object | null;
    const own = at === null ? undefined : Object.getOwnPropertyDescriptor(at, name);
    this.#define(target, name, {
      get(this: unknown) {
        if (isActing() || own === undefined) return Reflect.apply(get, this, []);
        return own.get === undefined ? own.value : Reflect.apply(own.get, this, []);
      },
      configurable: true,
      enumerable: true,
    });
  }

  #define(target: object, name: string, replacement: PropertyDescriptor): void {
    const before = Object.getOwnPropertyDescriptor(target, name);
    if (before === undefined && !Object.isExtensible(target)) return;
    if (before?.writable === true && "value" in replacement) {
      // What else it is stays; and to define hundreds of members anew would take most of the time that a simulation of one run has.
      Reflect.set(target, name, replacement.value);
      this.#restores.push(() => void Reflect.set(target, name, before.value));
      return;
    }
    // What can be neither assigned to nor defined anew stays as it is.
    if (before?.configurable === false) return;
    const { enumerable = true } = before ?? {};
    Object.defineProperty(target, name, { ...replacement, enumerable });
    this.#restores.push(() => {
      if (before === undefined) delete (target as Record<string, unknown>)[name];
      else Object.defineProperty(target, name, before);
    });
  }
}
