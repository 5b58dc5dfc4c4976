/**
 * What a collection of garbage leaves, for programs that test it.
 *
 * @module
 */

import process from "node:process";

/** Collects garbage. On Deno the program has to be started with DENO_V8_FLAGS=--expose-gc. */
export async function collectGarbage(): Promise<void> {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(sync: boolean): void } };
  let collectNow = gc ?? (Bun && (() => Bun.gc(true)));
  if (collectNow === undefined) {
    const { setFlagsFromString } = process.getBuiltinModule("node:v8");
    setFlagsFromString("--expose-gc");
    collectNow = process.getBuiltinModule("node:vm").runInNewContext("gc") as () => void;
  }
  for (let round = 0; round < 5; round++) {
    // What a WeakRef has been read from lives until the turn ends.
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectNow();
  }
}

/** How many are left, in a word: some hosts take for a reference what only looks like one. */
export function leftOf(refs: readonly WeakRef<object>[]): string {
  const count = refs.filter((ref) => ref.deref() !== undefined).length;
  return count === 0 ? "none" : count === refs.length ? "all" : count < refs.length / 4 ? "hardly any" : `${count}`;
}
