/** Has a worker print, and ends it in one way or another right after the call; prints how many ms that took, as its last error line. */

import process from "node:process";
import { WorkerPool } from "../../../../mod.ts";
import type { Way } from "./prints.ts";

const [ending, way, count] = process.argv.slice(2) as [string, Way, string];
const lines = Number(count);
const pool = new WorkerPool<typeof import("./prints.ts")>(new URL("./prints.ts", import.meta.url), {
  size: 1,
  teardownTimeout: 50,
  ...(ending === "recycled" && { maxCalls: 1 }),
  ...(ending === "idle" && { idleTimeout: 0 }),
});

await pool.run("prints", ["a", lines, way]);
if (ending === "recycled") await pool.run("prints", ["b", lines, way]);
if (ending === "asynchronous") await pool.run("printsLater", ["b", lines, way]);
if (ending === "idle") { while (pool.statistics().workers > 0) await new Promise((resolve) => setTimeout(resolve, 1)); }
if (ending === "aborted") await pool.run("spins", [], { timeout: 20 }).catch(() => {});
const start = performance.now();
await pool.close();
const took = performance.now() - start;
process.stderr.write(`closed in ${took.toFixed(1)} ms\n`);
if (ending === "exit") process.exit(0);
