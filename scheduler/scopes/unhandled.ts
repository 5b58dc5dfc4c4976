/**
 * Where errors go that nobody else can be given, and where they come from.
 *
 * @module
 */

import { show } from "../../runtime/basics/check.ts";
import { awaited, isHostPromise, react } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { suppressed } from "./exit.ts";
import { pathOf, type Scope } from "./scope.ts";
import type { Task } from "./task.ts";

/** Where an error comes from that nobody awaits. */
export interface UnhandledContext {
  /** The task it comes from, if any. */
  readonly task: Task<unknown> | undefined;
  /** The names of the groups and tasks around it, outermost first, joined by " > "; empty outside any. */
  readonly path: string;
}

/** Is given each error that can be neither thrown nor returned to anybody. */
export type UnhandledHook = (error: unknown, context: UnhandledContext) => unknown;

let hook: UnhandledHook | undefined;

/** Sets the hook; `undefined` puts the default back, which prints. */
export function setUnhandledHook(fn: UnhandledHook | undefined): void {
  hook = fn;
}

/** Hands an error to the hook for those that nobody else can be given; `scope` is where it comes from. */
export function reportUnhandled(error: unknown, scope?: Scope): void {
  const path = pathOf(originOf(error) ?? scope);
  if (hook === undefined) return print(error, path);
  const failed = (hookError: unknown): void => {
    print(error, path);
    print(hookError, "onUnhandled");
  };
  try {
    watchResult(hook(error, { task: scope?.owner?.handle, path }), failed);
  } catch (hookError) {
    failed(hookError);
  }
}

/** Takes care of what a hook has returned: if it is a promise that rejects, nobody else is given the error. */
export function watchHook(result: unknown, scope?: Scope): void {
  try {
    watchResult(result, (error) => reportUnhandled(error, scope));
  } catch (error) {
    reportUnhandled(error, scope);
  }
}

function watchResult(result: unknown, failed: (error: unknown) => void): void {
  const settling = awaited(result);
  if (isHostPromise(settling)) react(settling, () => {}, failed);
}

function print(error: unknown, path: string): void {
  loop().host.report(`Unhandled${path === "" ? "" : ` in ${path}`}: ${describeError(error)}`);
}

/** An error as it is printed for a person: with its stack, its cause and what came after it. Of one that cannot be read, what can. */
export function describeError(error: unknown): string {
  try {
    if (!(error instanceof Error)) return show(error);
    const own = error.stack?.includes(error.message)
      ? error.stack
      : `${error.name}: ${error.message}\n${error.stack ?? ""}`;
    const parts = [own];
    if (error.cause !== undefined) parts.push(`caused by ${describeOne(error.cause)}`);
    for (const later of suppressed(error)) parts.push(`followed by ${describeOne(later)}`);
    return parts.join("\n");
  } catch {
    return "an error that cannot be read";
  }
}

function describeOne(error: unknown): string {
  return error instanceof Error ? error.stack ?? `${error.name}: ${error.message}` : show(error);
}

/** Where errors were thrown, by error. Primitives cannot be keys. */
const origins = new WeakMap<object, Scope>();

/** Remembers where an error comes from, unless that is known: it goes on through the groups around. */
export function rememberOrigin(error: unknown, scope: Scope): void {
  if (typeof error === "object" && error !== null && !origins.has(error)) origins.set(error, scope);
}

/** The task or the group whose body an error comes from; `undefined` where that is not known. */
export function originOf(error: unknown): Scope | undefined {
  return origins.get(error as object);
}
