/** A program whose worker prints, in one of several states. */

import { WorkerPool } from "../../../../mod.ts";

const pool = new WorkerPool<typeof import("../odd_tasks.ts")>(new URL("../odd_tasks.ts", import.meta.url), { size: 1 });
await pool.run("says", [20]);
// Idle, the worker waits for messages; what it has printed must not wait with it.
await new Promise((resolve) => setTimeout(resolve, 50));
await pool.close();
console.log("end of the program");
