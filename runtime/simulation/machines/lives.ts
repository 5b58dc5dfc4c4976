/**
 * Whose flow of control it is, where there are machines.
 *
 * @module
 */

import { builtin, hasBuiltins } from "../../hosts/common/node_process.ts";
import type { nobody } from "../loop/owner.ts";
import type { Life } from "./life.ts";

/** A life, or `nobody` for the body; `undefined` where that is not known. */
export type Whose = Life | typeof nobody | undefined;

interface Storage {
  disable(): void;
  getStore(): Whose;
  enterWith(whose: Whose): void;
  run<R>(whose: Whose, fn: () => R): R;
}

/** One for all simulations of the thread: only one of them runs at a time. */
let storage: Storage | undefined;

/** Remembers whose flow of control it is. Where nothing carries that across an `await`, it is known until the first one. */
export class Lives {
  /** Is it the storage that remembers it? */
  #isCarried = false;
  /** In the place of a storage, where there is none. */
  #whose: Whose = undefined;

  get(): Whose {
    return this.#isCarried ? storage!.getStore() : this.#whose;
  }

  /** Calls `fn` as code of somebody. */
  run<R>(whose: Whose, fn: () => R): R {
    if (this.#isCarried) return storage!.run(whose, fn);
    const before = this.#whose;
    this.#whose = whose;
    try {
      return fn();
    } finally {
      this.#whose = before;
    }
  }

  /** From here on the flow of control of the caller is somebody's. Does nothing where nothing would carry it. */
  enter(whose: Whose): void {
    if (!hasBuiltins()) return;
    if (storage === undefined) {
      const { AsyncLocalStorage } = builtin<{ AsyncLocalStorage: new () => Storage }>("node:async_hooks");
      storage = new AsyncLocalStorage();
    }
    this.#isCarried = true;
    storage.enterWith(whose);
  }

  /** Nobody asks any more. On Node 20 all promises of the process take four times as long until then. */
  end(): void {
    if (this.#isCarried) storage!.disable();
    this.#isCarried = false;
  }
}
