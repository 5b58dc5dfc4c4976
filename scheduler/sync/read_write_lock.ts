/**
 * Many who read, or one who writes.
 *
 * ```
 *   line:  read read | write | read read read | write     first in, first out; those between two bars go on together
 *   free ──> read by some ──the last releases──> the first in line goes on, with all who read behind it up to one who writes
 *        └─> written by one ──releases──> the same
 *            a holder's task ends without releasing ──> who waits for it gets an error
 * ```
 *
 * @module
 */

import { checkFunction } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { currentScope } from "../scopes/current_scope.ts";
import type { StructureError } from "../scopes/errors.ts";
import { toCaller } from "../scopes/exit.ts";
import { CancelScope } from "../scopes/mod.ts";
import type { Scope } from "../scopes/scope.ts";
import { Holders, type Kind } from "./lock_holders.ts";
import type { Permit } from "./permit.ts";
import { SignalWait } from "./signal_wait.ts";
import { WaitLine } from "./wait_line.ts";
import { refusedWait, signalOf, type WaitOptions } from "./wait_options.ts";

/** The numbers of a lock at one moment. */
export interface ReadWriteLockStatistics {
  /** Permits to read that have not been given back. */
  readonly readers: number;
  /** Is the permit to write held? */
  readonly writing: boolean;
  /** Those who wait to read. */
  readonly waitingToRead: number;
  /** Those who wait to write. */
  readonly waitingToWrite: number;
}

/** Waits for the lock. */
class LockWait extends SignalWait<Permit> {
  readonly kind: Kind;

  constructor(line: WaitLine<Permit>, scope: Scope | undefined, signal: AbortSignal | undefined, kind: Kind) {
    super(line, scope, signal);
    this.kind = kind;
  }

  override get what(): string {
    return `${this.line.what} to ${this.kind.writes ? "write" : "read"}`;
  }
}

/**
 * A lock that many may hold to read, or one to write.
 *
 * Strictly first in, first out: who waits to write stops those who ask to read later, so that it gets its turn however many read, and
 * they get theirs after it. Neither `tryAcquire...` nor a late caller overtakes. A permit that was handed to somebody who is cancelled
 * before going on is the next one's.
 *
 * It is not reentrant. Asking to write inside of `read` or `write`, or to read inside of `write`, would wait for itself: that is a
 * `StructureError`, in all that belongs to the function, its tasks too. It is one as well in a task that holds a permit of
 * `acquireRead` or `acquireWrite`, as far as can be known: what goes on side by side in one task uses `read` and `write`. Asking to
 * read while reading is granted at once. If a task ends without giving its permit back, or returning it, those who wait for it get a
 * `StructureError` until it is released after all.
 *
 * @example
 * ```ts
 * import { all, ReadWriteLock, sleep } from "@millrace/millrace";
 *
 * const lock = new ReadWriteLock();
 * const table = new Map([["a", 1]]);
 * await all([
 *   () => lock.read(() => sleep(1).then(() => console.log(table.get("a")))),
 *   () => lock.read(() => console.log(lock.statistics().readers)),
 *   () => lock.write(() => table.set("a", 2)),
 *   () => lock.read(() => console.log(table.get("a"))),
 * ]);
 * // -> 2
 * // -> 1
 * // -> 2
 * ```
 */
