/** Tests that explore, of the runner that runs this file: some fail. */

import type { test as nodesTest } from "node:test";
import { exploring } from "../../../testing.ts";

/** What the runners have. */
interface Runner {
  readonly test: typeof nodesTest;
  readonly jest?: { useFakeTimers(): void; useRealTimers(): void };
  readonly mock?: { readonly timers: { enable(): void; reset(): void } };
}

const { Deno } = globalThis as unknown as { Deno?: Runner };
const { test, jest, mock } = Deno ?? await import("Bun" in globalThis ? "bun:test" : "node:test") as Runner;

exploring(test)("what was typed last is shown", async (sim) => {
  let shown = "";
  await Promise.all(["a", "ab"].map(async (text) => {
    await sim.io(text);
    shown = text;
    console.log(`shows ${text}`);
  }));
  if (shown !== "ab") throw new Error(`shows ${shown} and not ab`);
});

exploring(test)("two orders pass", async (sim) => {
  await Promise.all([sim.io("a"), sim.io("b")]);
});

exploring(test.skip ?? (test as unknown as { ignore: typeof nodesTest }).ignore)("is not run", () => {
  throw new Error("it was run");
});

// Deno has no timeouts of tests, and no fake timers.
if (Deno === undefined) {
  const endless = async (sim: { io(): Promise<void> }): Promise<void> => {
    for (;;) await sim.io();
  };
  const all = { maxSteps: Infinity };
  // Bun takes them behind the body.
  if (jest === undefined) exploring(test, all)("is given too little time", { timeout: 300 }, endless);
  else (exploring(test, all) as (...args: unknown[]) => void)("is given too little time", endless, { timeout: 300 });

  test("puts fake timers in place", () => jest === undefined ? mock!.timers.enable() : jest.useFakeTimers());
  exploring(test)("has fake timers in place", () => {});
  test("takes them away", () => jest === undefined ? mock!.timers.reset() : jest.useRealTimers());
}
