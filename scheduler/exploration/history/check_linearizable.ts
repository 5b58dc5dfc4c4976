/**
 * Whether a system behaved as if it had done one operation after the other, each between its call and its return.
 *
 * @module
 */

import { checkCount, checkOptions, show } from "../../../runtime/basics/check.ts";
import type { History } from "./history.ts";
import { minimalOf } from "./minimal.ts";
import { describe, describeState, type Model } from "./model.ts";
import { type ModelLike, modelOf } from "./models.ts";
import { type Operation, type OperationData, operationsOf, type Placed, placed } from "./operation.ts";
import { type Found, searchOrder } from "./search_order.ts";
import { type Part, partsOf, wholeOf, withoutUnseen } from "./parts.ts";
import { searchSequence } from "./search_sequence.ts";

/** What is taken to check a history. */
export interface CheckOptions {
  /** After so many steps the answer is `"unknown"`. Default: 2,000,000, which is seconds. */
  budget?: number | undefined;
  /**
   * Which order has to be kept: that of the clock (`"real-time"`: linearizability), or only that of each client
   * (`"sequential"`: sequential consistency, which takes far more steps). Default: `"real-time"`.
   */
  order?: "real-time" | "sequential" | undefined;
}

/** What a check has found. */
export interface Verdict {
  /** Is it certain that the history is as it has to be? False also where that is unknown. */
  readonly ok: boolean;
  /** `"unknown"`: the budget was not enough to tell. That is no pass. */
  readonly result: "linearizable" | "violation" | "unknown";
  /** The same in a sentence, with the values. */
  readonly message: string;
  /** How many steps the search took; to make the violation small is counted apart, within the same bound. */
  readonly steps: number;
  /** What the model is called. */
  readonly model: string;
  /** Which part the violation is in, such as the key, where the history falls into parts. */
  readonly part: string | undefined;
  /** The few operations that are a violation by themselves, or all where there is none, in the order of their calls. */
  readonly operations: readonly Operation[];
  /** An order of them in which the model does what was seen, or the longest one that was found. */
  readonly order: readonly Operation[];
  /** The operation that cannot come next in the longest order, although it has to. */
  readonly stuck: Operation | undefined;
  /** Each of {@linkcode operations} in a few words. */
  readonly labels: readonly string[];
}

const defaultBudget = 2_000_000;
/** So many operations of an order are in a message. */
const longestTold = 6;

/**
 * Checks whether a history could have come from one thing that did each operation at one moment between its call and its return. Where
 * it could not, the verdict has the few operations that show so.
 *
 * Operations with an unknown outcome may have taken effect, at any time after their call, or not. Those that failed are left out. The
 * search is exponential at worst: it ends with `"unknown"`, which is not `ok`, after `budget` steps or 64 MB. Values that are written
 * only once, and many keys, make it short.
 *
 * @throws {TypeError} or {RangeError} for arguments of a wrong kind or range, and for an operation that the model does not have.
 *
 * @example
 * ```ts
 * import { checkLinearizable, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "put", key: "x", input: 1 }).ok();
 * h.call("c2", { name: "get", key: "x" }).ok(null);
 * const verdict = checkLinearizable(h, "map");
 * console.log(verdict.result, verdict.message);
 * ```
 */
export function checkLinearizable(
  history: History | readonly OperationData[],
  model: ModelLike,
  options: CheckOptions = {},
): Verdict {
  checkOptions(options, "checkLinearizable", ["budget", "order"]);
  const { budget = defaultBudget, order = "real-time" } = options;
  checkCount(budget, "budget", 1);
  if (order !== "real-time" && order !== "sequential") {
    const message = `order has to be "real-time" or "sequential": received ${show(order)}`;
    throw typeof order === "string" ? new RangeError(message) : new TypeError(message);
  }
  return new Check(operationsOf(history), modelOf(model), budget, order === "sequential").verdict();
}

/** One check. */
class Check {
  readonly #operations: readonly Operation[];
  readonly #model: Model;
  readonly #budget: number;
  readonly #isSequential: boolean;
  #steps = 0;

  constructor(operations: readonly Operation[], model: Model, budget: number, isSequential: boolean) {
    this.#operations = operations;
    this.#model = model;
    this.#budget = budget;
    this.#isSequential = isSequential;
  }

