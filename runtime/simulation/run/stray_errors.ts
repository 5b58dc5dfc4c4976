/**
 * The errors that nobody catches while a simulation runs.
 *
 * @module
 */

import { isActing } from "../globals/stand_ins.ts";

/** Who is told of them. */
export interface StrayErrors {
  /** Of each unhandled rejection. */
  onUnhandled(error: unknown): void;
  /** Of each error that a tick or a microtask throws. */
  onUncaught(error: unknown): void;
}

interface Emitter {
  listeners(name: string): ((error: unknown) => void)[];
  on(name: string, listener: (error: unknown) => void): void;
  off(name: string, listener: (error: unknown) => void): void;
}

/** They are the simulation's, and not the test runner's, while it runs; where the host lets it. The function it returns ends that. */
export function catchErrors(told: StrayErrors): () => void {
  const restores: (() => void)[] = [];
  const { process } = globalThis as unknown as { process?: Emitter };
  if (typeof process?.listeners === "function") {
    restores.push(listenAlone(process, "unhandledRejection", (error) => told.onUnhandled(error)));
    restores.push(listenAlone(process, "uncaughtException", (error) => told.onUncaught(error)));
  } else if (typeof globalThis.addEventListener === "function") {
    // A page tells of them by events; the listeners that it has already are told first.
    restores.push(takeEvents<PromiseRejectionEvent>("unhandledrejection", ({ reason }) => told.onUnhandled(reason)));
    restores.push(takeEvents<ErrorEvent>("error", ({ error }) => told.onUncaught(error)));
  }
  return () => {
    for (const restore of restores) restore();
  };
}

function takeEvents<E extends Event>(type: string, tell: (event: E) => void): () => void {
  const listener = (event: Event): void => {
    event.preventDefault();
    event.stopImmediatePropagation();
    tell(event as E);
  };
  globalThis.addEventListener(type, listener);
  return () => globalThis.removeEventListener(type, listener);
}

function listenAlone(process: Emitter, name: string, listener: (error: unknown) => void): () => void {
  const others = process.listeners(name);
  for (const other of others) process.off(name, other);
  // What fails beside the simulation is for those who listened before.
  const forSome = (error: unknown): void => {
    if (isActing() || others.length === 0) listener(error);
    else for (const other of others) other.call(process, error);
  };
  process.on(name, forSome);
  return () => {
    process.off(name, forSome);
    for (const other of others) process.on(name, other);
  };
}
