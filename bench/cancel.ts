/**
 * Cancelling tasks that sleep, beside a turn and a rejection for each of as many promises that async functions wait for.
 *
 * What it costs is memory that is far away: each task and its wait are looked at when they are told and when they end, and of 100,000 none
 * is in the processor's caches any more. So they are told in batches, each of which ends before the next one is told; what is told takes
 * 0.2 to 0.3 us a task, the turn and the rejection the rest. A tenth is the reaction that keeps a wait which nobody awaits from being
 * an unhandled rejection.
 */

import { setImmediate } from "node:timers";
import { checkpoint, group, LoopMonitor, sleep } from "../mod.ts";
import { type Bench, type Case, peer, stopwatch, type Timed, timeEach } from "./harness.ts";

/** How many turns are asked for ahead of time. */
const turnsAhead = 512;

/** Promises that as many async functions await, and the end of all of these. */
async function awaitedPromises(
  count: number,
): Promise<{ rejects: ((error: Error) => void)[]; ended: Promise<unknown> }> {
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
  return { rejects, ended: Promise.all(waits) };
}

/** Rejects promises that as many async functions await, and waits until all of these have ended. */
async function rejectPromises(count: number): Promise<Timed> {
  const { rejects, ended } = await awaitedPromises(count);
  const error = new Error("cancelled");
  return await timeEach(count, () => {
    for (const reject of rejects) reject(error);
    return ended;
  });
}

/** The same, each in a turn of its own; `onTurn` is called at the beginning of each. */
async function rejectInTurns(count: number, onTurn?: () => void): Promise<Timed> {
  const { rejects, ended } = await awaitedPromises(count);
  const error = new Error("cancelled");
  return await timeEach(count, () => {
    let asked = 0;
    let done = 0;
    function turn(): void {
      onTurn?.();
      rejects[done++]!(error);
      if (asked < count) ask();
    }
    function ask(): void {
      asked++;
      setImmediate(turn);
    }
    while (asked < Math.min(count, turnsAhead)) ask();
    return ended;
  });
}

/** Cancels a group whose tasks sleep, and waits until all of them have ended; `cancel` makes the call. */
async function cancelTasks(count: number, cancel = (call: () => void): void => call()): Promise<Timed> {
  let stop!: ReturnType<typeof stopwatch>;
  await group(async (g) => {
    for (let index = 0; index < count; index++) g.spawn(() => sleep(1e9));
    await g.spawn(() => checkpoint());
    // In a turn that has done nothing else.
    await checkpoint();
    stop = stopwatch();
    cancel(() => g.cancel());
  });
  return stop(count);
}

const count = 100_000;

export const cancel: Bench = {
  name: "cancel",
  claim: "cancelling 100,000 sleeping tasks costs at most 1.5 x a turn and a rejection each",
  unit: "us",
  target: 1.5,
  rounds: 7,
  async cases() {
    const cases: Case[] = [
      { name: "a turn and a rejection each", kind: "floor", run: () => rejectInTurns(count) },
      { name: "Millrace: cancelling a group", kind: "ours", run: () => cancelTasks(count) },
      { name: "rejecting promises, all in one turn", kind: "peer", run: () => rejectPromises(count) },
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

/** How long the call that cancels takes, in ms. */
async function callTime(): Promise<number> {
  let took = 0;
  await cancelTasks(count, (call) => {
    const began = performance.now();
    call();
    took = performance.now() - began;
  });
  return took;
}

/** The longest turn from the call on, until all have ended, in ms; the collector's pauses are in it. */
async function longestTurn(): Promise<number> {
  let longest = 0;
  const monitor = new LoopMonitor({ longTurn: 1, onLongTurn: ({ duration }) => longest = Math.max(longest, duration) });
  await cancelTasks(count, (call) => {
    longest = 0;
    call();
  });
  await checkpoint();
  monitor.close();
  return longest;
}

/** The same for a turn and a rejection each: what is in it is the collector alone. */
async function longestRejection(): Promise<number> {
  let longest = 0;
  let last = Infinity;
  await rejectInTurns(count, () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  });
  return longest;
}

export const cancelCall: Bench = {
  name: "cancel-call",
  claim:
    "the call that cancels 100,000 sleeping tasks takes at most a slice (5 ms), and no turn more than that and 1 ms",
  unit: "ms",
  target: undefined,
  rounds: 7,
  cases: () => [
    { name: "Millrace: the call itself", kind: "ours", run: callTime },
    { name: "Millrace: the longest turn", kind: "ours", run: longestTurn },
    { name: "a turn and a rejection each: the longest turn", kind: "peer", run: longestRejection },
  ],
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
