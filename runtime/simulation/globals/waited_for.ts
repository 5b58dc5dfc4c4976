/**
 * Functions of the host that a simulation lets run, and waits for.
 *
 * @module
 */

import { isThenable } from "../../basics/promises.ts";
import type { World } from "../loop/world.ts";
import { asHost } from "./stand_ins.ts";

export type Callable = (...args: never[]) => unknown;

/** Makes what calls a function of the host, and lets the loop wait for what comes of it. */
export type Wrap = (world: World, label: string, own: Callable) => Callable;

/** Calls a function of the host. What that calls in its turn, at once or later, is no work of the body: nobody but the host waits for it. */
export function inHost<R>({ insideHost }: World, fn: () => R): R {
  return insideHost.run(true, asHost as (fn: () => R) => R, fn);
}

/** A function that returns a promise. */
export const promised: Wrap = (world, label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    if (world.insideHost.get() === true) return Reflect.apply(own, this, args);
    const result: unknown = inHost(world, () => Reflect.apply(own, this, args));
    return isThenable(result) ? worked(world, label, result) : result;
  };

/** A promise of the host's for which the loop waits. */
export function worked<T>({ work }: World, label: string, result: PromiseLike<T>): Promise<T> {
  const done = work.begin(label);
  return new Promise((resolve, reject) => {
    result.then((value) => done(() => resolve(value)), (error) => done(() => reject(error)));
  });
}

/** A function that calls its last argument back. */
export const calledBack: Wrap = (world, label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const { insideHost, work } = world;
    if (typeof args.at(-1) !== "function" || insideHost.get() === true) return Reflect.apply(own, this, args);
    return applyCalledBack(world, () => work.begin(label), () => Reflect.apply(own, this, args), args);
  };

type Come = () => void;

/** Calls what calls the last of the arguments back; that is called when what `begin` has begun comes. */
export function applyCalledBack(
  world: World,
  begin: () => (come: Come) => void,
  apply: () => unknown,
  args: unknown[],
): unknown {
  const { context } = world;
  const callback = args.at(-1) as Callable;
  const captured = context.capture();
  const call: { done?: (come: Come) => void; early?: Come } = {};
  args[args.length - 1] = (...results: unknown[]): void => {
    const come = (): void =>
      context.resume(captured, () => void Reflect.apply(callback, undefined, results as never[]), undefined);
    if (call.done === undefined) call.early = come;
    else call.done(come);
  };
  const result: unknown = inHost(world, apply);
  // What has been refused has thrown by now.
  call.done = begin();
  if (call.early !== undefined) call.done(call.early);
  return result;
}
