/**
 * The wait for the result of a call.
 *
 * @module
 */

import type { Scope } from "../scope.ts";
import { Wait } from "../wait.ts";

/** A wait whose call is aborted when its scope is cancelled, and when its scope is left while nobody awaits it. */
export class CallWait<T> extends Wait<T> {
  readonly #abort: (reason: unknown) => void;

  constructor(scope: Scope | undefined, what: string, abort: (reason: unknown) => void) {
    super(scope, () => abort(scope!.effective), what);
    this.#abort = abort;
  }

  /** The code around the call has ended without awaiting it. */
  override leftBehind(): void {
    this.promise.catch(() => {});
    this.#abort(new DOMException("The scope that made the call has ended", "AbortError"));
  }
}
