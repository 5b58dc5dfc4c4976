/**
 * The host's own functions, whatever stands in their place: what drives the library must not stand still because a test has put fake
 * timers there, be it before the library was loaded, before its first use or between.
 *
 * What fakes leave behind, and where the host's own functions are then:
 *
 * - `@sinonjs/fake-timers`, which vitest, jest and sinon have, puts its `clock` on each fake function, and on the clock, as
 *   `_setTimeout`, what was there before. Used as a package it fakes `node:timers` and `performance.now` of `node:perf_hooks` too.
 * - jest's legacy fakes are mock functions (`_isMockFunction`); `node:timers` is not theirs, because they live in a realm of their own.
 * - `mock.timers` of `node:test` leaves nothing, and fakes `node:timers` too; but its functions lack the symbol of `util.promisify`, and
 *   neither `scheduler.yield` nor the timeouts of sockets go through what it fakes.
 * - `FakeTime` of Deno's std leaves nothing either, and leaves `node:timers` alone.
 * - Bun's fakes are inside the host's functions: see `bun/native_fakes.ts`.
 *
 * @module
 */

import { mockedImmediate, socketTimeout } from "./mocked_node.ts";

/** What `setTimeout` returns. */
export interface TimerHandle {
  ref?(): unknown;
  unref?(): unknown;
}

/** The host's own functions. */
export interface OwnFunctions {
  setTimeout(callback: () => void, delay: number): TimerHandle;
  clearTimeout(handle: TimerHandle): void;
  /** Absent in browsers. */
  readonly setImmediate: ((callback: () => void) => unknown) | undefined;
  /** Milliseconds on the monotonic clock. */
  now(): number;
}

type Name = "setTimeout" | "clearTimeout" | "setImmediate" | "queueMicrotask";
type Functions = Partial<Record<Name, (...args: never[]) => unknown>>;

interface Clock {
  [name: `_${string}`]: unknown;
}

/** As they are when the library is loaded: what is put in their place later is not taken for the host's own. */
const loaded: Functions = {
  setTimeout: globalThis.setTimeout as never,
  clearTimeout: globalThis.clearTimeout as never,
  setImmediate: (globalThis as Functions).setImmediate!,
  queueMicrotask: globalThis.queueMicrotask,
};
const { performance: loadedPerformance, Performance, MessageChannel: loadedChannel } = globalThis;
const loadedNow = loadedPerformance?.now;
const classNow = Performance?.prototype?.now as (() => number) | undefined;
const nanoseconds = (globalThis as { Bun?: { nanoseconds(): number } }).Bun?.nanoseconds;

/** The host's own `MessageChannel`, also while a simulation has its own in its place. */
export const OwnMessageChannel: typeof MessageChannel = loadedChannel;

const promisified = Symbol.for("nodejs.util.promisify.custom");

let found: OwnFunctions | undefined;
/** Are the functions that were found stand-ins, until the host's own are back? */
let isProvisional = false;

/** The host's own functions. */
export function ownFunctions(): OwnFunctions {
  return found ??= find();
}

/** The host's own `queueMicrotask`, for what may throw: what does not has `microtask` of `basics`. */
export function ownMicrotask(fn: () => void): void {
  (behind("queueMicrotask", loaded.queueMicrotask) as typeof queueMicrotask)(fn);
}

/** Is this the host's own `setTimeout`? */
export function isOwnTimeout(fn: unknown): boolean {
  const own = ownFunctions();
  if (fn === own.setTimeout) return true;
  if (!isProvisional || !isNodes(fn)) return false;
  found = find();
  return fn === found.setTimeout;
}

/** The clock that `@sinonjs/fake-timers` has put on a function. */
export function sinonClock(fn: unknown): Clock | undefined {
  const clock = (fn as { clock?: unknown } | undefined)?.clock;
  return typeof clock === "object" && clock !== null ? clock as Clock : undefined;
}

function find(): OwnFunctions {
  const timers = builtinModule<Functions>("node:timers");
  const sources = [loaded, globalThis as Functions, ...(timers === undefined ? [] : [timers])];
  const isOwn = timers === undefined ? isNoMock : isNodes;
  // Both from one place: nothing tells a fake clearTimeout of Deno's std from the host's.
  const source = sources.find((source) => isOwn(behind("setTimeout", source.setTimeout)));
  const setTimeout = behind("setTimeout", source?.setTimeout);
  const clearTimeout = behind("clearTimeout", source?.clearTimeout);
  const setImmediate = sources.map((source) => behind("setImmediate", source.setImmediate)).find(isOwn);
  const now = findNow();
  isProvisional = timers !== undefined && (setTimeout === undefined || setImmediate === undefined);
  // A host without timers still has groups and tasks.
  const rest = { now, setImmediate: setImmediate as OwnFunctions["setImmediate"] };
  if (isProvisional) {
    return {
      ...rest,
      ...socketTimeout(),
      setImmediate: mockedImmediate(() => isProvisional ? undefined : found!.setImmediate),
    };
  }
  return { ...rest, setTimeout, clearTimeout } as OwnFunctions;
}

/** What stood in the place of a function before fakes did; they may have been put over one another. */
function behind(name: Name, fn: unknown): unknown {
  for (let clock = sinonClock(fn); clock !== undefined; clock = sinonClock(fn)) {
    const before = clock[`_${name}`];
    if (before === fn) return undefined;
    fn = before;
  }
  return fn;
}

/** Is this Node's, Deno's or Bun's own function that makes a timer? */
function isNodes(fn: unknown): boolean {
  return isNoMock(fn) && promisified in (fn as object) && sinonClock(fn) === undefined;
}

function isNoMock(fn: unknown): boolean {
  return typeof fn === "function" && !("_isMockFunction" in fn);
}

/** `performance.now` of the class, on the host's own object: fakes put theirs on the object, or another object in its place. */
function findNow(): () => number {
  const before = sinonClock(globalThis.setTimeout)?._performance ?? sinonClock(loaded.setTimeout)?._performance;
  const { performance: nodes } = builtinModule<{ performance: Performance }>("node:perf_hooks") ?? {};
  for (const candidate of classNow === undefined ? [] : [loadedPerformance, before, nodes]) {
    try {
      classNow!.call(candidate);
      return () => classNow!.call(candidate);
    } catch {
      // That was the fakes' object.
    }
  }
  // Bun has the function on the object, where nothing is left of it.
  if (nanoseconds !== undefined && !isOwnClock(loadedNow)) return () => nanoseconds() / 1e6;
  return loadedNow.bind(loadedPerformance);
}

/** Is this the host's own `performance.now`? */
export function isOwnClock(fn: unknown): boolean {
  return classNow === undefined ? isNative(fn) : fn === classNow;
}

/** Is this a function of the engine's, not of a program? */
export function isNative(fn: unknown): boolean {
  return typeof fn === "function" && Function.prototype.toString.call(fn).includes("[native code]");
}

function builtinModule<T>(name: string): T | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): T } };
  return process?.getBuiltinModule?.(name);
}
