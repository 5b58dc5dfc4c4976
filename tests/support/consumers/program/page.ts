/**
 * What consumers in browsers run: all that there is, and the errors of what a page cannot do.
 *
 * @module
 */

import { useTesting } from "./kit.ts";
import { type Lack, type Settings, useLibrary } from "./program.ts";
import { useRemote } from "./remote.ts";

const noSharedMemory: Lack = { name: "TypeError", message: /SharedArrayBuffer.*cross-origin isolat/ };

/** With what error a page says that it cannot have a server. */
export const noServer: Lack = { name: "Error", message: /A browser cannot listen/ };

/** Uses what there is for pages, and something more, and prints how it ended: a page has no exit code. */
export async function useInPage(worker: Settings["worker"], useMore?: () => Promise<void>): Promise<void> {
  try {
    await useLibrary({ worker, lacks: globalThis.crossOriginIsolated ? {} : { watchdog: noSharedMemory } });
    await useTesting();
    await useRemote(worker);
    await useMore?.();
    console.log("page: ended");
  } catch (error) {
    console.log(`page: failed: ${(error as Error).stack}`);
  }
}
