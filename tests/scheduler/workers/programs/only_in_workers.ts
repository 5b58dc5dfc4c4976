/** A module that can be loaded in a worker only. */

if ((globalThis as { testThread?: string }).testThread !== undefined) throw new Error("not in a worker");

export function one(): number {
  return 1;
}
