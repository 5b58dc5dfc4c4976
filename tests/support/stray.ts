import process from "node:process";
import { macrotask } from "./macrotask.ts";

/** The rejections that the host finds unhandled while `act` runs and for a few turns after it. */
export async function strayRejections(act: () => unknown): Promise<unknown[]> {
  const stray: unknown[] = [];
  const listener = (reason: unknown): void => void stray.push(reason);
  process.on("unhandledRejection", listener);
  try {
    await act();
    for (let turn = 0; turn < 5; turn++) await macrotask();
  } finally {
    process.off("unhandledRejection", listener);
  }
  return stray;
}
