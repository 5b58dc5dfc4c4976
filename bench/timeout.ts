/** Opening and closing a scope with a deadline, over a bare async call. */

import { group, withTimeout } from "../mod.ts";
import { type Bench, type Case, peer, timeEach } from "./harness.ts";

const count = 20_000;

export const bench: Bench = {
  name: "timeout",
  claim: "a withTimeout that does not fire costs at most 1.5 us more than the bare call",
  unit: "us",
  target: undefined,
  more: 1.5,
  async cases() {
    const work = (): Promise<number> => Promise.resolve(1);
    const cases: Case[] = [
      {
        name: "a bare async call",
        kind: "floor",
        run: () =>
          group(() =>
            timeEach(count, async () => {
              for (let index = 0; index < count; index++) await work();
            })
          ),
      },
      {
        name: "Millrace: withTimeout",
        kind: "ours",
        run: () =>
          group(() =>
            timeEach(count, async () => {
              for (let index = 0; index < count; index++) await withTimeout(60_000, work);
            })
          ),
      },
      {
        name: "AbortSignal.timeout and a listener",
        kind: "peer",
        run: () =>
          timeEach(count / 10, async () => {
            for (let index = 0; index < count / 10; index++) {
              const signal = AbortSignal.timeout(60_000);
              const listener = (): void => {};
              signal.addEventListener("abort", listener);
              await work();
              signal.removeEventListener("abort", listener);
            }
          }),
      },
    ];
    await peer(cases, "Effect: timeout", async () => {
      const { Effect } = await import("effect");
      const one = Effect.timeout(Effect.promise(work), 60_000);
      const program = Effect.gen(function* () {
        for (let index = 0; index < count; index++) yield* one;
      });
      return () => timeEach(count, () => Effect.runPromise(program));
    });
    return cases;
  },
};
