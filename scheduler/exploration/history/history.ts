/**
 * What clients asked of a system, and what they were answered, in order.
 *
 * @module
 */

import { checkFunction, checkOptions, show } from "../../../runtime/basics/check.ts";
import { currentHost } from "../../../runtime/current_host.ts";
import { type Operation, type OperationData, type OperationOutcome, operationsOf } from "./operation.ts";
import { copied } from "./structure.ts";

/** What an operation is. */
export interface OperationCall {
  /** What is asked for: `"read"`, `"put"`. */
  readonly name: string;
  /** What it is done to, where there are several things. */
  readonly key?: string | undefined;
  /** What is given. */
  readonly input?: unknown;
}

/** What an operation is, and how its end is read. */
export interface OperationSettings<T> extends OperationCall {
  /** What of the result is the answer; by default all of it. */
  readonly output?: ((result: T) => unknown) | undefined;
  /** Does this error say that the operation took no effect? By default as the history has it. */
  readonly failed?: ((error: unknown) => boolean) | undefined;
}

/** The settings of a history. */
export interface HistoryOptions {
  /** Operations that were there before, such as a log of a real system, or what JSON has kept of another history. Default: none. */
  operations?: readonly OperationData[] | undefined;
  /**
   * Does this error say that the operation certainly took no effect, as when it was refused before it was sent? By default none does: an
   * operation that throws may have taken effect.
   */
  failed?: ((error: unknown) => boolean) | undefined;
}

/** An operation that has not returned. It ends once. */
export interface OpenOperation {
  /** The name that the client has for this operation. */
  readonly client: string;
  /** It was answered. */
  ok(output?: unknown): void;
  /** It certainly took no effect. */
  fail(error?: unknown): void;
  /** It may have taken effect, and may yet. */
  unknown(error?: unknown): void;
}

/** A record that is being written. */
type Open = { -readonly [Name in keyof Operation]: Operation[Name] };

/** The names that one client has had. */
interface Names {
  /** Those whose operation has ended with an answer or a failure, in order. */
  readonly free: string[];
  count: number;
}

/** What clients asked of a system, and what they were answered. It is made by {@linkcode history}. */
export class History {
  readonly #operations: Open[] = [];
  readonly #clients = new Map<string, Names>();
  readonly #taken = new Set<string>();
  readonly #failed: (error: unknown) => boolean;
  #next = 0;

  /** Made by `history()`. */
  constructor(options: HistoryOptions = {}) {
    checkOptions(options, "history", ["operations", "failed"]);
    const { operations = [], failed = () => false } = options;
    checkFunction(failed, "failed");
    this.#failed = failed;
    for (const operation of operationsOf(operations)) {
      this.#operations.push({ ...operation });
      this.#next = Math.max(this.#next, Math.floor(operation.return ?? operation.call) + 1);
      // Nobody knows whether its last operation has ended: the client goes on under a new name.
      this.#taken.add(operation.client);
    }
  }

  /**
   * Calls a function, and notes what comes of it. Rejects with what the function throws. An error means that the outcome is unknown,
   * unless `failed` says otherwise.
   *
   * After an unknown outcome the client goes on under a new name (`c1'2`), because that operation may still overlap its next ones. So
   * it does where it calls before its last operation has ended.
   *
   * @throws {TypeError} at the call, for arguments of a wrong kind.
   *
   * @example
   * ```ts
   * import { history } from "@millrace/millrace/testing";
   *
   * const h = history();
   * const store = new Map<string, number>();
   * await h.operation("c1", { name: "put", key: "x", input: 1 }, () => store.set("x", 1));
   * const x = await h.operation("c2", { name: "get", key: "x" }, () => store.get("x"));
   * ```
   */
  operation<T>(client: string, operation: OperationSettings<T>, call: () => T | PromiseLike<T>): Promise<Awaited<T>> {
    checkFunction(call, "The call of an operation");
    checkCall(client, operation, ["name", "key", "input", "output", "failed"]);
    const { output = (result: unknown) => result, failed = this.#failed } = operation;
    checkFunction(output, "output");
    checkFunction(failed, "failed");
    return this.#noted(
      this.call(client, operationCall(operation)),
      call,
      output as (result: unknown) => unknown,
      failed,
    );
  }

