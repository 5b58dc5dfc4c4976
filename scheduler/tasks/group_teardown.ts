/**
 * How long a group may take to end, and what becomes of one that takes longer.
 *
 * ```
 *   calm ──begin──> watched ──stop──> calm
 *                      └──the bound is broken──> abandoned: the promise has rejected, the tasks go on
 * ```
 *
 * @module
 */

import type { TeardownError } from "../scopes/errors.ts";
import { suppress } from "../scopes/exit.ts";
import { Teardown, type WatchedGroup } from "./teardown.ts";

/** The teardown of one group. */
export class GroupTeardown {
  /** Why the group has rejected ahead of its end. */
  abandoned: TeardownError | undefined = undefined;
  readonly #group: WatchedGroup;
  readonly #timeout: number;
  /** Is called when the bound has been broken, before the group's promise rejects. */
  readonly #onAbandoned: () => void;
  /** Present while the group is watched. */
  #watch: Teardown | undefined = undefined;
  /** Is called when the bound is broken, before anybody learns of it. */
  beforeRejection: (() => void) | undefined = undefined;
  #given: Promise<void> | undefined = undefined;
  #onGiven: (() => void) | undefined = undefined;
  /** Rejects the group's promise ahead of its end; present once there is a promise with a bound. */
  #reject: ((error: TeardownError) => void) | undefined = undefined;

  constructor(group: WatchedGroup, timeout: number, onAbandoned: () => void) {
    this.#group = group;
    this.#timeout = timeout;
    this.#onAbandoned = onAbandoned;
  }

  /** The group has been cancelled, or begins to clean up. A second call does nothing. */
  begin(): void {
    this.#watch ??= new Teardown(this.#group, this.#timeout, (error) => this.#abandon(error));
  }

  /** Nothing is left that could take long. */
  stop(): void {
    this.#watch?.stop();
    this.#watch = undefined;
  }

  /** The bound is broken now, for the reason given; where nothing is watched, there is nothing to be given up. */
  giveUp(why: string): void {
    this.#watch?.giveUp(why);
  }

  /** The promise of the group: that of its work, unless the teardown takes longer than it may. */
  bounded<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.abandoned !== undefined) reject(this.abandoned);
      this.#reject = reject;
      work.then(resolve, reject);
    });
  }

  /** Settles when the bound is broken; at once if it has been. */
  whenAbandoned(): Promise<void> {
    return this.#given ??= this.abandoned !== undefined ? Promise.resolve() : new Promise((resolve) => {
      this.#onGiven = resolve;
    });
  }

  #abandon(error: TeardownError): void {
    this.abandoned = error;
    this.beforeRejection?.();
    this.#onGiven?.();
    suppress(error, this.#group.laterFailures(), this.#group.parent);
    this.#onAbandoned();
    this.#reject?.(error);
  }
}
