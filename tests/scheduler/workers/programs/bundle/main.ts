/** A program as a user would write it, to be bundled: the `new URL` of its worker module stands in it. */

import { WorkerPool } from "../../../../../mod.ts";

const pool = new WorkerPool<typeof import("./tasks.ts")>(new URL("./tasks.js", import.meta.url), {
  size: 1,
  teardownTimeout: 60_000,
  workerData: { rate: 3 },
});
const plain = new WorkerPool<{ name(): string }>(new URL("./plain.js", import.meta.url), { size: 1 });

async function failing(): Promise<unknown> {
  return await pool.run("failsHere", []).catch((error) => error);
}

const flags = new Int32Array(new SharedArrayBuffer(8));
const controller = new AbortController();
const spinning = pool.run("spin", [flags], { signal: controller.signal }).catch((reason) => reason);
while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
controller.abort("stopped");
const values: number[] = [];
const result: Record<string, unknown> = {
  spinning: await spinning,
  convert: await pool.run("convert", [5]),
  zeros: (await pool.run("zeros", [16])).length,
  map: await pool.map("convert", [1, 2, 3]),
  plain: await plain.run("name", []),
};
for await (const value of pool.stream("squares", [4])) values.push(value);
const error = await failing() as RangeError;
await Promise.all([pool.close(), plain.close()]);
console.log(JSON.stringify({ ...result, values, seen: flags[1], isRangeError: error instanceof RangeError }));
console.log(error.stack);
