/**
 * Hashing passwords on all processors. As users of piscina write it (12 lines, the worker's not counted):
 *
 * ```js
 * const pool = new Piscina({ filename: new URL("./hash_worker.mjs", import.meta.url).href, maxQueue: 8 });
 * const hashes = [];
 * const running = new Set();
 * for (const [index, user] of users.entries()) {
 *   if (pool.needsDrain) await once(pool, "drain");
 *   const call = pool.run(user, { name: "hashPassword" }).then((hash) => (hashes[index] = hash));
 *   running.add(call);
 *   call.finally(() => running.delete(call)).catch(() => {});
 * }
 * await Promise.all(running);
 * await pool.destroy();
 * return hashes;
 * ```
 *
 * There a first error leaves the other calls running; here it cancels them.
 */

import { WorkerPool } from "../../mod.ts";

/** The hashes of passwords, in order. */
export async function hashAll(users: Iterable<{ password: string; salt: string }>): Promise<string[]> {
  await using pool = new WorkerPool<typeof import("./tasks.ts")>(new URL("./tasks.ts", import.meta.url));
  return await pool.map("hashPassword", users);
}
