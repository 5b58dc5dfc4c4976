/**
 * Models of things that hold many values: sets, queues, lists.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import { describeWithout, type Model } from "./model.ts";
import type { Operation } from "./operation.ts";
import { answerOf, type Steps, stepsOf } from "./steps.ts";
import { brief, canonical, same } from "./structure.ts";

/** Elements in the order of what stands for them, so that the same set is the same state. */
type Elements = readonly unknown[];

/** A model of elements that come and go, each of which is a part of its own unless somebody lists them all. */
export function set(initial: readonly unknown[] = []): Model<Elements> {
  if (!Array.isArray(initial)) {
    throw new TypeError(`The initial value of a set has to be a list: received ${show(initial)}`);
  }
  const index = (elements: Elements, element: unknown) => elements.findIndex((each) => same(each, element));
  const told = (operation: Operation, isTrue: boolean) =>
    operation.outcome === "unknown" || typeof operation.output !== "boolean" || operation.output === isTrue;
  const steps: Steps<Elements> = {
    "add": (elements, operation) => {
      const isNew = index(elements, operation.input) < 0;
      if (!told(operation, isNew)) return undefined;
      return isNew ? sorted([...elements, operation.input ?? null]) : elements;
    },
    "remove, delete": (elements, operation) => {
      const at = index(elements, operation.input);
      if (!told(operation, at >= 0)) return undefined;
      return at >= 0 ? elements.toSpliced(at, 1) : elements;
    },
    "has, contains": (elements, operation) => {
      if (operation.outcome === "unknown") return elements;
      return answerOf(operation) === index(elements, operation.input) >= 0 ? elements : undefined;
    },
    "list, read": (elements, operation) => {
      if (operation.outcome === "unknown") return elements;
      return same(sorted(listOf(operation)), elements) ? elements : undefined;
    },
  };
  const begin = sorted(initial);
  return {
    name: "set",
    init: () => begin,
    step: stepsOf("set", steps),
    partition({ name, key, input }) {
      // A list of all is of every element.
      if (name === "list" || name === "read") return undefined;
      return key === undefined ? brief(input) : `${key}, ${brief(input)}`;
    },
    describeState: (elements) => elements.length === 0 ? "empty" : brief(elements, 60),
  };
}

function sorted(elements: readonly unknown[]): Elements {
  const keyed = elements.map((each) => [String(canonical(each)), each] as const);
  return keyed.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0).map(([, each]) => each);
}

const puts: readonly string[] = ["put", "enqueue", "push", "offer", "add"];

/** The puts of what nobody has taken: it would only be in the way of what was. */
function unseenPuts(operations: readonly Operation[]): Operation[] {
  const taken = new Set(
    operations.filter(({ outcome, name }) => outcome === "ok" && !puts.includes(name)).map(
      ({ output }) => canonical(output),
    ),
  );
  return operations.filter(({ outcome, name, input }) =>
    outcome === "unknown" && puts.includes(name) && !taken.has(canonical(input))
  );
}

/** A model of a queue, first in, first out. */
export function queue(): Model<readonly unknown[]> {
  return {
    name: "queue",
    init: () => [],
    step: stepsOf<readonly unknown[]>("queue", {
      [puts.join(", ")]: (items, { input }) => [...items, input ?? null],
      "take, dequeue, shift, poll, get": (items, { output, outcome }) => {
        if (items.length === 0) return outcome === "unknown" || same(output, null) ? items : undefined;
        return outcome === "unknown" || same(output, items[0]) ? items.slice(1) : undefined;
      },
    }),
    unseen: unseenPuts,
    describe: (operation) => describeWithout(puts, operation),
    describeState: (items) => items.length === 0 ? "empty" : brief(items, 60),
  };
}

/** A model of a list that only grows. */
export function appendOnlyList(initial: readonly unknown[] = []): Model<readonly unknown[]> {
  if (!Array.isArray(initial)) {
    throw new TypeError(`The initial value of a list has to be a list: received ${show(initial)}`);
  }
  return {
    name: "list",
    init: () => initial,
    step: stepsOf<readonly unknown[]>("list", {
      "append, push, add": (items, { input, output, outcome }) =>
        outcome === "ok" && typeof output === "number" && output !== items.length + 1
          ? undefined
          : [...items, input ?? null],
      "read, list, get": (items, operation) =>
        operation.outcome === "unknown" || same(listOf(operation), items) ? items : undefined,
    }),
    describeState: (items) => items.length === 0 ? "empty" : brief(items, 60),
  };
}

function listOf({ name, output }: Operation): readonly unknown[] {
  if (Array.isArray(output)) return output;
  if (output instanceof Set) return [...output];
  throw new TypeError(`The output of ${name} has to be a list: received ${show(output)}`);
}
