/**
 * Who holds a lock for reading and writing.
 *
 * @module
 */

import { StructureError } from "../scopes/errors.ts";
import { type Owner, Scope } from "../scopes/scope.ts";
import type { TaskNode } from "../tasks/task_node.ts";
import { makePermit, type Permit } from "./permit.ts";

/** What is asked for. */
export interface Kind {
  readonly writes: boolean;
  /** Is it held for as long as a function runs? Then that has a scope, by which those inside of it are known. */
  readonly inBlock: boolean;
}

/** A permit that has not been given back. */
interface Holder extends Kind {
  /** The task that holds it; `undefined` outside any task. */
  owner: (Owner & Scope) | undefined;
  /** The scope of the function that is run with it, once it runs. */
  block: Scope | undefined;
  /** Present while the end of the owner is watched for. */
  unwatch: (() => void) | undefined;
}

/** What the lock is told. */
interface Events {
  /** A permit was given back. */
  released(): void;
  /** A task has ended without giving its permit back. */
  abandoned(error: StructureError, byWriter: boolean): void;
  /** Does somebody wait for the lock? */
  isAwaited(): boolean;
}

/** Those who hold the lock. */
export class Holders {
  readers = 0;
  writing = false;
  readonly #events: Events;
  readonly #held = new Map<Permit, Holder>();
  /** How many permits tasks hold that are not those of a function. */
  readonly #loose = new Map<Scope, number>();
  /** The scopes of functions that are run with a permit. */
  readonly #blocks = new Set<Scope>();
  readonly #onRelease = (permit: Permit): void => {
    const holder = this.#held.get(permit)!;
    this.#held.delete(permit);
    holder.unwatch?.();
    if (holder.block !== undefined) this.#blocks.delete(holder.block);
    if (!holder.inBlock) this.#count(holder.owner, -1);
    if (holder.writes) this.writing = false;
    else this.readers--;
    this.#events.released();
  };

  constructor(events: Events) {
    this.#events = events;
  }

  /** Can one more hold the lock? */
  admits({ writes }: Kind): boolean {
    return !this.writing && (!writes || this.readers === 0);
  }

  take(scope: Scope | undefined, { writes, inBlock }: Kind): Permit {
    const owner = ownerOf(scope);
    const holder: Holder = { writes, inBlock, owner, block: undefined, unwatch: undefined };
    if (writes) this.writing = true;
    else this.readers++;
    if (!inBlock) this.#count(owner, 1);
    const permit = makePermit(this.#onRelease, scope);
    this.#held.set(permit, holder);
    if (this.#events.isAwaited()) this.#watch(permit, holder);
    return permit;
  }

  /** The function that a permit was taken for begins, in a scope of its own. */
  enter(permit: Permit, scope: Scope): void {
    this.#held.get(permit)!.block = scope;
    this.#blocks.add(scope);
  }

  /** If code in a scope would wait for itself, or for the code around it: what makes the error that says so. */
  heldAround(scope: Scope | undefined): ((kind: Kind) => StructureError) | undefined {
    const owner = ownerOf(scope);
    let isHeld = owner !== undefined && this.#loose.has(owner);
    for (let at = scope; at !== undefined && !isHeld; at = at.parent) isHeld = this.#blocks.has(at);
    if (!isHeld) return undefined;
    return ({ writes }) => {
      const [asks, holds] = [writes ? "write" : "read", this.writing ? "writes" : "reads"];
      const who = owner === undefined ? "The code" : nameOf(owner);
      return new StructureError(
        `${who} asks to ${asks} while it, or code around it, ${holds}: it would wait for itself`,
      );
    };
  }

  /** Watches for the end of all who hold the lock; answers with the error of one who has ended already. */
  watch(): StructureError | undefined {
    for (const [permit, holder] of this.#held) {
      if (!this.#watch(permit, holder)) return abandonedError(holder);
    }
    return undefined;
  }

  /** The names of the tasks that hold the lock. */
  names(): readonly string[] {
    const names = new Set<string>();
    for (const { owner } of this.#held.values()) if (owner !== undefined) names.add(nameOf(owner));
    return [...names];
  }

  /** Answers false if the task has ended. */
  #watch(permit: Permit, holder: Holder): boolean {
    this.#passOn(permit, holder);
    if (holder.owner?.closed) return false;
    holder.unwatch ??= holder.owner?.whenClosed(() => {
      holder.unwatch = undefined;
      if (!this.#events.isAwaited() || this.#watch(permit, holder)) return;
      this.#events.abandoned(abandonedError(holder), holder.writes);
    });
    return true;
  }

  /** A task whose result is the permit has passed it to the task around it. */
  #passOn(permit: Permit, holder: Holder): void {
    while (holder.owner?.closed && (holder.owner as Partial<TaskNode>).outcome === permit) {
      const around = ownerOf(holder.owner.parent);
      if (!holder.inBlock) {
        this.#count(holder.owner, -1);
        this.#count(around, 1);
      }
      holder.owner = around;
    }
  }

  #count(owner: Scope | undefined, by: number): void {
    if (owner === undefined) return;
    const count = (this.#loose.get(owner) ?? 0) + by;
    if (count === 0) this.#loose.delete(owner);
    else this.#loose.set(owner, count);
  }
}

function ownerOf(scope: Scope | undefined): (Owner & Scope) | undefined {
  const owner = scope?.owner;
  return owner instanceof Scope ? owner : undefined;
}

function abandonedError({ owner, writes }: Holder): StructureError {
  const how = writes ? "to write" : "to read";
  return new StructureError(`The lock is held ${how} by ${nameOf(owner!)}, which has ended without releasing it`);
}

function nameOf(owner: Owner): string {
  return owner.handle?.name ?? "a posted callback";
}
