/** Threads of the host that misbehave as a test wants. */

import process from "node:process";
import { thisHost } from "../../support/this_host.ts";

/** A thread that a pool has started. */
export interface PatchedThread {
  /** Pays no heed to terminate(). */
  immortal: boolean;
  /** Behaves as if a message of the thread could not be read. */
  failToRead(): void;
  /** Ends it in earnest. */
  kill(): void;
}

/** From now on, until `restore`, the threads that are started are listed. */
export function patchThreads(): { threads: PatchedThread[]; restore(): void } {
  const threads: PatchedThread[] = [];
  const isWeb = !thisHost().startsWith("node");
  // deno-lint-ignore no-explicit-any
  const home: any = isWeb ? globalThis : process.getBuiltinModule("node:worker_threads");
  const Real = home.Worker;
  home.Worker = class extends Real {
    readonly #patched: PatchedThread = {
      immortal: false,
      failToRead: () => {
        if (isWeb) this.dispatchEvent(new MessageEvent("messageerror"));
        else this.emit("messageerror", new TypeError("unreadable"));
      },
      kill: () => void super.terminate(),
    };
    constructor(...args: unknown[]) {
      super(...args);
      threads.push(this.#patched);
    }
    terminate(): unknown {
      return this.#patched.immortal ? new Promise(() => {}) : super.terminate();
    }
  };
  return { threads, restore: () => void (home.Worker = Real) };
}
