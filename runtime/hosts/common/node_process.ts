/**
 * The part of a host that stands on Node's `process` and its modules; Deno and Bun have them too.
 *
 * @module
 */

import type { HostSignal } from "../../port/host.ts";
import { runtimeName } from "./runtime_name.ts";

const global = globalThis as unknown as { process: NodeProcess };

/** The part of Node's `process` the server hosts use; Deno and Bun have it too. */
export interface NodeProcess {
  exitCode?: number | string | null | undefined;
  exit(code: number): never;
  on(name: string, listener: () => void): unknown;
  off(name: string, listener: () => void): unknown;
  listenerCount(name: string): number;
  readonly pid: number;
  kill(pid: number, signal: string): unknown;
  stderr: { write(text: string): unknown };
  getBuiltinModule(name: string): unknown;
}

/** Has this host the modules of Node? A page has not. */
export function hasBuiltins(): boolean {
  return (globalThis as { process?: { getBuiltinModule?: unknown } }).process?.getBuiltinModule !== undefined;
}

/** A builtin module of Node's, reached without an import that a browser would follow. */
export function builtin<T>(name: string): T {
  return global.process.getBuiltinModule(name) as T;
}

/** `Host.onSignal` over Node's `process`. */
export function onSignal(signal: HostSignal, listener: (alone: boolean) => void): () => void {
  const { process } = global;
  const onEvent = (): void => listener(process.listenerCount(signal) === 1);
  process.on(signal, onEvent);
  return () => void process.off(signal, onEvent);
}

/** `Host.raise` over Node's `process`. */
export function raise(signal: HostSignal): void {
  global.process.kill(global.process.pid, signal);
}

/** `Host.exit` over Node's `process`. */
export function exit(code: number): never {
  return global.process.exit(code);
}

/** `Host.setExitCode` over Node's `process`. */
export function setExitCode(code: number): void {
  global.process.exitCode = code;
}

/** `Host.report` over Node's `process`. */
export function report(text: string): void {
  global.process.stderr.write(text.endsWith("\n") ? text : text + "\n");
}

/** `Host.parallelism` over Node's `os`. */
export function parallelism(): number {
  return builtin<{ availableParallelism(): number }>("node:os").availableParallelism();
}

/** What the events of a page, which Deno has too, tell of an error. */
interface ErrorEvent {
  readonly defaultPrevented: boolean;
}

interface EventScope {
  addEventListener(name: string, listener: (event: ErrorEvent) => void): void;
  removeEventListener(name: string, listener: (event: ErrorEvent) => void): void;
  readonly process: NodeProcess;
}

/**
 * Calls back, synchronously, when the process ends by itself: at its end, by `process.exit`, by an error that nobody catches. Not by a signal
 * that nobody listens to. It may be called more than once.
 */
export function onProcessEnd(listener: () => void): () => void {
  const scope = globalThis as unknown as EventScope;
  const { process } = scope;
  process.on("exit", listener);
  const leave = (): void => void process.off("exit", listener);
  if (runtimeName() !== "deno") return leave;
  // There "exit" comes neither for `Deno.exit` nor for an error.
  function onError(event: ErrorEvent): void {
    if (!event.defaultPrevented) listener();
  }
  function onRejection(event: ErrorEvent): void {
    // Node's own listeners are asked after the event.
    const isHeard = process.listenerCount("unhandledRejection") + process.listenerCount("uncaughtException") > 0;
    if (!isHeard) onError(event);
  }
  scope.addEventListener("unload", listener);
  scope.addEventListener("error", onError);
  scope.addEventListener("unhandledrejection", onRejection);
  return () => {
    leave();
    scope.removeEventListener("unload", listener);
    scope.removeEventListener("error", onError);
    scope.removeEventListener("unhandledrejection", onRejection);
  };
}