export class ReadWriteLock {
  readonly #line: WaitLine<Permit> = new WaitLine<Permit>("a lock", {
    lost: (permit) => permit.release(),
    left: () => this.#admit(),
    holders: () => this.#holders.names(),
  });
  readonly #holders: Holders = new Holders({
    released: () => this.#admit(),
    abandoned: (error, byWriter) => this.#failBehind(error, byWriter),
    isAwaited: () => this.#line.size > 0,
  });

  static {
    printAs(ReadWriteLock, (it) => {
      const { readers, writing } = it.statistics();
      const state = writing ? "written" : readers > 0 ? `${readers} reading` : "free";
      return `ReadWriteLock(${state}, ${it.#line.size} waiting)`;
    });
  }

  /**
   * Runs `fn` while nobody writes; settles as it does.
   *
   * @throws {TypeError} at the call, for arguments of a wrong kind.
   * @throws {Cancelled} (rejection) when the scope is cancelled while it waits; `fn` is not called then.
   * @throws {StructureError} (rejection) inside of `write`, or when the task that holds the lock has ended.
   */
  read<T>(fn: () => T | PromiseLike<T>, options: WaitOptions = {}): Promise<T> {
    return this.#run(fn, options, { writes: false, inBlock: true });
  }

  /**
   * Runs `fn` alone; settles as it does.
   *
   * @throws {TypeError} at the call, for arguments of a wrong kind.
   * @throws {Cancelled} (rejection) when the scope is cancelled while it waits; `fn` is not called then.
   * @throws {StructureError} (rejection) inside of `read` or `write`, or when the task that holds the lock has ended.
   */
  write<T>(fn: () => T | PromiseLike<T>, options: WaitOptions = {}): Promise<T> {
    return this.#run(fn, options, { writes: true, inBlock: true });
  }

  /**
   * Waits until nobody writes, nor waits to, and takes a permit to read. It stays taken until it is released.
   *
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; no permit is taken then.
   * @throws {StructureError} (rejection) in a task that writes, or when the task that holds the lock has ended.
   * @throws {TypeError} at the call, for options of a wrong kind.
   */
  acquireRead(options: WaitOptions = {}): Promise<Permit> {
    return this.#acquire(signalOf(options), { writes: false, inBlock: false });
  }

  /**
   * Waits until nobody reads or writes, and takes the permit to write. It stays taken until it is released.
   *
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; no permit is taken then.
   * @throws {StructureError} (rejection) in a task that reads or writes, or when the task that holds the lock has ended.
   * @throws {TypeError} at the call, for options of a wrong kind.
   */
  acquireWrite(options: WaitOptions = {}): Promise<Permit> {
    return this.#acquire(signalOf(options), { writes: true, inBlock: false });
  }

  /** Takes a permit to read if nobody writes or waits; no checkpoint. */
  tryAcquireRead(): Permit | undefined {
    return this.#tryTake(currentScope(), { writes: false, inBlock: false });
  }

  /** Takes the permit to write if nobody reads or writes; no checkpoint. */
  tryAcquireWrite(): Permit | undefined {
    return this.#tryTake(currentScope(), { writes: true, inBlock: false });
  }

  /** The numbers of the lock at this moment. */
  statistics(): ReadWriteLockStatistics {
    const { readers, writing } = this.#holders;
    let waitingToWrite = 0;
    for (let wait = this.#first; wait !== undefined; wait = wait.next as typeof wait) {
      if (wait.kind.writes) waitingToWrite++;
    }
    const waitingToRead = this.#line.size - waitingToWrite;
    return Object.freeze({ readers, writing, waitingToRead, waitingToWrite });
  }

  get #first(): LockWait | undefined {
    return this.#line.first as LockWait | undefined;
  }

  #run<T>(fn: () => T | PromiseLike<T>, options: WaitOptions, kind: Kind): Promise<T> {
    checkFunction(fn, "The function run with a lock");
    const signal = signalOf(options);
    return toCaller(this.#runWith(this.#acquire(signal, kind), fn), undefined, signal);
  }

  async #runWith<T>(acquired: Promise<Permit>, fn: () => T | PromiseLike<T>): Promise<T> {
    const permit = await acquired;
    try {
      // What is asked for inside of the function is told by its scope, which nobody cancels.
      return await new CancelScope().run(() => {
        this.#holders.enter(permit, currentScope()!);
        return fn();
      }) as T;
    } finally {
      permit[Symbol.dispose]();
    }
  }

  #acquire(signal: AbortSignal | undefined, kind: Kind): Promise<Permit> {
    const scope = currentScope();
    const refused = refusedWait<Permit>(scope, signal);
    if (refused !== undefined) return refused;
    let permit = this.#tryTake(scope, kind);
    if (permit === undefined) {
      const abandoned = this.#line.size === 0 ? this.#holders.watch() : undefined;
      const held = this.#holders.heldAround(scope);
      if (held !== undefined && (kind.writes || this.#holders.writing)) return Promise.reject(held(kind));
      // One who reads already is not to wait behind those who wait for it.
      if (held !== undefined) permit = this.#holders.take(scope, kind);
      else if (abandoned !== undefined) return Promise.reject(abandoned);
    }
    if (permit !== undefined) return this.#line.answer(scope, permit);
    return new LockWait(this.#line, scope, signal, kind).promise;
  }

  #tryTake(scope: Scope | undefined, kind: Kind): Permit | undefined {
    return this.#line.size === 0 && this.#holders.admits(kind) ? this.#holders.take(scope, kind) : undefined;
  }

  /** Always true afterwards: the first in line cannot go on. */
  #admit(): void {
    for (let first = this.#first; first !== undefined && this.#holders.admits(first.kind); first = this.#first) {
      first.hand(this.#holders.take(first.parent, first.kind));
    }
  }

  /** A holder's task has ended: those who wait for it will not get the lock. */
  #failBehind(error: StructureError, byWriter: boolean): void {
    const failing: LockWait[] = [];
    for (let wait = this.#first; wait !== undefined; wait = wait.next as typeof wait) {
      if (byWriter || wait.kind.writes) failing.push(wait);
    }
    for (const wait of failing) wait.fail(error);
    this.#admit();
  }
}
