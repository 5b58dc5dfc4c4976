/** What is run while servers die: it writes down that it was begun. */

import { appendFileSync } from "node:fs";
import { sleep } from "../../../mod.ts";
import { currentJob } from "../../../worker.ts";

export async function work(call: number, file: string, ms: number): Promise<number> {
  appendFileSync(file, `${call} ${currentJob().attempt}\n`);
  await sleep(ms);
  return call * 2;
}
