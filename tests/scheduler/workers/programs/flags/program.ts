/** Prints what a worker finds that was started with the flags of this process. */

import { WorkerPool } from "../../../../../mod.ts";

const pool = new WorkerPool<{ found(): unknown }>(new URL("./found.mjs", import.meta.url), { size: 1 });
console.log(JSON.stringify(await pool.run("found", [])));
await pool.close();
