/**
 * Models of the things that most systems keep.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import { appendOnlyList, queue, set } from "./collection_models.ts";
import { checkModel, describe, describeWithout, type Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { brief, type Canonical, canonical, same } from "./structure.ts";
import { answerOf, type Steps, stepsOf, swapOf } from "./steps.ts";

/** What is in a register, a place of a map: `null` if nothing is. */
type Value = unknown;

/** Reads, writes and swaps of one value, under the names that there are for them. */
const ofValue: Steps<Value> = {
  "read, get": (value, { output, outcome }) => outcome === "unknown" || same(output, value) ? value : undefined,
  "write, put, set": (_, { input }) => valueOf(input),
  "cas, compareAndSet, compareAndSwap": (value, operation) => {
    const { from, to } = swapOf(operation);
    const swaps = same(value, from);
    const answer = operation.outcome === "unknown" ? swaps : answerOf(operation);
    return answer === swaps ? swaps ? to : value : undefined;
  },
};

function register(initial: unknown = null): Model<Value> {
  return {
    name: "register",
    init: () => valueOf(initial),
    step: stepsOf("register", ofValue),
    unseen: (operations) => unseenWrites(operations, ({ input }) => input),
    describe: (operation) => describeWithout(writes, operation),
    describeState: (value) => brief(value),
  };
}

const ofPlace: Steps<Value> = {
  ...ofValue,
  "write, put, set": (_, operation) => valueOf(putOf(operation)),
  "delete, remove": (value, { output, outcome }) => {
    const existed = value !== null;
    return outcome === "ok" && typeof output === "boolean" && output !== existed ? undefined : null;
  },
  "has": (value, operation) =>
    operation.outcome === "unknown" || answerOf(operation) === (value !== null) ? value : undefined,
};

function map(initial: Readonly<Record<string, unknown>> = {}): Model<Value> {
  if (typeof initial !== "object" || initial === null) {
    throw new TypeError(`The initial value of a map has to be an object: received ${show(initial)}`);
  }
  return {
    name: "map",
    // Each key is a part of its own.
    init: (key) => key !== undefined && Object.hasOwn(initial, key) ? valueOf(initial[key]) : null,
    step: stepsOf("map", ofPlace),
    unseen: (operations) => unseenWrites(operations, putOf),
    partition: keyOf,
    describe: (operation) => describeWithout(writes, operation),
    describeState: (value) => brief(value),
  };
}

const reads: readonly string[] = ["read", "get"];
const writes: readonly string[] = ["write", "put", "set"];
const swaps: readonly string[] = ["cas", "compareAndSet", "compareAndSwap"];

/**
 * The writes of values that nobody has found. They would do nothing but make room for an answer that says that some other value is not
 * there: where there is one of those, none of them is left out.
 */
function unseenWrites(operations: readonly Operation[], valueIn: (operation: Operation) => unknown): Operation[] {
  const seen = new Set<Canonical>();
  for (const operation of operations) {
    const { name, outcome, output } = operation;
    // A swap that may have found a value has seen it as well.
    const hasSwapped = swaps.includes(name) && (outcome === "unknown" || output === true);
    if (hasSwapped) seen.add(canonical(swapOf(operation).from));
    else if (outcome === "unknown" || writes.includes(name)) continue;
    else if (reads.includes(name)) seen.add(canonical(output));
    else return [];
  }
  return operations.filter((each) =>
    each.outcome === "unknown" && writes.includes(each.name) && !seen.has(canonical(valueIn(each)))
  );
}

/** Which key an operation of a map is on: its key, or what it was given. */
function keyOf({ key, name, input }: Operation): string {
  if (key !== undefined) return key;
  if (typeof input === "string") return input;
  const inner = (input as { key?: unknown } | null | undefined)?.key;
  if (typeof inner === "string") return inner;
  throw new TypeError(`${name} of a map needs a key: received ${show(input)}`);
}

/** What is put: the input, or the value in it where the key is there as well. */
function putOf({ key, input }: Operation): unknown {
  return key === undefined ? (input as { value?: unknown } | null | undefined)?.value : input;
}

const valueOf = (value: unknown): Value => value ?? null;

