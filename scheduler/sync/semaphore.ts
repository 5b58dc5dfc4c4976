/**
 * A limit on how many do something at once.
 *
 * @module
 */

import { checkCount, checkFunction } from "../../runtime/basics/check.ts";
import { printAs } from "../../runtime/basics/inspect.ts";
import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { currentScope, isCancelled } from "../scopes/current_scope.ts";
import { onlySaysEnded } from "../scopes/exit.ts";
import type { Scope } from "../scopes/scope.ts";
import { endedBy, Wait, type WaitOptions } from "../waits/wait.ts";
import { holdersOf, makePermit, type Permit } from "./permit.ts";
import { WaitLine } from "./wait_line.ts";

/** The numbers of a semaphore at one moment. */
export interface SemaphoreStatistics {
  /** How many permits there may be at once. */
  readonly limit: number;
  /** Permits that have not been given back; more than `limit` after it was lowered. */
  readonly held: number;
  /** Those who wait for a permit. */
  readonly waiting: number;
}

/**
 * Gives out at most `limit` permits at once; whoever comes when none is left waits in a queue.
 *
 * Strictly first in, first out: neither `tryAcquire` nor a late `acquire` overtakes those in the queue. A permit that was
 * handed to somebody who is cancelled before going on is handed to the next. In a task every `acquire` is a checkpoint.
 *
 * @example
 * ```ts
 * import { all, Semaphore, sleep } from "@millrace/millrace";
 *
 * const connections = new Semaphore(2);
 * let most = 0;
 * let open = 0;
 * async function query(): Promise<void> {
 *   most = Math.max(most, ++open);
 *   await sleep(1);
 *   open--;
 * }
 * await all(Array.from({ length: 10 }, () => () => connections.run(query)));
 * console.log(most); // -> 2
 * ```
 */
export class Semaphore {
  #limit: number;
  #held = 0;
  readonly #onRelease = (): void => {
    this.#held--;
    this.#admit();
  };
  readonly #line: WaitLine<Permit> = new WaitLine<Permit>("a semaphore", {
    lost: (permit) => permit.release(),
    holders: () => holdersOf(this.#onRelease),
  });

  /**
   * Makes a semaphore with all its permits free.
   *
   * @param limit How many permits there may be at once, 0 to `Infinity`; with 0 everybody waits until it is raised.
   * @throws {TypeError} or {RangeError} for anything else.
   */
  constructor(limit: number) {
    checkCount(limit, "The limit of a semaphore", 0);
    this.#limit = limit;
  }

  static {
    printAs(Semaphore, (it) => `Semaphore(${it.#held} of ${it.#limit} held, ${it.#line.size} waiting)`);
  }

  /**
   * How many permits there may be at once. Raised, it wakes those in line at once; lowered, it takes nothing away, but
   * nobody is admitted until enough permits have come back.
   */
  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    checkCount(limit, "The limit of a semaphore", 0);
    this.#limit = limit;
    this.#admit();
  }

  /**
   * Waits for a permit. It stays taken until it is released, also when the task that took it has ended.
   *
   * @throws {Cancelled} (rejection) when the scope around the call is cancelled; no permit is taken then. With a `signal`, its
   * reason when that is aborted.
   */
  acquire(options?: WaitOptions): Promise<Permit> {
    if (options !== undefined) return endedBy(options, () => this.acquire());
    const scope = currentScope();
    if (isCancelled(scope)) return new Wait<Permit>(scope).promise;
    const permit = this.#tryAcquire(scope);
    return permit === undefined ? this.#line.join(scope) : this.#line.answer(scope, permit);
  }

  /** Takes a permit if one is free and nobody waits for it; no checkpoint. */
  tryAcquire(): Permit | undefined {
    return this.#held >= this.#limit ? undefined : this.#tryAcquire(currentScope());
  }

  /**
   * Runs `fn` with a permit, which is given back when it has ended; settles as `fn` does.
   *
   * @throws {TypeError} at the call, for what is no function.
   * @throws {Cancelled} (rejection) when the scope is cancelled while it waits; `fn` is not called then. With a `signal`,
   * its reason when that is aborted meanwhile.
   */
  run<T>(fn: () => T | PromiseLike<T>, options?: WaitOptions): Promise<T> {
    checkFunction(fn, "The function run with a permit");
    return runWith(this.acquire(options), fn, options?.signal);
  }

  /** The numbers of the semaphore at this moment. */
  statistics(): SemaphoreStatistics {
    return Object.freeze({ limit: this.#limit, held: this.#held, waiting: this.#line.size });
  }

  #tryAcquire(scope: Scope | undefined): Permit | undefined {
    if (this.#held >= this.#limit) return undefined;
    this.#held++;
    return makePermit(this.#onRelease, scope);
  }

  /** Always true afterwards: nobody is in line while a permit is free. */
  #admit(): void {
    while (this.#held < this.#limit && this.#line.size > 0) {
      this.#held++;
      this.#line.give(makePermit(this.#onRelease, this.#line.first!.parent));
    }
  }
}

/**
 * Runs `fn` with a permit that is on its way; its promise is as `toCaller` makes one, but for the promise that this would cost: a permit is
 * handed on a sixth faster.
 */
export function runWith<T>(acquired: Promise<Permit>, fn: () => T | PromiseLike<T>, signal?: AbortSignal): Promise<T> {
  const own: Own = { promise: undefined };
  const promise = runIn(own, acquired, fn, signal);
  own.promise = promise;
  return promise;
}

/** The promise of an async function, for itself; it is there from its first `await` on. */
interface Own {
  promise: Promise<unknown> | undefined;
}

async function runIn<T>(
  own: Own,
  acquired: Promise<Permit>,
  fn: () => T | PromiseLike<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  try {
    const permit = await acquired;
    try {
      return await fn();
    } finally {
      permit[Symbol.dispose]();
    }
  } catch (error) {
    if (onlySaysEnded(error, signal)) allowUnawaited(own.promise!);
    throw error;
  }
}
