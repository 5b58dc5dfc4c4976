/**
 * What consumers in browsers run: all that there is, and the errors of what a page cannot do.
 *
 * @module
 */

import { useTesting } from "./kit.ts";
import { type Lack, type Settings, useLibrary } from "./program.ts";
import { useServer } from "./server.ts";

const noSharedMemory: Lack = { name: "TypeError", message: /SharedArrayBuffer.*cross-origin isolat/ };
const noServer: Lack = { name: "Error", message: /A browser cannot listen/ };

/** Uses every entry point, and prints how it ended: a page has no exit code. */
export async function useInPage(worker: Settings["worker"]): Promise<void> {
  try {
    await useLibrary({ worker, lacks: globalThis.crossOriginIsolated ? {} : { watchdog: noSharedMemory } });
    await useTesting();
    await useServer(noServer);
    console.log("page: ended");
  } catch (error) {
    console.log(`page: failed: ${(error as Error).stack}`);
  }
}
