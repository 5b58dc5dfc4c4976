/**
 * A history taken apart, where the things in it have nothing to do with each other.
 *
 * @module
 */

import type { Model } from "./model.ts";
import type { Operation, Placed } from "./operation.ts";
import { canonical } from "./structure.ts";

/** Operations that are checked alone. */
export interface Part {
  readonly name: string | undefined;
  readonly operations: Placed[];
}

/** Operations by their part, or by their keys, or all in one. */
export function partsOf(operations: readonly Placed[], model: Model): Part[] {
  for (const nameOf of [partNameOf(model), (operation: Operation) => operation.key]) {
    const parts = new Map<string, Part>();
    const isWhole = operations.some((each) => {
      const name = nameOf(each.operation);
      if (name === undefined) return true;
      const part = parts.get(name);
      if (part === undefined) parts.set(name, { name, operations: [each] });
      else part.operations.push(each);
      return false;
    });
    if (!isWhole) return [...parts.values()];
  }
  return [{ name: undefined, operations: [...operations] }];
}

/** A part without the operations of which the model says that they may as well have taken no effect. */
export function withoutUnseen(part: Part, model: Model): Part {
  if (model.unseen === undefined) return part;
  const all = part.operations.map(({ operation }) => operation);
  if (all.every(({ outcome }) => outcome === "ok")) return part;
  const unseen = new Set(model.unseen(all));
  return { name: part.name, operations: part.operations.filter(({ operation }) => !unseen.has(operation)) };
}

function partNameOf(model: Model): (operation: Operation) => string | undefined {
  return model.partition === undefined ? ({ key }) => key : (operation) => model.partition!(operation);
}

/** The parts as one thing, for what is not true of the whole although it is of each part. */
export function wholeOf(parts: readonly Part[], model: Model): Model {
  if (parts.length === 1) return { ...bound(model), init: () => model.init(parts[0]!.name) };
  const partOf = new Map<Operation, number>();
  for (const [index, part] of parts.entries()) {
    for (const { operation } of part.operations) partOf.set(operation, index);
  }
  const identity = (state: unknown) => model.identity === undefined ? canonical(state) : model.identity(state);
  return {
    ...bound(model),
    init: () => parts.map(({ name }) => model.init(name)),
    step(state, operation) {
      const states = state as readonly unknown[];
      const index = partOf.get(operation)!;
      const after = model.step(states[index], operation);
      return after === undefined ? undefined : after === states[index] ? states : states.with(index, after);
    },
    identity: (state) =>
      (state as readonly unknown[]).map((each) => {
        const of = identity(each);
        return JSON.stringify(`${typeof of} ${of}`);
      }).join(),
    describeState: (state) =>
      (state as readonly unknown[]).map((each, index) =>
        `${parts[index]!.name}: ${model.describeState === undefined ? canonical(each) : model.describeState(each)}`
      ).join(", "),
  };
}

/** A model whose functions need no `this`. */
function bound(model: Model): Model {
  const { name, identity, describe, describeState } = model;
  return {
    name,
    init: (part) => model.init(part),
    step: (state, operation) => model.step(state, operation),
    ...(identity === undefined ? {} : { identity: (state) => model.identity!(state) }),
    ...(describe === undefined ? {} : { describe: (operation) => model.describe!(operation) }),
    ...(describeState === undefined ? {} : { describeState: (state) => model.describeState!(state) }),
  };
}
