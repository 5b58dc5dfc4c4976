/**
 * Calls of the world outside, where a simulation allows them: the loop waits for what comes of each.
 *
 * @module
 */

import { isThenable } from "../../basics/promises.ts";
import type { World } from "../loop/world.ts";
import { applyCalledBack, type Callable, inHost, type Wrap } from "./waited_for.ts";

/** What the host does with files it does in the order in which it was asked. */
const inOrder = { inOrder: true };

/** A function that calls its last argument back, or returns a promise or something to iterate over. */
export const awaited: Wrap = (world, label, own) =>
  function (this: unknown, ...args: unknown[]): unknown {
    const { insideHost, flights } = world;
    // Many are made of others, for which nobody but the host waits.
    if (insideHost.get() === true) return Reflect.apply(own, this, args);
    const apply = (): unknown => Reflect.apply(own, this, args);
    if (typeof args.at(-1) === "function") {
      return applyCalledBack(world, () => flights.begin(label, inOrder), apply, args);
    }
    const result = inHost(world, apply);
    if (isThenable(result)) return awaitResult(world, label, result);
    return isIterable(result) ? iterated(world, label, result) : result;
  };

/** The same of an open file, while the body does something; when it has nothing to do, a runner of tests may write its report. */
export const awaitedOfBody: Wrap = (world, label, own) => {
  const wait = awaited(world, label, own);
  return function (this: unknown, ...args: unknown[]): unknown {
    const isBodys = world.idleSince === undefined || world.settings.allowRealIo;
    return Reflect.apply(isBodys ? wait : own, this, args);
  };
};

/** A promise of the host's; what it gives may have methods that have to be waited for too. */
export function awaitResult<T>(
  world: World,
  label: string,
  result: PromiseLike<T>,
  settings: { inOrder: boolean; port?: number | undefined } = inOrder,
): Promise<T> {
  const done = world.flights.begin(label, settings);
  return new Promise((resolve, reject) => {
    result.then(
      (value) => done(() => resolve(settings.inOrder ? dressed(world, label, value) : value)),
      (error) => done(() => reject(error)),
    );
  });
}

const methods = [
  "appendFile",
  "chmod",
  "chown",
  "close",
  "datasync",
  "lock",
  "read",
  "readFile",
  "readv",
  "seek",
  "stat",
  "sync",
  "syncData",
  "truncate",
  "unlock",
  "utime",
  "utimes",
  "write",
  "writeFile",
  "writev",
];

/** An open file or folder: each of its calls is waited for. */
function dressed<T>(world: World, label: string, value: T): T {
  if (typeof value !== "object" || value === null || typeof (value as { close?: unknown }).close !== "function") {
    return value;
  }
  for (const name of methods) {
    const own = (value as Record<string, unknown>)[name];
    if (typeof own === "function") setMember(value, name, awaited(world, `${label}.${name}`, own as Callable));
  }
  return isIterable(value) ? iterated(world, label, value) : value;
}

interface Iterable {
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

function isIterable(value: unknown): value is Iterable {
  return typeof (value as Partial<Iterable> | null | undefined)?.[Symbol.asyncIterator] === "function";
}

/** What is iterated over: each next of it is waited for. */
function iterated<T extends Iterable>(world: World, label: string, value: T): T {
  const own = value[Symbol.asyncIterator];
  setMember(value, Symbol.asyncIterator, function (this: T) {
    const iterator = own.call(this);
    const next = iterator.next.bind(iterator);
    setMember(iterator, "next", () => awaitResult(world, label, inHost(world, next)));
    // It would return itself, whose own method this is.
    if (isIterable(iterator)) setMember(iterator, Symbol.asyncIterator, () => iterator);
    return iterator;
  });
  return value;
}

/** Gives an object of the host's a member of its own, where it takes one. */
export function setMember(target: object, name: string | symbol, value: unknown): void {
  if (!Object.isExtensible(target)) return;
  Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
}
