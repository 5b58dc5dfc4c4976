/** A program that ends, or is killed, while a worker is busy for ever. */

import process from "node:process";
import { WorkerPool } from "../../../../mod.ts";

const pool = new WorkerPool<typeof import("../odd_tasks.ts")>(new URL("../odd_tasks.ts", import.meta.url), { size: 1 });
const flags = new Int32Array(new SharedArrayBuffer(8));
void pool.run("spin", [flags]).catch(() => {});
while (Atomics.load(flags, 0) === 0) await new Promise((resolve) => setTimeout(resolve, 1));
if (process.argv.at(-1) === "exits") process.exit(3);
process.kill(process.pid, "SIGKILL");