  /**
   * Notes that a client calls. What it returns is told how that ended.
   *
   * @throws {TypeError} for arguments of a wrong kind.
   *
   * @example
   * ```ts
   * import { history } from "@millrace/millrace/testing";
   *
   * const h = history();
   * const put = h.call("c1", { name: "put", key: "x", input: 1 });
   * put.ok();
   * ```
   */
  call(client: string, operation: OperationCall): OpenOperation {
    checkCall(client, operation, ["name", "key", "input"]);
    const names = this.#namesOf(client);
    const name = names.free.shift() ?? this.#newName(client, names);
    const record: Open = {
      client: name,
      name: operation.name,
      outcome: "unknown",
      call: this.#next++,
      start: currentHost().now(),
    };
    if (operation.key !== undefined) record.key = operation.key;
    if (operation.input !== undefined) record.input = copied(operation.input);
    this.#operations.push(record);
    let end: OperationOutcome | undefined;
    const settle = (outcome: OperationOutcome, change: Partial<Open>): void => {
      if (end !== undefined) {
        throw new Error(
          `${record.name} of ${name} has ended already: it is ${show(end)}, and cannot be ${show(outcome)}`,
        );
      }
      end = outcome;
      Object.assign(record, change, { outcome, end: currentHost().now() });
      const place = this.#next++;
      if (outcome === "unknown") return;
      record.return = place;
      names.free.push(name);
    };
    return {
      client: name,
      ok: (output) => settle("ok", output === undefined ? {} : { output: copied(output) }),
      fail: (error) => settle("failed", errorOf(error)),
      unknown: (error) => settle("unknown", errorOf(error)),
    };
  }

  /** All operations so far, in the order of their calls, as plain data. One that has not returned has an unknown outcome. */
  get operations(): readonly Operation[] {
    return this.#operations.map((operation) => ({ ...operation }));
  }

  /** How many operations there are. */
  get size(): number {
    return this.#operations.length;
  }

  /** The operations; `history({ operations })` makes a history of them again. */
  toJSON(): readonly Operation[] {
    return this.operations;
  }

  async #noted<T>(
    open: OpenOperation,
    call: () => T | PromiseLike<T>,
    output: (result: unknown) => unknown,
    failed: (error: unknown) => boolean,
  ): Promise<Awaited<T>> {
    let result: Awaited<T>;
    try {
      result = await call();
    } catch (error) {
      if (isFailure(failed, error)) open.fail(error);
      else open.unknown(error);
      throw error;
    }
    try {
      open.ok(output(result));
    } catch (error) {
      open.unknown(error);
      throw error;
    }
    return result;
  }

  /** A name that nobody has had; the first one of a client is its own. */
  #newName(client: string, names: Names): string {
    let name: string;
    do {
      names.count++;
      name = names.count === 1 ? client : `${client}'${names.count}`;
    } while (this.#taken.has(name));
    this.#taken.add(name);
    return name;
  }

  #namesOf(client: string): Names {
    let names = this.#clients.get(client);
    if (names === undefined) this.#clients.set(client, names = { free: [], count: 0 });
    return names;
  }
}

/**
 * Begins a history of operations, which {@linkcode checkLinearizable} checks and {@linkcode drawHistory} draws. It works in
 * simulations and outside, with any system that has clients.
 *
 * @throws {TypeError} for options of a wrong kind.
 *
 * @example
 * ```ts
 * import { checkLinearizable, history } from "@millrace/millrace/testing";
 *
 * const h = history();
 * let value = 0;
 * await Promise.all([
 *   h.operation("c1", { name: "write", input: 1 }, async () => void (value = 1)),
 *   h.operation("c2", { name: "read" }, async () => value),
 * ]);
 * const verdict = checkLinearizable(h, "register");
 * if (!verdict.ok) throw new Error(verdict.message);
 * ```
 */
export function history(options?: HistoryOptions): History {
  return new History(options);
}

function operationCall({ name, key, input }: OperationCall): OperationCall {
  return { name, key, input };
}

/** What an error that was handed over says; engines say the same in different words, so it is not for comparing. */
function errorOf(error: unknown): Partial<Open> {
  return error === undefined ? {} : { error: show(error) };
}

/** The error of a classifier must not hide that of the operation. */
function isFailure(failed: (error: unknown) => boolean, error: unknown): boolean {
  try {
    return failed(error) === true;
  } catch {
    return false;
  }
}

function checkCall(client: unknown, operation: unknown, known: readonly string[]): void {
  if (typeof client !== "string") throw new TypeError(`A client has to be a string: received ${show(client)}`);
  if (typeof operation !== "object" || operation === null) {
    throw new TypeError(`An operation has to be an object with a name: received ${show(operation)}`);
  }
  checkOptions(operation, "an operation", known);
  const { name, key } = operation as { name?: unknown; key?: unknown };
  if (typeof name !== "string") {
    throw new TypeError(`The name of an operation has to be a string: received ${show(name)}`);
  }
  if (key !== undefined && typeof key !== "string") {
    throw new TypeError(`The key of an operation has to be a string: received ${show(key)}`);
  }
}
