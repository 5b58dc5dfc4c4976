/**
 * Checks of a history in one pass, which need no search: what clients are promised for themselves, and what may not be lost or given
 * twice.
 *
 * @module
 */

import { checkFunction, checkOptions, show } from "../../../runtime/basics/check.ts";
import type { History } from "./history.ts";
import { describe } from "./model.ts";
import { type Operation, type OperationData, operationsOf, personOf } from "./operation.ts";
import { brief, type Canonical, canonical } from "./structure.ts";

/** What a check in one pass has found. */
export interface Findings {
  /** Is nothing wrong? */
  readonly ok: boolean;
  /** The first thing that is wrong, and how many there are. */
  readonly message: string;
  /** All that is wrong. */
  readonly violations: readonly Finding[];
}

/** One thing that is wrong. */
export interface Finding {
  /** Which promise is broken: `"monotonic reads"`. */
  readonly rule: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** The operations that show it, for {@linkcode drawHistory}. */
  readonly operations: readonly Operation[];
}

/** How sessions are checked. */
export interface SessionOptions {
  /** The version of a value that was written or read; by default the value itself, which has to be a number. None is before all. */
  version?: ((value: unknown) => number) | undefined;
}

const readNames: readonly string[] = ["read", "get"];
const writeNames: readonly string[] = ["write", "put", "set"];

/**
 * Checks what each client is promised for itself, of values whose versions grow: a client never reads a version older than one that it
 * has read (monotonic reads), or has written (read your writes). The names that a client has had after unknown outcomes are one client.
 *
 * @throws {TypeError} for arguments of a wrong kind, and for values without a version.
 *
 * @example
 * ```ts
 * import { checkSession, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "read" }).ok(2);
 * h.call("c1", { name: "read" }).ok(1);
 * console.log(checkSession(h).message);
 * ```
 */
export function checkSession(history: History | readonly OperationData[], options: SessionOptions = {}): Findings {
  checkOptions(options, "checkSession", ["version"]);
  const { version = (value) => value as number } = options;
  checkFunction(version, "version");
  const versionOf = (value: unknown): number => {
    if (value === null || value === undefined) return -Infinity;
    const found: unknown = version(value);
    if (typeof found === "number" && !Number.isNaN(found)) return found;
    throw new TypeError(`The version of a value has to be a number: received ${show(found)} for ${brief(value)}`);
  };
  const violations: Finding[] = [];
  /** The newest version that somebody knows of, and the operation that it is known from. */
  const known = new Map<string, { version: number; operation: Operation }>();
  const atCall = new Map<Operation, [rule: string, than: { version: number; operation: Operation } | undefined][]>();
  for (const { operation, isReturn } of eventsOf(operationsOf(history))) {
    const isRead = readNames.includes(operation.name);
    if (!isRead && !writeNames.includes(operation.name)) continue;
    const place = JSON.stringify([personOf(operation.client), operation.key ?? null]);
    const rules = [["monotonic reads", `read ${place}`], ["read your writes", `write ${place}`]] as const;
    if (!isReturn) {
      if (isRead) atCall.set(operation, rules.map(([rule, of]) => [rule, known.get(of)]));
      continue;
    }
    const own = versionOf(isRead ? operation.output : operation.input);
    for (const [rule, than] of atCall.get(operation) ?? []) {
      if (than === undefined || than.version <= own) continue;
      const words = `${operation.client}: ${describe(undefined, operation)} is older than ` +
        `${than.operation.client}: ${describe(undefined, than.operation)}, which came before`;
      violations.push({ rule, message: words, operations: [than.operation, operation] });
    }
    const of = `${isRead ? "read" : "write"} ${place}`;
    if (own >= (known.get(of)?.version ?? -Infinity)) known.set(of, { version: own, operation });
  }
  return findings(violations, "Each client reads what it has read and written, or what is newer");
}

