import { group, LoopMonitor, mapChunked, scheduler, WorkerPool } from "@millrace/millrace";
import { currentJob, serveJobs } from "@millrace/millrace/worker";

export const answer: number = await group(async (g) => await g.spawn(() => 42));
export const squares: number[] = await mapChunked(3, (index) => index * index);
export const posted: string = await scheduler.postTask(() => "posted", { priority: "background" });
export const pool: WorkerPool<{ add: (a: number, b: number) => number }> = new WorkerPool(new URL("file:///tasks.js"));
export const sum: number = await pool.run("add", [1, 2]);
// @ts-expect-error The arguments are those of the function.
export const wrong: number = await pool.run("add", ["1"]);
export { currentJob, LoopMonitor, serveJobs };
