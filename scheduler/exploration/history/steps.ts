/**
 * The operations of a model, each a function by its names.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import type { Operation } from "./operation.ts";

/** What operations do to a state, by the names that each has, the usual one first: `"read, get"`. */
export type Steps<State> = Readonly<Record<string, (state: State, operation: Operation) => State | undefined>>;

/** One step for all operations of a model. */
export function stepsOf<State>(
  model: string,
  steps: Steps<State>,
): (state: State, operation: Operation) => State | undefined {
  const all = new Map(
    Object.entries(steps).flatMap(([names, step]) => names.split(", ").map((name) => [name, step] as const)),
  );
  return (state, operation) => {
    const step = all.get(operation.name);
    if (step !== undefined) return step(state, operation);
    const usual = Object.keys(steps).map((names) => names.split(", ")[0]);
    throw new TypeError(`The operations of a ${model} are ${usual.join(", ")}: received ${show(operation.name)}`);
  };
}

/** An answer that is true or false. */
export function answerOf({ name, output }: Operation): boolean {
  if (typeof output === "boolean") return output;
  throw new TypeError(`The output of ${name} has to be true or false: received ${show(output)}`);
}

/** From what to what an operation swaps. */
export function swapOf({ name, input }: Operation): { from: unknown; to: unknown } {
  if (Array.isArray(input) && input.length === 2) return { from: input[0], to: input[1] ?? null };
  if (typeof input === "object" && input !== null && "from" in input) {
    return { from: input.from, to: (input as { to?: unknown }).to ?? null };
  }
  throw new TypeError(`The input of ${name} has to be { from, to }: received ${show(input)}`);
}
