/**
 * What only few scopes have. Apart, because there may be 100,000 of the others.
 *
 * @module
 */

import type { DeadlineTimer } from "./deadline_timer.ts";
import type { ScopeSignal } from "./scope_signal.ts";
import type { TreeScope } from "./telling.ts";

/** Made with the first of these things that a scope has. */
export class Extras {
  shielded = false;
  /** Made when first asked for. */
  signal: ScopeSignal | undefined = undefined;
  /** Present while a finite deadline is set. */
  deadlineTimer: DeadlineTimer | undefined = undefined;
  /** Is called whenever a scope directly inside has closed, while somebody waits for that. */
  onInnerClosed: (() => void) | undefined = undefined;
  /** Are called when the scope has closed. */
  #closers: Set<() => void> | undefined = undefined;

  /**
   * Of the outermost scope of a tree: the open scopes in the tree whose signal has been asked for and is not aborted, in that order. With the
   * tree, because one that nobody holds any more is to be collected whole.
   */
  signalled: Set<TreeScope> | undefined = undefined;
  /** Of a scope that is among those: where. */
  #listedIn: Set<TreeScope> | undefined = undefined;

  list(scope: TreeScope, signalled: Set<TreeScope>): void {
    this.#listedIn = signalled;
    signalled.add(scope);
  }

  unlist(scope: TreeScope): void {
    this.#listedIn?.delete(scope);
  }

  stopTimer(): void {
    this.deadlineTimer?.cancel();
    this.deadlineTimer = undefined;
  }

  /** Waits until scopes directly inside have closed, and `isOver` with that. */
  whenInnerClosed(isOver: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.onInnerClosed = () => {
        if (!isOver()) return;
        this.onInnerClosed = undefined;
        resolve();
      };
    });
  }

  whenClosed(closer: () => void): () => void {
    const closers = this.#closers ??= new Set();
    closers.add(closer);
    return () => void closers.delete(closer);
  }

  callClosers(): void {
    const closers = this.#closers;
    this.#closers = undefined;
    for (const closer of closers ?? []) closer();
  }
}
