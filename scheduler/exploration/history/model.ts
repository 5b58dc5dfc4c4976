/**
 * What a system is supposed to be: a thing that does one operation after the other.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";
import type { Operation } from "./operation.ts";
import { brief } from "./structure.ts";

/**
 * A thing that does one operation after the other, to which a system is compared. States are never changed: a step gives a new one.
 *
 * @example
 * ```ts
 * import { checkLinearizable, history, type Model } from "@millrace/millrace/testing";
 *
 * const tickets: Model<number> = {
 *   name: "ticket counter",
 *   init: () => 0,
 *   step(last, { outcome, output }) {
 *     if (outcome === "unknown" || output === last + 1) return last + 1;
 *     return undefined;
 *   },
 * };
 * const h = history();
 * h.call("c1", { name: "next" }).ok(1);
 * h.call("c2", { name: "next" }).ok(1);
 * console.log(checkLinearizable(h, tickets).message);
 * ```
 */
export interface Model<State = unknown> {
  /** What it is called in messages: "register". */
  readonly name: string;
  /** The state before the first operation, of one part where there are parts. It is not `undefined`. */
  init(part?: string): State;
  /**
   * The state after an operation; `undefined` if the operation cannot have been answered in this way in this state. Of one with an
   * unknown outcome there is no answer: it took effect.
   *
   * @throws what it likes, for an operation that makes no sense to it.
   */
  step(state: State, operation: Operation): State | undefined;
  /**
   * Which part an operation belongs to, if the thing consists of parts that have nothing to do with each other, each like this model:
   * each is then checked alone, which is much faster. By default, or if it is `undefined` for one of the operations, they are taken
   * apart by their keys; and not at all if one has none.
   */
  partition?(operation: Operation): string | undefined;
  /**
   * Of the operations of one part those with an unknown outcome that may as well have taken no effect, because nothing that was answered
   * comes from them. A search that need not try them is much shorter. By default none.
   */
  unseen?(operations: readonly Operation[]): readonly Operation[];
  /** What stands for a state: two are the same if these are. By default the structure, as JSON would show it. */
  identity?(state: State): string | number | boolean | bigint;
  /** An operation in a few words: `"put 1"`. By default its name, its input and its answer. */
  describe?(operation: Operation): string;
  /** A state in a few words. By default as JSON would show it. */
  describeState?(state: State): string;
}

/** An operation in a few words, as its model has it, or else its name, what was given and what was answered. */
export function describe(model: Pick<Model, "describe"> | undefined, operation: Operation): string {
  if (model?.describe !== undefined) return model.describe(operation);
  const { name, input, output, outcome } = operation;
  const asked = input === undefined ? name : `${name} ${isSwap(input) ? swapText(input) : brief(input)}`;
  if (outcome === "unknown") return `${asked} → ?`;
  if (outcome === "failed") return `${asked} failed`;
  return output === undefined && input !== undefined ? asked : `${asked} → ${brief(output)}`;
}

/** An operation in a few words, without the answer of those that have none that counts. */
export function describeWithout(names: readonly string[], operation: Operation): string {
  const { output: _, ...rest } = operation;
  return describe(undefined, names.includes(operation.name) ? rest : operation);
}

function isSwap(input: unknown): input is { from: unknown; to: unknown } {
  return typeof input === "object" && input !== null && Object.keys(input).sort().join() === "from,to";
}

function swapText({ from, to }: { from: unknown; to: unknown }): string {
  return `${brief(from)} to ${brief(to)}`;
}

/** A state in a few words. */
export function describeState(model: Model, state: unknown): string {
  return model.describeState === undefined ? brief(state, 60) : model.describeState(state);
}

/** Refuses what is not a model. */
export function checkModel(value: unknown, known: readonly string[]): Model {
  const model = value as Partial<Model> | null | undefined;
  if (
    typeof model !== "object" || model === null || typeof model.init !== "function" || typeof model.step !== "function"
  ) {
    throw new TypeError(
      `A model has to be one of ${known.map((name) => `"${name}"`).join(", ")}, or have init and step: received ${
        show(value)
      }`,
    );
  }
  return model as Model;
}
