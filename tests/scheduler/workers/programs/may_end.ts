/** A worker module whose function is short, until it is not. */

import process from "node:process";
import { currentJob } from "../../../../worker.ts";

/** Gives back what it is given; or never returns, because it ends its thread, or spins until somebody else does. */
export function gives<T>(value: T, way: "returns" | "exits" | "spins" = "returns", flags?: Int32Array): T {
  if (way === "returns") return value;
  Atomics.store(flags!, 0, 1);
  if (way === "exits") process.exit(3);
  // On Deno nobody ends a thread that spins: there it is to end some time by itself.
  for (const until = performance.now() + 3000; performance.now() < until;);
  return value;
}

/** Waits until its call is aborted, and pays no heed to that. */
export function ignores(flags: Int32Array): Promise<never> {
  currentJob().signal.addEventListener("abort", () => Atomics.store(flags, 1, 1));
  Atomics.store(flags, 0, 1);
  return new Promise(() => {});
}
