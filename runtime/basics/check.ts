/**
 * Checks of arguments, at the door: internals then carry none.
 *
 * @module
 */

/** A value as an error message shows it. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "function") return `function ${value.name || "(anonymous)"}`;
  if (typeof value === "bigint") return `${value}n`;
  for (const text of [String, (value: unknown) => Object.prototype.toString.call(value)]) {
    try {
      return text(value);
    } catch {
      // A revoked proxy can be shown in neither way.
    }
  }
  return "an object that cannot be read";
}

/** Refuses what cannot be called. */
export function checkFunction(value: unknown, what: string): void {
  if (typeof value !== "function") throw new TypeError(`${what} has to be a function: received ${show(value)}`);
}

/** Refuses what is not a duration in ms: a number from 0 to `Infinity`. */
export function checkDuration(value: unknown, what: string): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`${what} has to be a number of ms: received ${show(value)}`);
  if (!(value >= 0)) throw new RangeError(`${what} has to be 0 ms or more: received ${value}`);
}

/** Refuses what is not a duration in ms that ends. */
export function checkFiniteDuration(value: unknown, what: string): asserts value is number {
  checkDuration(value, what);
  if (value === Infinity) throw new RangeError(`${what} has to be a finite number of ms: received ${value}`);
}

/** Refuses what is not a point in time: a number that is not `NaN`. */
export function checkTime(value: unknown, what: string): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`${what} has to be a time in ms: received ${show(value)}`);
  if (Number.isNaN(value)) throw new RangeError(`${what} has to be a time in ms: received NaN`);
}

/** Refuses what is not a whole number of at least `least`, or `Infinity`. */
export function checkCount(value: unknown, what: string, least: number): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`${what} has to be a number: received ${show(value)}`);
  if (value === Infinity || (Number.isInteger(value) && value >= least)) return;
  throw new RangeError(`${what} has to be a whole number of at least ${least}, or Infinity: received ${value}`);
}

/** Refuses what is not an object of options, and any option of `what` that is not known: a misspelt limit would be no limit. */
export function checkOptions(value: unknown, what: string, known: readonly string[]): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) {
    throw new TypeError(`Options have to be an object: received ${show(value)}`);
  }
  for (const key in value) {
    if (known.includes(key) || !Object.hasOwn(value, key)) continue;
    throw new TypeError(`The options of ${what} are ${known.join(", ")}: received ${show(key)}`);
  }
}

/** Refuses what is neither true nor false, nor left out. */
export function checkBoolean(value: unknown, what: string): asserts value is boolean | undefined {
  if (value !== undefined && typeof value !== "boolean") {
    throw new TypeError(`${what} has to be true or false: received ${show(value)}`);
  }
}

/** Refuses what is not a name. */
export function checkName(value: unknown): asserts value is string | undefined {
  if (value !== undefined && typeof value !== "string") {
    throw new TypeError(`A name has to be a string: received ${show(value)}`);
  }
}
