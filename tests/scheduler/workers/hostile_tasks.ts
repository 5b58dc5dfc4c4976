/** A worker module whose functions give, throw and report what cannot be copied, or bites whoever reads it. */

import { currentJob } from "../../../worker.ts";

const bite = (): never => {
  throw new RangeError("bitten");
};

class Biting {
  plain = 1;
  constructor() {
    Object.defineProperty(this, "field", { get: bite, enumerable: true });
  }
}

class BitingError extends Error {
  override get name(): string {
    return bite();
  }
  override get message(): string {
    return bite();
  }
  override get stack(): string {
    return bite();
  }
}

/** A field that can be read so many times, and then bites. */
function bitesAfter(reads: number): object {
  return Object.defineProperty({}, "field", { get: () => reads-- > 0 ? 1 : bite(), enumerable: true });
}

export function deep(levels: number, last: unknown = 1): unknown {
  let value = last;
  for (let n = 0; n < levels; n++) value = n % 2 === 0 ? [value] : { value };
  return value;
}

const made: Record<string, () => unknown> = {
  getter: () => Object.defineProperty({}, "field", { get: bite, enumerable: true }),
  "getter of an instance": () => new Biting(),
  "getter in an array": () => [1, new Biting()],
  "getter that throws null": () => ({
    get field(): never {
      throw null;
    },
  }),
  "getter that throws a proxy": () => ({
    get field(): never {
      throw new Proxy({}, { get: bite, getPrototypeOf: bite });
    },
  }),
  "second read": () => bitesAfter(1),
  "third read": () => bitesAfter(2),
  "fourth read": () => bitesAfter(3),
  "getter of a map's value": () => new Map([["key", new Biting()]]),
  "toStringTag": () => Object.defineProperty(new Biting(), Symbol.toStringTag, { get: bite }),
  "iterator of a map": () => Object.assign(new Map([[1, 2]]), { [Symbol.iterator]: bite }),
  deep: () => deep(10_000),
  "deep with an error": () => deep(10_000, new RangeError("below")),
  "error with getters": () => new BitingError("x"),
  "error with getters inside": () => ({ list: [new BitingError("x")] }),
  "sparse with errors": () => Object.assign(new Array(5), { 1: new RangeError("one"), 4: new TypeError("four") }),
  "error in many fields of its own": () => {
    const error = new Error("again and again") as Error & Record<string, unknown>;
    for (let n = 0; n < 20; n++) error[`field${n}`] = n % 2 ? error : { error };
    return error;
  },
  "arguments": function () {
    // They have the prototype of a plain object, and no host copies them.
    return { arguments };
  },
  "array with a function": () => Object.assign([1], { also: () => 1 }),
  "map with error keys": () => new Map<unknown, unknown>([[new RangeError("key"), new TypeError("value")], ["b", 1]]),
  aggregate: () => ({ inner: new AggregateError([new RangeError("one"), "two", [1]], "several") }),
};

export const kinds: readonly string[] = Object.keys(made);

export function make(kind: string): unknown {
  return made[kind]!();
}

export function throwsDeep(levels: number): never {
  throw deep(levels);
}

export function gives(kind: string): unknown {
  return make(kind);
}

export async function givesLater(kind: string): Promise<unknown> {
  await Promise.resolve();
  return make(kind);
}

export function throws(kind: string): never {
  throw make(kind);
}

export function reports(kind: string): void {
  currentJob().progress(make(kind));
}

export async function reportsLater(kind: string): Promise<void> {
  await Promise.resolve();
  currentJob().progress(make(kind));
}

export function takes(..._: unknown[]): string {
  return "taken";
}

/** An iterator whose `next` gives no result. */
export function junk(): Iterable<number> {
  return { [Symbol.iterator]: () => ({ next: () => 5 as never }) };
}

export function* yields(kind: string): Generator<unknown> {
  yield make(kind);
}

export async function asks(fn: (value: unknown) => Promise<unknown>, kind: string): Promise<string> {
  await fn(make(kind));
  return "asked";
}

export async function asked(fn: () => Promise<unknown>): Promise<string> {
  await fn();
  return "asked";
}
