/**
 * Many operations on one `AbortSignal`.
 *
 * @module
 */

import process from "node:process";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { CancelScope, configure } from "../../mod.ts";
import { latch } from "./latch.ts";
import { strayRejections } from "./stray.ts";
import { thisHost } from "./this_host.ts";

/** Above the 10 listeners of an event that Node finds normal. */
export const many = 16;

/** How many listeners a signal has, counted where they are added and taken away. */
export function countListeners(signal: AbortSignal): () => number {
  const count = watchListeners(signal);
  return () => count.now;
}

/** How many listeners a signal has, and the most it has had at once. */
export function watchListeners(signal: AbortSignal): { readonly now: number; readonly most: number } {
  const listeners = new Set<unknown>();
  let most = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = function (this: AbortSignal, type: string, listener: never, options?: never) {
    listeners.add(listener);
    most = Math.max(most, listeners.size);
    addEventListener.call(signal, type, listener, options);
  } as typeof signal.addEventListener;
  signal.removeEventListener = function (this: AbortSignal, type: string, listener: never, options?: never) {
    listeners.delete(listener);
    removeEventListener.call(signal, type, listener, options);
  } as typeof signal.removeEventListener;
  return {
    get now() {
      // Node alone tells of the listeners that are there; it is not to be told another story by what is counted here.
      if (thisHost().startsWith("node")) {
        const { getEventListeners } = process.getBuiltinModule("node:events");
        assertEquals(getEventListeners(signal, "abort").length, listeners.size);
      }
      return listeners.size;
    },
    get most() {
      return most;
    },
  };
}

/** An operation that takes a signal, or is put in a scope that does. */
export interface Operation {
  /** Begins one that ends by itself. */
  ends(signal: AbortSignal): Promise<unknown>;
  /** Brings one so far that the returned function has it wait for what never comes. */
  hangs(signal: AbortSignal): (() => Promise<unknown>) | Promise<() => Promise<unknown>>;
  /** The signal's reason in what it rejects with. Default: that itself. */
  reasonIn?(error: unknown): unknown;
}

/** A wait that takes no signal, in a scope that does; it calls `here` when nothing is left to do but to wait. */
export function inScope(ends: () => unknown, hangs: (here: () => void) => unknown): Operation {
  return {
    ends: (signal) => new CancelScope({ signal }).run(ends),
    hangs: (signal) => once((here) => new CancelScope({ signal }).run(() => hangs(here))),
  };
}

/** Begins what calls `here` when it has come so far; the returned function gives its promise. */
export async function once(begin: (here: () => void) => Promise<unknown>): Promise<() => Promise<unknown>> {
  const reached = latch();
  const promise = begin(reached.open);
  await Promise.race([reached.promise, promise]);
  return () => promise;
}

/**
 * Runs sixteen of each at once on one signal: first those that end by themselves, then those that wait until it is aborted. They have
 * one listener of the host among them, and none when they have ended; and each ends with the signal's reason, with no word to anybody
 * else.
 */
export async function runOnOneSignal(operations: readonly Operation[]): Promise<void> {
  const warnings: unknown[] = [];
  const unhandled: unknown[] = [];
  const onWarning = (warning: unknown): void => void warnings.push(warning);
  process.on("warning", onWarning);
  configure({ onUnhandled: (error) => unhandled.push(error) });
  try {
    const stray = await strayRejections(async () => {
      await endBeforeAbort(operations);
      await endByAbort(operations);
    });
    assertEquals([warnings, unhandled, stray], [[], [], []]);
  } finally {
    process.off("warning", onWarning);
    configure({ onUnhandled: undefined });
  }
}

async function endBeforeAbort(operations: readonly Operation[]): Promise<void> {
  const { signal } = new AbortController();
  const listeners = watchListeners(signal);
  await Promise.all(operations.flatMap((operation) => Array.from({ length: many }, () => operation.ends(signal))));
  assertEquals([listeners.most, listeners.now], [1, 0], "the most listeners, and those that are left");
}

async function endByAbort(operations: readonly Operation[]): Promise<void> {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = watchListeners(signal);
  const ready = await Promise.all(
    operations.flatMap((operation) =>
      Array.from({ length: many }, async () => ({ operation, start: await operation.hangs(signal) }))
    ),
  );
  const ends: unknown[] = [];
  const all = ready.map(async ({ operation: { reasonIn = (error) => error }, start }) => {
    try {
      ends.push({ value: await start() });
    } catch (error) {
      ends.push(reasonIn(error));
    }
  });
  const before = [listeners.most, listeners.now, [...ends]];
  const reason = { why: "the caller's" };
  controller.abort(reason);
  await Promise.all(all);
  assertEquals(before, [1, 1, []], "the most listeners, those there are, and what ended");
  assertEquals(listeners.now, 0, "listeners that are left");
  assertEquals(ends.length, operations.length * many);
  for (const end of ends) assertStrictEquals(end, reason);
}
