/** A worker module that waits with the library, and has something to clean up at its worker's end. */

import { Channel, currentSignal, group, sleep } from "../../../../mod.ts";
import { currentJob, onClose } from "../../../../worker.ts";

/** Sleeps in a group; says in `flags` that it has begun, and that its cleanup has run. */
export async function sleeps(flags: Int32Array): Promise<void> {
  await group((g) => {
    g.spawn(async () => {
      try {
        Atomics.store(flags, 0, 1);
        await sleep(60_000);
      } finally {
        Atomics.add(flags, 1, 1);
      }
    });
  });
}

/** The same with a stream. */
export async function* streams(flags: Int32Array): AsyncGenerator<number> {
  try {
    yield 1;
    Atomics.store(flags, 0, 1);
    await sleep(60_000);
  } finally {
    Atomics.add(flags, 1, 1);
  }
}

/** Is told of its cancellation by the signal that a `fetch` would be given. */
export function listens(flags: Int32Array): Promise<void> {
  const signal = currentSignal();
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => {
      Atomics.add(flags, 1, 1);
      resolve();
    });
    Atomics.store(flags, 0, 1);
  });
}

/** Leaves a wait behind that would take the item of a channel, and tells whether a former call's wait has taken one. */
const channel = new Channel<number>(1);
export function leavesWait(): void {
  void channel.receive().catch(() => {});
}
export function sends(): number {
  channel.trySend(7);
  return channel.tryReceive()?.value ?? 0;
}

/** Goes on after its call has ended, and hands on progress then. */
export function leavesWork(): string {
  const job = currentJob();
  setTimeout(() => job.progress("late"), 1);
  return "done";
}

/** From now on the cleanup adds to `flags` from `at` on, in the order in which it runs. */
export function cleansUp(flags: Int32Array, way: "all" | "throws" | "hangs" | "adds"): number {
  onClose(() => {
    if (way === "adds") onClose(() => void Atomics.store(flags, 3, Atomics.load(flags, 0)));
    if (way === "throws") throw new Error("the cleanup failed");
    if (way === "hangs") return new Promise<never>(() => {});
  });
  onClose(async () => {
    const before = Atomics.add(flags, 0, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    Atomics.store(flags, 1, before + 1);
  });
  onClose(() => void Atomics.store(flags, 2, Atomics.add(flags, 0, 1) + 1));
  return 1;
}

/** A timer that is set after another of the same delay, and so fires after it. */
export function rests(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
