/** A worker that a program starts itself, and that brings its functions; what is posted to it first is none of a pool's. */

import { currentJob, serveJobs, transfer, workerData } from "../../../../worker.ts";

const functions = {
  add: (a: number, b: number): number => a + b,
  data: (): unknown => workerData(),
  countOne: (counts: Int32Array): number => Atomics.add(counts, 0, 1),
  fails: (): never => {
    throw new RangeError("too far");
  },
  buffer: (size: number): Uint8Array => {
    const bytes = new Uint8Array(size).fill(7);
    return transfer(bytes, [bytes.buffer]);
  },
  untilCancelled: (): Promise<string> =>
    new Promise((resolve) => {
      const { signal } = currentJob();
      signal.addEventListener("abort", () => resolve("cancelled"));
    }),
  *count(to: number): Generator<number> {
    for (let n = 0; n < to; n++) yield n;
  },
  twice: (): string => {
    try {
      serveJobs({});
      return "taken";
    } catch (error) {
      return (error as Error).message;
    }
  },
  dies: (): Promise<void> =>
    new Promise(() => {
      setTimeout(() => {
        throw new Error("the thread is gone");
      });
    }),
};

export type Functions = typeof functions;

await Promise.resolve(); // A page's worker would lose by now what was posted to it before it listened.
serveJobs(functions);
