/**
 * The wait for the result of a call.
 *
 * @module
 */

import type { Scope } from "../scope.ts";
import { Wait } from "../wait.ts";

/** What a wait gives up when nobody wants its result any more. */
export interface Abortable {
  abort(reason: unknown): void;
}

/** A wait whose call is aborted when its scope is cancelled, and when its scope is left while nobody awaits it. */
export class CallWait<T> extends Wait<T> {
  /** What is aborted; nothing was begun as long as it is `undefined`. */
  call: Abortable | undefined = undefined;

  constructor(scope: Scope | undefined, what: string) {
    super(scope, undefined, what);
  }

  protected override takeBack(): void {
    this.call?.abort(this.parent!.effective);
  }

  /** The code around the call has ended without awaiting it. */
  override leftBehind(): void {
    this.promise.catch(() => {});
    this.call?.abort(new DOMException("The scope that made the call has ended", "AbortError"));
  }
}
