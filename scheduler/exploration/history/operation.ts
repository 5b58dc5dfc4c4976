/**
 * Operations of clients, as plain data.
 *
 * @module
 */

import { show } from "../../../runtime/basics/check.ts";

/**
 * How an operation ended: `"ok"`, with an answer; `"failed"`, so that it has certainly taken no effect; `"unknown"`, so that it may have
 * taken effect, may still do so, or never.
 */
export type OperationOutcome = "ok" | "failed" | "unknown";

/** An operation that a client has asked for. It is plain data, and stays the same through JSON. */
export interface Operation {
  /** Who asked; the operations of one client follow each other. */
  readonly client: string;
  /** What was asked for: `"read"`, `"put"`. */
  readonly name: string;
  /** What it was done to, where there are several things. */
  readonly key?: string;
  /** What was given. */
  readonly input?: unknown;
  /** What was answered. */
  readonly output?: unknown;
  /** How it ended. */
  readonly outcome: OperationOutcome;
  /** Its place in the order of all calls and returns. */
  readonly call: number;
  /** The place of its return; absent where the outcome is unknown. */
  readonly return?: number;
  /** When it was called, in ms; for drawing only. */
  readonly start?: number;
  /** When it returned, in ms; for drawing only. */
  readonly end?: number;
  /** What it failed with, where it was an error. */
  readonly error?: string;
}

/**
 * An operation as others have noted it. `call` and `return` are numbers in one order: places in a log, or times. An operation that
 * returned as another was called overlaps it. Without an outcome it is `"ok"` if it returned, and else `"unknown"`.
 */
export type OperationData = Omit<Operation, "outcome"> & { readonly outcome?: OperationOutcome };

const outcomes: readonly unknown[] = ["ok", "failed", "unknown"];

/** The operations of a history, in the order of their calls. */
export function operationsOf(source: unknown): readonly Operation[] {
  const given = Array.isArray(source) ? source : (source as { operations?: unknown } | null | undefined)?.operations;
  if (!Array.isArray(given)) {
    throw new TypeError(`A history has to be one of history(), or a list of operations: received ${show(source)}`);
  }
  return given.map(checkOperation).sort((a, b) => a.call - b.call);
}

function checkOperation(given: unknown, index: number): Operation {
  if (typeof given !== "object" || given === null) {
    throw new TypeError(`Operation ${index} has to be an object: received ${show(given)}`);
  }
  const data = given as { readonly [Name in keyof Operation]?: unknown };
  const wrong = (name: keyof Operation, kind: string) =>
    new TypeError(`${name} of operation ${index} has to be ${kind}: received ${show(data[name])}`);
  for (const name of ["client", "name"] as const) if (typeof data[name] !== "string") throw wrong(name, "a string");
  if (!isAbsent(data.key) && typeof data.key !== "string") throw wrong("key", "a string");
  if (typeof data.call !== "number" || !Number.isFinite(data.call)) throw wrong("call", "a finite number");
  for (const name of ["return", "start", "end"] as const) {
    if (!isAbsent(data[name]) && typeof data[name] !== "number") throw wrong(name, "a number");
  }
  if (data.outcome !== undefined && !outcomes.includes(data.outcome)) {
    throw wrong("outcome", '"ok", "failed" or "unknown"');
  }
  const returned = isAbsent(data.return) || data.return === Infinity ? undefined : data.return as number;
  const outcome = (data.outcome ?? (returned === undefined ? "unknown" : "ok")) as Operation["outcome"];
  if (outcome === "ok" && returned === undefined) throw wrong("return", 'a number, because its outcome is "ok"');
  if (returned !== undefined && !(returned >= data.call)) {
    throw new RangeError(
      `return of operation ${index} has to be at its call, ${data.call}, or later: received ${returned}`,
    );
  }
  const operation = { ...given, outcome } as { -readonly [Name in keyof Operation]: Operation[Name] };
  // What is not known to have returned may take effect at any time later.
  if (outcome === "unknown" || returned === undefined) delete operation.return;
  for (const name of ["key", "start", "end"] as const) if (isAbsent(operation[name])) delete operation[name];
  return operation;
}

/** In JSON there is only null for what is absent. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Who a client was before it had to take another name. */
export function personOf(client: string): string {
  return client.replace(/(?:'\d+)+$/, "");
}

/** An operation, and its place among the others of a history, in which no two events are at the same place. */
export interface Placed {
  readonly operation: Operation;
  readonly call: number;
  /** `Infinity` where the outcome is unknown. */
  readonly return: number;
}

/** The operations that may have taken effect, each with its place; calls come before returns that are as early. */
export function placed(operations: readonly Operation[]): Placed[] {
  const events: { at: number; isReturn: boolean; index: number }[] = [];
  const kept = operations.filter(({ outcome }) => outcome !== "failed");
  for (const [index, operation] of kept.entries()) {
    events.push({ at: operation.call, isReturn: false, index });
    if (operation.outcome === "ok") events.push({ at: operation.return!, isReturn: true, index });
  }
  events.sort((a, b) => a.at - b.at || Number(a.isReturn) - Number(b.isReturn));
  const calls = new Array<number>(kept.length);
  const returns = new Array<number>(kept.length).fill(Infinity);
  for (const [place, { isReturn, index }] of events.entries()) (isReturn ? returns : calls)[index] = place;
  return kept.map((operation, index) => ({ operation, call: calls[index]!, return: returns[index]! }))
    .sort((a, b) => a.call - b.call);
}
