/**
 * The `AbortSignal` of a scope.
 *
 * @module
 */

import { loop } from "../queue/loop.ts";

/**
 * Made when a scope's signal is first asked for: it costs more than the rest of a task. Its listeners see the async context of
 * whoever asked first, as they would on a signal of the host, and not that of whatever timer or task happens to cancel.
 */
export class ScopeSignal {
  readonly #controller: AbortController = new AbortController();
  readonly #context: unknown = loop().context.capture();

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts the signal; a second call does nothing. */
  abort(reason: unknown): void {
    loop().context.resume(this.#context, (reason) => this.#controller.abort(reason), reason);
  }
}
