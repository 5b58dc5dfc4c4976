/**
 * The wait for the result of a call.
 *
 * @module
 */

import { allowUnawaited } from "../../../runtime/basics/promises.ts";
import type { Scope } from "../../scopes/scope.ts";
import { Wait } from "../../waits/wait.ts";
import { addCaller, rejectWithAwaiters, stackAtCall } from "./caller_stack.ts";

/** What a wait gives up when nobody wants its result any more. */
export interface Abortable {
  abort(reason: unknown): void;
}

/** A wait whose call is aborted when its scope is cancelled, and when its scope is left while nobody awaits it. */
export class CallWait<T> extends Wait<T> {
  /** What is aborted; nothing was begun as long as it is `undefined`. */
  call: Abortable | undefined = undefined;
  readonly #caller: Error | undefined;

  constructor(scope: Scope | undefined, what: string, inFlight: number) {
    super(scope, undefined, what);
    this.#caller = stackAtCall(inFlight);
  }

  /** Rejects with an error that was made for this call: its stack goes on with that of the caller. */
  fail(error: unknown): void {
    if (!(error instanceof Error)) return void this.reject(error);
    if (this.#caller === undefined) {
      const rejected = rejectWithAwaiters(error);
      if (!this.resolve(rejected as T)) allowUnawaited(rejected);
      return;
    }
    addCaller(error, this.#caller);
    this.reject(error);
  }

  /** The call is over: if a cancellation has won already, nothing is left to be aborted. */
  override resolve(value: T): boolean {
    this.call = undefined;
    return super.resolve(value);
  }

  override reject(error: unknown): boolean {
    this.call = undefined;
    return super.reject(error);
  }

  protected override takeBack(): void {
    this.call?.abort(this.parent!.effective);
  }

  /** The code around the call has ended without awaiting it. */
  override leftBehind(): void {
    this.promise.catch(() => {});
    this.call?.abort(
      this.parent!.effective ?? new DOMException("The scope that made the call has ended", "AbortError"),
    );
  }
}