function counter(initial = 0): Model<number> {
  if (typeof initial !== "number") {
    throw new TypeError(`The initial value of a counter has to be a number: received ${show(initial)}`);
  }
  const by = ({ input }: Operation): number => {
    if (input !== undefined && input !== null && typeof input !== "number") {
      throw new TypeError(`What is added to a counter has to be a number: received ${show(input)}`);
    }
    return input ?? 1;
  };
  const moved = (count: number, { outcome, output }: Operation) =>
    outcome === "ok" && typeof output === "number" && output !== count ? undefined : count;
  return {
    name: "counter",
    init: () => initial,
    step: stepsOf("counter", {
      "read, get": (count, { output, outcome }) => outcome === "unknown" || output === count ? count : undefined,
      "add, increment": (count, operation) => moved(count + by(operation), operation),
      "subtract, decrement": (count, operation) => moved(count - by(operation), operation),
    }),
    describe: (operation) =>
      describe(
        undefined,
        operation.name === "read" || operation.name === "get" ? operation : { ...operation, input: by(operation) },
      ),
  };
}

/** Who holds a lock, and the highest token that it has given. */
interface LockState {
  /** `null` if nobody does, 0 if whoever holds it has a token that nobody has seen. */
  readonly holds: number | null;
  readonly last: number;
}

function lock(): Model<LockState> {
  return {
    name: "lock",
    init: () => ({ holds: null, last: 0 }),
    step: stepsOf<LockState>("lock", {
      "acquire, lock": ({ holds, last }, { output, outcome }) => {
        if (outcome === "unknown") return holds === null ? { holds: 0, last } : { holds, last };
        if (typeof output !== "number") return holds === null ? undefined : { holds, last };
        return holds === null && output > last ? { holds: output, last: output } : undefined;
      },
      "release, unlock": ({ holds, last }, { input, outcome }) => {
        const isIt = holds !== null && (holds === input || (holds === 0 && typeof input === "number" && input > last));
        if (isIt) return { holds: null, last: Math.max(last, input as number) };
        return outcome === "unknown" ? { holds, last } : undefined;
      },
    }),
    describeState: ({ holds, last }) =>
      holds === null
        ? `free, after token ${last}`
        : holds === 0
        ? "held with an unknown token"
        : `held with token ${holds}`,
  };
}

/**
 * The models that are there.
 *
 * An operation has a name, and mostly an input and an output. A `cas` has `{ from, to }` as its input, and says with `true` or `false`
 * whether it has swapped. Operations with different keys are on different things.
 *
 * @example
 * ```ts
 * import { checkLinearizable, history, models } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "cas", input: { from: 0, to: 1 } }).ok(true);
 * h.call("c2", { name: "read" }).ok(1);
 * console.log(checkLinearizable(h, models.register(0)).result); // "linearizable"
 * ```
 */
export const models: {
  /** One value: `read`, `write`, `cas`. It begins with `initial`, or with nothing: `null`. */
  readonly register: (initial?: unknown) => Model;
  /** Values by keys: `get`, `put`, `delete`, `cas`, `has`. Each key is checked alone. */
  readonly map: (initial?: Readonly<Record<string, unknown>>) => Model;
  /** Elements: `add`, `remove`, `has`, each with the element as its input, and `list`. Without `list` each element is checked alone. */
  readonly set: (initial?: readonly unknown[]) => Model;
  /** First in, first out: `put` and `take`. A `take` that finds nothing gives `null` or `undefined`. */
  readonly queue: () => Model;
  /** A sum: `add` and `subtract`, of 1 where nothing is given, and `read`. An answer of `add` that is a number is the new sum. */
  readonly counter: (initial?: number) => Model;
  /** A list that only grows: `append`, and `read`, which gives all of it. An answer of `append` that is a number is the new length. */
  readonly appendOnlyList: (initial?: readonly unknown[]) => Model;
  /** A lock whose tokens only rise: `acquire` gives a token, or nothing where the lock is held; `release` has the token as its input. */
  readonly lock: () => Model;
} = {
  register: register as () => Model,
  map,
  set: set as () => Model,
  queue: queue as () => Model,
  counter: counter as () => Model,
  appendOnlyList: appendOnlyList as () => Model,
  lock: lock as () => Model,
};

/** The name of a model that is there. */
export type ModelName = keyof typeof models;

/** A model, the name of one that is there, or a function that makes one: `models.map(...)`, `"map"`, `models.map`. */
export type ModelLike = Model | ModelName | (() => Model);

/** The model that somebody means. */
export function modelOf(given: unknown): Model {
  const known = Object.keys(models);
  if (typeof given === "string" && known.includes(given)) return models[given as ModelName]();
  return checkModel(typeof given === "function" ? given() : given, known);
}
