/** An entry of the run queue with a promise that it settles, beside a bare immediate with a promise that it settles. */

import { checkpoint } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

const count = 20_000;

export const bench: Bench = {
  name: "turn",
  claim: "an entry and its settled promise cost at most 1.5 x a batch of bare immediates",
  unit: "us",
  target: 1.5,
  rounds: 21,
  async cases() {
    const cases: Case[] = [
      {
        name: "immediates that settle a promise each",
        kind: "floor",
        run: () => all(() => new Promise<void>((resolve) => setImmediate(resolve))),
      },
      { name: "Millrace: checkpoint()", kind: "ours", run: () => all(() => checkpoint()) },
    ];
    await peer(cases, "scheduler-polyfill postTask", async () => {
      (globalThis as { self?: unknown }).self ??= globalThis;
      await import("scheduler-polyfill");
      const { scheduler } = globalThis as unknown as { scheduler: { postTask(fn: () => void): Promise<void> } };
      return () => all(() => scheduler.postTask(() => {}), 2000);
    });
    await peer(cases, "React scheduler", async () => {
      // @ts-expect-error: the package has no types
      const { unstable_scheduleCallback, unstable_NormalPriority } = (await import("scheduler")).default;
      return () =>
        all(() =>
          new Promise((resolve) => unstable_scheduleCallback(unstable_NormalPriority, () => resolve(undefined)))
        );
    });
    return cases;
  },
};

function all(start: () => Promise<unknown>, number: number = count): Promise<number> {
  return timeEach(number, () => {
    const promises: Promise<unknown>[] = [];
    for (let index = 0; index < number; index++) promises.push(start());
    return Promise.all(promises);
  });
}
