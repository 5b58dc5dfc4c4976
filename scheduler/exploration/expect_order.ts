/**
 * Checks that things happen in a given order.
 *
 * @module
 */

import { checkFunction, show } from "../../runtime/basics/check.ts";
import { isThenable } from "../../runtime/basics/promises.ts";

/** A thing to happen, or several that may happen in any order among themselves. */
export type ExpectedStep = string | readonly string[];

/** Takes note of what happens. */
export interface OrderCheck {
  /**
   * Notes that `step` has happened.
   *
   * @throws {OrderError} if it is not what has to come next.
   */
  (step: string): void;
  /**
   * Says that nothing more is going to happen.
   *
   * @throws {OrderError} if something has not happened.
   */
  end(): void;
  /**
   * Notes that `step` has happened once a promise is fulfilled, or what a function returns is, and hands on what it gives.
   *
   * @throws {TypeError} at the call, for work of another kind.
   */
  after<T>(step: string, work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T>;
  /** What has happened. */
  readonly steps: readonly string[];
}

/** Something has happened out of order, or not at all. */
export class OrderError extends Error {
  /** What has happened, in order. */
  readonly steps: readonly string[];
  /** What had to come next. */
  readonly expected: readonly string[];

  /** Made by `expectOrder`. */
  constructor(steps: readonly string[], expected: readonly string[], what: string) {
    const names = (labels: readonly string[]) => labels.map((label) => show(label)).join(", ");
    const next = expected.length === 0
      ? "nothing more was to come"
      : expected.length === 1
      ? `${names(expected)} was to come`
      : `one of ${names(expected)} was to come`;
    const before = steps.length === 0 ? "Nothing had happened" : `After ${names(steps)}`;
    super(`${before}: ${next}, and ${what}`);
    this.name = "OrderError";
    this.steps = steps;
    this.expected = expected;
  }
}

/**
 * Says in which order things have to happen. The function it returns is called with the name of each as it happens; steps in a
 * list of their own may come in any order. In the body of `explore` it holds for every schedule.
 *
 * @throws {TypeError} at the call, for steps that are neither strings nor lists of strings.
 *
 * @example
 * ```ts
 * import { explore, expectOrder } from "@millrace/millrace/testing";
 *
 * await explore(async (sim) => {
 *   const order = expectOrder("connected", ["read", "written"], "closed");
 *   await order.after("connected", sim.io("connect"));
 *   await Promise.all([order.after("read", sim.io("read")), order.after("written", sim.io("write"))]);
 *   order("closed");
 *   order.end();
 * });
 * ```
 */
export function expectOrder(...expected: ExpectedStep[]): OrderCheck {
  const groups = expected.map((step) => typeof step === "string" ? [step] : checkSteps(step)).filter((group) =>
    group.length > 0
  );
  const steps: string[] = [];

  function note(step: string): void {
    const next = groups[0];
    const index = next?.indexOf(step) ?? -1;
    if (index < 0) throw new OrderError([...steps], next ?? [], `${show(step)} came`);
    next!.splice(index, 1);
    if (next!.length === 0) groups.shift();
    steps.push(step);
  }

  async function noteAfter<T>(step: string, work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
    const result = await (typeof work === "function" ? work() : work);
    note(step);
    return result;
  }

  return Object.assign(note, {
    steps,
    end(): void {
      if (groups.length > 0) throw new OrderError([...steps], groups[0]!, "the end came");
    },
    after<T>(step: string, work: PromiseLike<T> | (() => T | PromiseLike<T>)): Promise<T> {
      if (!isThenable(work)) checkFunction(work, "The work of a step");
      return noteAfter(step, work);
    },
  });
}

function checkSteps(steps: unknown): string[] {
  if (Array.isArray(steps) && steps.every((step) => typeof step === "string")) return [...steps];
  throw new TypeError(`A step has to be a string or a list of strings: received ${show(steps)}`);
}
