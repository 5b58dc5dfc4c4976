/**
 * The module that the threads of a soak load: it loads the body, and runs blocks of seeds.
 *
 * @module
 */

import { currentJob } from "../../workers/thread/current_job.ts";
import { runBlock, type SoakSettings } from "./run_block.ts";
import type { SoakBody } from "./seed_run.ts";
import type { Block } from "./seeds.ts";
import { type BodyModule, loadBody } from "./soak_body.ts";
import type { Tally } from "./tally.ts";

const bodies = new Map<string, Promise<SoakBody>>();

/** Runs a block of seeds of a body. */
export async function runBlockOf(
  module: BodyModule,
  block: Block,
  settings: SoakSettings,
  timeLeft: number,
): Promise<Tally> {
  const { signal } = currentJob();
  const key = JSON.stringify(module);
  let body = bodies.get(key);
  if (body === undefined) bodies.set(key, body = loadBody(module));
  return await runBlock(await body, block, settings, { signal, timeLeft });
}
