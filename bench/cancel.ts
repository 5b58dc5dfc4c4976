/** Cancelling tasks that sleep, beside rejecting as many promises that async functions wait for. */

import { checkpoint, group, sleep } from "../mod.ts";
import { type Bench, type Case, peer, stopwatch, type Timed, timeEach } from "./harness.ts";

/** Rejects promises that as many async functions await, and waits until all of these have ended. */
async function rejectPromises(count: number): Promise<Timed> {
  const rejects: ((error: Error) => void)[] = [];
  async function wait(): Promise<void> {
    try {
      await new Promise<void>((_, reject) => rejects.push(reject));
    } catch {
      // As a cancelled task, it ends with the error.
    }
  }
  const waits = Array.from({ length: count }, wait);
  await checkpoint();
  const error = new Error("cancelled");
  return await timeEach(count, () => {
    for (const reject of rejects) reject(error);
    return Promise.all(waits);
  });
}

/** Cancels a group whose tasks sleep, and waits until all of them have ended. */
async function cancelTasks(count: number): Promise<Timed> {
  let stop!: ReturnType<typeof stopwatch>;
  await group(async (g) => {
    for (let index = 0; index < count; index++) g.spawn(() => sleep(1e9));
    await g.spawn(() => checkpoint());
    stop = stopwatch();
    g.cancel();
  });
  return stop(count);
}

export const cancel: Bench = {
  name: "cancel",
  claim: "cancelling 100,000 sleeping tasks costs at most 1.5 x rejecting as many promises",
  unit: "us",
  target: 1.5,
  rounds: 7,
  async cases() {
    const count = 100_000;
    const cases: Case[] = [
      { name: "rejecting promises", kind: "floor", run: () => rejectPromises(count) },
      { name: "Millrace: cancelling a group", kind: "ours", run: () => cancelTasks(count) },
    ];
    await peer(cases, "Effect: interrupting fibers (a tenth as many)", async () => {
      const { Effect, Fiber } = await import("effect");
      const fewer = count / 10;
      return () =>
        Effect.runPromise(Effect.gen(function* () {
          const fibers = [];
          for (let index = 0; index < fewer; index++) fibers.push(yield* Effect.forkChild(Effect.sleep("1 day")));
          yield* Effect.yieldNow;
          const stop = stopwatch();
          yield* Fiber.interruptAll(fibers);
          return stop(fewer);
        }));
    });
    return cases;
  },
};

export const cancelLinear: Bench = {
  name: "cancel-linear",
  claim: "the cost of cancelling a task does not grow with their number",
  unit: "us",
  target: 2,
  rounds: 3,
  cases: () =>
    [1000, 10_000, 100_000, 1_000_000].map((count, index) => ({
      name: `cancelling ${count} sleeping tasks`,
      kind: index === 0 ? "floor" as const : "ours" as const,
      run: () => cancelTasks(count),
    })),
};
