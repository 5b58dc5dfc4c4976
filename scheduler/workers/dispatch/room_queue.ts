/**
 * Those who wait until a pool would take a call.
 *
 * @module
 */

import { Entry } from "../../queue/entry.ts";
import { loop } from "../../queue/loop.ts";
import { laneOf } from "../../queue/priority.ts";
import { currentScope } from "../../scopes/current_scope.ts";
import { Wait } from "../../waits/wait.ts";

/** Lets those who wait in one at a time: the next one once it is seen what the one before has taken. */
export class RoomQueue {
  readonly #waiting: Set<Wait> = new Set();
  readonly #hasRoom: () => boolean;
  /** One has been let in and has not come yet. */
  #admitting = false;

  constructor(hasRoom: () => boolean) {
    this.#hasRoom = hasRoom;
  }

  /** Waits for room; `refusal` is why there will never be any. */
  wait(refusal: Error | undefined): Promise<void> {
    const wait: Wait = new Wait(currentScope(), () => this.#waiting.delete(wait), "room in a pool");
    if (wait.interrupted) return wait.promise;
    if (refusal !== undefined) wait.reject(refusal);
    else this.#waiting.add(wait);
    this.admit();
    return wait.promise;
  }

  /** There may be room. */
  admit(): void {
    if (this.#admitting || this.#waiting.size === 0 || !this.#hasRoom()) return;
    const [wait] = this.#waiting;
    this.#waiting.delete(wait!);
    this.#admitting = true;
    wait!.settleInTurn(undefined);
    const recheck = new Recheck(() => {
      this.#admitting = false;
      this.admit();
    });
    loop().queue.enqueue(recheck, wait!.parent?.owner?.lane ?? laneOf("user-visible"));
  }

  /** There will be no room any more. */
  close(makeError: () => Error): void {
    for (const wait of this.#waiting) wait.reject(makeError());
    this.#waiting.clear();
  }
}

/** A turn in which the pool is looked at again. */
class Recheck extends Entry {
  readonly #check: () => void;

  constructor(check: () => void) {
    super();
    this.#check = check;
  }

  override run(): void {
    this.#check();
  }
}