/**
 * Checks a set by what is in it at the end: each `add` that was acknowledged before the last `list` began has to be in that list, and
 * nothing may be that nobody added. An `add` with an unknown outcome may be there or not. Nothing is to be removed. In one pass, for
 * histories of any length; {@linkcode checkLinearizable} says more.
 *
 * @throws {TypeError} for arguments of a wrong kind, and for a history without a `list`.
 *
 * @example
 * ```ts
 * import { checkSet, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "add", input: "a" }).ok();
 * h.call("c1", { name: "list" }).ok([]);
 * console.log(checkSet(h).message);
 * ```
 */
export function checkSet(history: History | readonly OperationData[]): Findings {
  const operations = operationsOf(history);
  const violations: Finding[] = [];
  for (const key of new Set(operations.map((each) => each.key))) {
    const own = operations.filter((each) => each.key === key && each.outcome !== "failed");
    const lists = own.filter((each) => (each.name === "list" || each.name === "read") && each.outcome === "ok");
    const last = lists.at(-1);
    if (last === undefined) {
      throw new TypeError(`A set needs a list at the end${key === undefined ? "" : `, of ${key}`}`);
    }
    const inLast = elementsOf(last);
    const adds = own.filter(({ name }) => name === "add");
    const added = new Set(adds.map(({ input }) => canonical(input)));
    for (const add of adds) {
      if (add.outcome !== "ok" || add.return! >= last.call || inLast.has(canonical(add.input))) continue;
      const seen = lists.filter((list) => elementsOf(list).has(canonical(add.input)));
      const words = `${brief(add.input)} was added by ${add.client}, and is not there at the end` +
        (seen.length > 0 ? `, although ${seen.at(-1)!.client} has seen it` : "");
      violations.push({ rule: "lost", message: words, operations: [add, ...seen.slice(-1), last] });
    }
    for (const list of lists) {
      for (const [of, element] of elementsOf(list)) {
        if (added.has(of)) continue;
        const words = `${list.client} has seen ${brief(element)}, which nobody added`;
        violations.push({ rule: "never added", message: words, operations: [list] });
      }
    }
  }
  return findings(violations, "All that was added is there, and nothing else");
}

/**
 * Checks that no two operations were given the same: identifiers, tokens, items of a queue. What is `null` or `undefined` is none.
 *
 * @throws {TypeError} for arguments of a wrong kind.
 *
 * @example
 * ```ts
 * import { checkUnique, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * h.call("c1", { name: "next id" }).ok(7);
 * h.call("c2", { name: "next id" }).ok(7);
 * console.log(checkUnique(h).message);
 * ```
 */
export function checkUnique(history: History | readonly OperationData[]): Findings {
  const violations: Finding[] = [];
  const first = new Map<Canonical, Operation>();
  for (const operation of operationsOf(history)) {
    const { outcome, output, client, key } = operation;
    if (outcome !== "ok" || output === null || output === undefined) continue;
    const of = JSON.stringify([key ?? null, typeof output, String(canonical(output))]);
    const other = first.get(of);
    if (other === undefined) first.set(of, operation);
    else {
      const message = `${brief(output)} was given to ${other.client} and to ${client}`;
      violations.push({ rule: "unique", message, operations: [other, operation] });
    }
  }
  return findings(violations, "Nothing was given twice");
}

function findings(violations: readonly Finding[], fine: string): Findings {
  const [first] = violations;
  const more = violations.length > 1 ? ` (and ${violations.length - 1} more)` : "";
  return {
    ok: first === undefined,
    message: first === undefined ? fine : `${first.rule}: ${first.message}${more}`,
    violations,
  };
}

function elementsOf({ name, output }: Operation): Map<Canonical, unknown> {
  const elements = output instanceof Set ? [...output] : output;
  if (!Array.isArray(elements)) throw new TypeError(`The output of ${name} has to be a list: received ${show(output)}`);
  return new Map(elements.map((each) => [canonical(each), each]));
}

/** Calls and returns of those that returned, in order; what is at the same place overlaps. */
function eventsOf(operations: readonly Operation[]): { operation: Operation; isReturn: boolean }[] {
  return operations.filter(({ outcome }) => outcome === "ok").flatMap((operation) => [
    { operation, isReturn: false, at: operation.call },
    { operation, isReturn: true, at: operation.return! },
  ]).sort((a, b) => a.at - b.at || Number(a.isReturn) - Number(b.isReturn));
}
