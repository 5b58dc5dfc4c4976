/**
 * Mutual exclusion.
 *
 * ```
 *   free ──acquire──> held ──release──> held by the first in line, or free
 *                       │ its task ends
 *                       └──> broken: who waits gets an error ──release──> free
 * ```
 *
 * @module
 */

import { checkFunction } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { currentScope, isCancelled } from "../scopes/current_scope.ts";
import { StructureError } from "../scopes/errors.ts";
import { type Owner, Scope } from "../scopes/scope.ts";
import type { TaskNode } from "../tasks/task_node.ts";
import { endedBy, Wait, type WaitOptions } from "../waits/wait.ts";
import { forgetPermit, makePermit, type Permit } from "./permit.ts";
import { runWith } from "./semaphore.ts";
import { WaitLine } from "./wait_line.ts";

/**
 * Gives a mutex back without ending the permit it is held by; for `Condition`. Throws if the caller does not hold it.
 */
export let suspendMutex: (mutex: Mutex, scope: Scope | undefined) => Permit;

/** Takes the mutex again for a permit that was suspended, whatever is cancelled meanwhile; for `Condition`. */
export let resumeMutex: (mutex: Mutex, permit: Permit, scope: Scope | undefined) => Promise<void>;

/** The numbers of a mutex at one moment. */
export interface MutexStatistics {
  /** Is the mutex held? */
  readonly locked: boolean;
  /** Those who wait for it. */
  readonly waiting: number;
}

/**
 * A lock that one task holds at a time; the others wait in a queue, first in, first out, as with a `Semaphore`.
 *
 * It is not reentrant: who waits for a mutex that waits for them waits until cancelled. A task that ends without giving
 * it back, or returning the permit, breaks it: those who wait get a `StructureError` instead of waiting for ever, until
 * the permit is released after all.
 *
 * @example
 * ```ts
 * import { all, Mutex, sleep } from "@millrace/millrace";
 *
 * const mutex = new Mutex();
 * let balance = 100;
 * async function withdraw(): Promise<void> {
 *   const before = balance;
 *   await sleep(1);
 *   balance = before - 10;
 * }
 * await all([() => mutex.run(withdraw), () => mutex.run(withdraw)]);
 * console.log(balance); // -> 80
 * ```
 */
export class Mutex {
  /** Present while the mutex is held. */
  #holder: Permit | undefined = undefined;
  /** The task that holds the mutex; `undefined` while it is free or held outside any task. */
  #owner: (Owner & Scope) | undefined = undefined;
  /** Present while the end of the owner is watched for, because somebody waits. */
  #unwatch: (() => void) | undefined = undefined;
  readonly #line: WaitLine<Permit> = new WaitLine<Permit>("a mutex", {
    lost: (permit) => permit.release(),
    holders: () => this.#owner === undefined ? [] : [nameOf(this.#owner)],
  });
  readonly #onRelease = (permit: Permit): void => {
    // A permit that a Condition has suspended holds nothing.
    if (permit === this.#holder) this.#handOn();
  };

  static {
    printAs(Mutex, (it) => `Mutex(${it.locked ? "locked" : "free"}, ${it.#line.size} waiting)`);
    suspendMutex = (mutex, scope) => mutex.#suspend(scope);
    resumeMutex = (mutex, permit, scope) => mutex.#resume(permit, scope);
  }

  /** Is the mutex held? */
  get locked(): boolean {
    return this.#holder !== undefined;
  }

  /**
   * Waits until the mutex is free and takes it.
   *
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; the mutex is not taken then. With a `signal`,
   * its reason when that is aborted.
   * @throws {StructureError} (rejection) when the task that holds it has ended.
   */
  acquire(options?: WaitOptions): Promise<Permit> {
    if (options !== undefined) return endedBy(options, () => this.acquire());
    return this.#acquire(currentScope());
  }

  /** Takes the mutex if it is free; no checkpoint. */
  tryAcquire(): Permit | undefined {
    return this.locked ? undefined : this.#take(currentScope());
  }

  /**
   * Runs `fn` alone; settles as it does.
   *
   * @throws {TypeError} at the call, for what is no function.
   * @throws {Cancelled} (rejection) when the scope is cancelled while it waits; `fn` is not called then. With a `signal`,
   * its reason when that is aborted meanwhile.
   * @throws {StructureError} (rejection) when the task that holds the mutex has ended.
   */
  run<T>(fn: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction(fn, "The function run with a mutex");
    return runWith(this.acquire(options), fn, options?.signal);
  }

  /** The numbers of the mutex at this moment. */
  statistics(): MutexStatistics {
    return Object.freeze({ locked: this.locked, waiting: this.#line.size });
  }

  #acquire(scope: Scope | undefined): Promise<Permit> {
    if (isCancelled(scope)) return new Wait<Permit>(scope).promise;
    if (!this.locked) return this.#line.answer(scope, this.#take(scope));
    if (this.#isBroken()) return Promise.reject(this.#brokenError());
    const acquired = this.#line.join(scope);
    this.#watch();
    return acquired;
  }

  #take(scope: Scope | undefined): Permit {
    const owner = scope?.owner;
    this.#owner = owner instanceof Scope ? owner : undefined;
    return this.#holder = makePermit(this.#onRelease, scope);
  }

  #handOn(): void {
    this.#unwatch?.();
    this.#unwatch = this.#holder = this.#owner = undefined;
    const { first } = this.#line;
    if (first === undefined) return;
    first.hand(this.#take(first.parent));
    this.#watch();
  }

  /** While somebody waits, the end of the owner is watched for. */
  #watch(): void {
    if (this.#line.size === 0 || this.#owner === undefined) return;
    this.#unwatch ??= this.#owner.whenClosed(() => {
      this.#unwatch = undefined;
      if (this.#isBroken()) this.#line.failAll(this.#brokenError());
      else this.#watch();
    });
  }

  #isBroken(): boolean {
    return this.#findOwner()?.closed === true;
  }

  /** The task that has the permit, as far as can be known: one whose result it is has passed it to the task around it. */
  #findOwner(): (Owner & Scope) | undefined {
    while (this.#owner?.closed && (this.#owner as Partial<TaskNode>).outcome === this.#holder) {
      const around: Owner | undefined = this.#owner.parent?.owner;
      this.#owner = around instanceof Scope ? around : undefined;
    }
    return this.#owner;
  }

  #brokenError(): StructureError {
    return new StructureError(`The mutex is held by ${nameOf(this.#owner!)}, which has ended without releasing it`);
  }

  #suspend(scope: Scope | undefined): Permit {
    const permit = this.#holder;
    if (permit === undefined) throw new StructureError("Waiting for a condition needs its mutex: it is free");
    const owner = this.#findOwner();
    if (owner !== undefined && scope?.owner !== undefined && owner !== scope.owner) {
      throw new StructureError(`Waiting for a condition needs its mutex: it is held by ${nameOf(owner)}`);
    }
    this.#handOn();
    return permit;
  }

  async #resume(permit: Permit, scope: Scope | undefined): Promise<void> {
    const shielded = scope && new Scope(scope);
    shielded?.setShield(true);
    try {
      forgetPermit(await this.#acquire(shielded));
    } finally {
      shielded?.close();
    }
    this.#holder = permit;
    if (permit.released) this.#handOn();
  }
}

function nameOf(owner: Owner): string {
  return owner.handle?.name ?? "a posted callback";
}
