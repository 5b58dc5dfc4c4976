/**
 * What goes on after a `yield`.
 *
 * @module
 */

import { allowUnawaited } from "../../runtime/basics/promises.ts";
import { loop } from "../queue/loop.ts";
import { keepSettlers, rejectLast, resolveLast } from "../queue/settlers.ts";
import { deliver, laneIn } from "../scopes/current_scope.ts";
import { Member, type Scope } from "../scopes/scope.ts";
import type { Posted } from "./posted.ts";
import { dequeueBy, enqueueBy } from "./priority_source.ts";

/** What goes on after a `yield`. */
export class Continuation extends Member {
  readonly promise: Promise<void>;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #posted: Posted | undefined;

  constructor(scope: Scope | undefined, posted: Posted | undefined) {
    super(scope);
    this.#posted = posted;
    this.promise = new Promise(keepSettlers);
    this.#resolve = resolveLast;
    this.#reject = rejectLast;
    posted?.use();
    if (posted === undefined) loop().queue.enqueue(this, laneIn(scope) + 1);
    else if (scope!.effective === undefined) enqueueBy(posted.source, this);
    else this.interrupt();
  }

  override get isContinuation(): boolean {
    return true;
  }

  /** In a task the cancellation comes in the turn that is waited for, as at every checkpoint, in a posted callback at once. */
  override interrupt(): void {
    if (this.#posted !== undefined && this.isMember) this.run();
  }

  override run(): void {
    const scope = this.parent;
    const posted = this.#posted;
    this.leave();
    if (posted !== undefined) {
      posted.look();
      posted.goOn();
      dequeueBy(posted.source, this);
      posted.unuse();
    }
    if (scope?.effective === undefined) return this.#resolve();
    allowUnawaited(this.promise);
    this.#reject(posted === undefined ? deliver(scope) : posted.reasonIn(scope));
  }
}
