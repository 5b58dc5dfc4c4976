/**
 * Blocks of seeds on threads of their own.
 *
 * @module
 */

import { WorkerExitError, WorkerPool } from "../../workers/mod.ts";
import type { RunBlock } from "./all_blocks.ts";
import type { SoakSettings } from "./run_block.ts";
import type { BodyModule } from "./soak_body.ts";

type SoakWorker = typeof import("./soak_worker.ts");

/** The module that the threads load: it lies beside this one, and has the same ending in each form of the library. */
function workerModule(): URL {
  const { url } = import.meta;
  return new URL(url.endsWith(".ts") ? "./soak_worker.ts" : "./soak_worker.js", url);
}

/** Lets `act` run blocks of the body of a module on so many threads, which end with it. */
export async function onThreads<R>(
  module: BodyModule,
  settings: SoakSettings,
  size: number,
  act: (run: RunBlock) => Promise<R>,
): Promise<R> {
  const pool = new WorkerPool<SoakWorker>(workerModule(), { size, name: "soak" });
  const run: RunBlock = async (block, signal, timeLeft) => {
    const first = block.seeds[0]!;
    const last = block.seeds.at(-1)!;
    const call = () =>
      pool.run("runBlockOf", [module, block, settings, timeLeft], { signal, name: `seeds ${first} to ${last}` });
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof WorkerExitError)) throw error;
    }
    // It may have been the machine, which ran out of memory: once more, and if it is the body that is told.
    return await call().catch((error) => {
      if (!(error instanceof WorkerExitError)) throw error;
      throw new Error(
        `The thread that ran the seeds ${first} to ${last} of ${module.href} died, twice: run them with size: 1 and a function, ` +
          "where an error is seen",
        { cause: error },
      );
    });
  };
  try {
    return await act(run);
  } finally {
    await pool.close({ timeout: 0, queued: "cancel" });
  }
}
