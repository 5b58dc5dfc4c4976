/** A worker module that has a pool of itself. */

import { WorkerPool } from "../../../../mod.ts";

export async function depth(left: number): Promise<number> {
  if (left === 0) return 0;
  const pool = new WorkerPool<{ depth: typeof depth }>(new URL(import.meta.url), { size: 1 });
  try {
    return 1 + await pool.run("depth", [left - 1]);
  } finally {
    await pool.close();
  }
}