  verdict(): Verdict {
    const all = placed(this.#operations);
    const parts = partsOf(all, this.#model).map((part) => withoutUnseen(part, this.#model));
    if (this.#isSequential) return this.#sequential(all, parts);
    let open: Part | undefined;
    const orders: (readonly Placed[])[] = [];
    // The short ones first: a violation in one of them needs no budget that a long one has used up.
    for (const part of parts.toSorted((a, b) => a.operations.length - b.operations.length)) {
      const found = searchOrder(part.operations, this.#model, part.name, this.#budget - this.#steps);
      this.#steps += found.steps;
      if (found.isLegal === false) return this.#shrunk(part, found);
      if (found.isLegal === undefined) open ??= part;
      orders.push(found.order);
    }
    if (open !== undefined) return this.#unknown(open, all, merged(orders));
    return this.#legal("linearizable", all, merged(orders));
  }

  /** Sequential consistency of each part is not that of the whole. */
  #sequential(all: readonly Placed[], parts: readonly Part[]): Verdict {
    const operations = parts.flatMap((part) => part.operations).sort((a, b) => a.call - b.call);
    const whole: Part = { name: undefined, operations };
    const model = wholeOf(parts, this.#model);
    const found = searchSequence(operations, model, this.#budget);
    this.#steps += found.steps;
    const order = found.order.map(({ operation }) => operation);
    if (found.isLegal === undefined) return this.#unknown(whole, all, order);
    if (found.isLegal) return this.#legal("sequentially consistent", all, order);
    return this.#violation("Not sequentially consistent", whole, all, found, model);
  }

  #shrunk(part: Part, whole: Found): Verdict {
    const { operations } = minimalOf(part.operations, whole.stuck!, this.#model, part.name, this.#budget);
    const found = searchOrder(operations, this.#model, part.name, this.#budget);
    const isSmaller = found.isLegal === false;
    const shown = isSmaller ? operations : part.operations;
    // Of one operation alone there is nothing to tell but that it fits nowhere: then it is told what the whole came to.
    const told = shown.length === 1 ? whole : found;
    return this.#violation("Not linearizable", part, shown, isSmaller ? found : whole, this.#model, told);
  }

  #violation(
    kind: string,
    part: Part,
    shown: readonly Placed[],
    found: Found,
    model: Model,
    told: Found = found,
  ): Verdict {
    const words = ({ operation }: Placed) => `${operation.client}: ${describe(model, operation)}`;
    const where = part.name === undefined ? "" : ` at ${show(part.name)}`;
    const last = told.order.slice(-longestTold);
    const cut = last.length < told.order.length ? `${count(told.order.length - last.length)} and ` : "";
    const after = last.length === 0 ? "in the beginning" : `after ${cut}${last.map(words).join(", ")}`;
    const stuck = found.stuck === undefined ? "" : `${words(found.stuck)} fits nowhere: `;
    const all = this.#operations.length;
    const of = shown.length === all ? "" : ` (${shown.length} of ${count(all)} shown)`;
    return this.#made("violation", shown, {
      part: part.name,
      order: found.order.map(({ operation }) => operation),
      stuck: found.stuck?.operation,
      message: `${kind}${where}: ${stuck}${after} the ${model.name} is ${describeState(model, told.state)}${of}`,
    });
  }

  #unknown(part: Part, all: readonly Placed[], order: readonly Operation[]): Verdict {
    const where = part.name === undefined ? "" : ` at ${show(part.name)}`;
    const message = `It is not known whether this is the history of a ${this.#model.name}: ${this.#steps} steps were ` +
      `not enough for ${count(part.operations.length)}${where}. That is no pass`;
    return this.#made("unknown", all, { part: part.name, order, message });
  }

  #legal(kind: string, all: readonly Placed[], order: readonly Operation[]): Verdict {
    return this.#made("linearizable", all, {
      order,
      message: `${count(all.length)} on a ${this.#model.name}: ${kind}`,
    });
  }

  #made(
    result: Verdict["result"],
    shown: readonly Placed[],
    rest: Partial<Verdict> & Pick<Verdict, "message" | "order">,
  ): Verdict {
    const operations = shown.map(({ operation }) => operation);
    return {
      ok: result === "linearizable",
      result,
      message: rest.message,
      steps: this.#steps,
      model: this.#model.name,
      part: rest.part,
      operations,
      order: rest.order,
      stuck: rest.stuck,
      labels: operations.map((operation) => describe(this.#model, operation)),
    };
  }
}

function count(operations: number): string {
  return operations === 1 ? "1 operation" : `${operations} operations`;
}

/** One order of all parts: each operation at the first moment that its own order leaves it. */
function merged(orders: readonly (readonly Placed[])[]): readonly Operation[] {
  const moments = orders.flatMap((order) => {
    let moment = -Infinity;
    return order.map((each) => ({ each, moment: moment = Math.max(moment, each.call) }));
  });
  return moments.sort((a, b) => a.moment - b.moment).map(({ each }) => each.operation);
}
