/**
 * Millrace: structured tasks on the loop you already have.
 *
 * Tasks that cannot leak, groups that fail and cancel as one, CPU work in slices that never block the loop, and work
 * moved to threads, on Node, Deno and Bun.
 *
 * @example
 * ```ts
 * import { group, sleep } from "@millrace/millrace";
 *
 * const answer = await group(async (g) => {
 *   const slow = g.spawn(() => sleep(10).then(() => 40));
 *   return await slow + 2;
 * });
 * console.log(answer);
 * ```
 *
 * @module
 */

export * from "./scheduler/mod.ts";
