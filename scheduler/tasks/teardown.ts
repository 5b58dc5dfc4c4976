/**
 * The bound on how long a group may take to end once it has been cancelled, and the word about those that take long.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";
import { TeardownError, type UnfinishedTask } from "../scopes/errors.ts";
import { type Member, pathOf, type Scope } from "../scopes/scope.ts";
import { reportUnhandled } from "../scopes/unhandled.ts";
import { placeOf } from "./places.ts";

/** After how long a group without a bound says whom it waits for, in ms; then after twice that, and so on. */
const firstWord = 10_000;

/** What the watch needs of a group. */
export interface WatchedGroup extends Scope {
  readonly name: string;
  /** All failures, in the order in which they happened. */
  readonly failures: readonly unknown[];
  /** The failures after the first, each with those that came after it further in. */
  laterFailures(): unknown[];
}

/** Watches a group from the moment it is cancelled, or begins to clean up, until it has ended. */
export class Teardown {
  readonly #group: WatchedGroup;
  readonly #onOver: (error: TeardownError) => void;
  #timer: { cancel(): void };

  constructor(group: WatchedGroup, timeout: number, onOver: (error: TeardownError) => void) {
    this.#group = group;
    this.#onOver = onOver;
    this.#timer = timeout === Infinity ? this.#sayAfter(firstWord) : loop().timers.setTimer(() => {
      onOver(this.#error(`${group.name} has not ended ${timeout} ms after its cancellation`, true));
    }, timeout);
  }

  /** The bound is broken now, for the reason given. */
  giveUp(why: string): void {
    this.#onOver(this.#error(`${this.#group.name} has not ended: ${why}`, true));
  }

  /** The group has ended. */
  stop(): void {
    this.#timer.cancel();
  }

  #sayAfter(ms: number): { cancel(): void } {
    return loop().timers.setTimer(
      () => {
        const error = this.#error(`${this.#group.name} was cancelled ${ms / 1000} s ago and has not ended`, false);
        // A group further in has its own word to say.
        if (error.tasks.length > 0) reportUnhandled(error, this.#group);
        this.#timer = this.#sayAfter(ms * 2);
      },
      ms,
      { hold: false, real: true },
    );
  }

  #error(what: string, deep: boolean): TeardownError {
    const tasks = unfinished(this.#group, deep);
    const names = tasks.map(({ name, age, spawnedAt }) =>
      `${name} (${(age / 1000).toFixed(1)} s old${spawnedAt === undefined ? "" : `, spawned ${spawnedAt}`})`
    );
    const whom = names.length > 0 ? names.join(", ") : "a deferred function, or work that it has let go";
    return new TeardownError(`${what}; it waits for ${whom}`, tasks, this.#group.failures[0]);
  }
}

/**
 * The tasks that keep a group from ending, and its body, but not those that only wait for a group further in; `deep` has those of
 * the groups further in too.
 */
function unfinished(group: Scope, deep: boolean): UnfinishedTask[] {
  const found: UnfinishedTask[] = [];
  const open: Scope[] = [group];
  for (let scope = open.pop(); scope !== undefined; scope = open.pop()) {
    for (let member = scope.members; member !== undefined; member = member.after) {
      if (isScope(member) && (deep || !member.isGroup)) open.push(member);
    }
    if (hasInnerGroup(scope)) continue;
    const name = scope.runningCode;
    if (name === undefined) continue;
    found.push({ name, path: pathOf(scope), age: ageOf(scope), spawnedAt: placeOf(scope) });
  }
  return found;
}

function isScope(member: Member): member is Scope {
  return "members" in member;
}

function hasInnerGroup(scope: Scope): boolean {
  const open: Scope[] = [scope];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (let member = at.members; member !== undefined; member = member.after) {
      if (!isScope(member) || member.isTask) continue;
      if (member.isGroup) return true;
      open.push(member);
    }
  }
  return false;
}

function ageOf(scope: Scope): number {
  return Math.max(0, loop().queue.stampNow() - scope.stamp);
}
