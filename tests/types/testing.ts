// deno-lint-ignore-file require-await
/** The types of the testing kit. */

import type { TaskGroup } from "@millrace/millrace";
import {
  cancelEverywhere,
  type CancelReport,
  type Checkpoint,
  checkpointsOf,
  expectOrder,
  explore,
  type ExploreReport,
  exploring,
  type LoopHandle,
  memoryStream,
  observeOrder,
  predictOrders,
  type Schedule,
  ScheduleFailure,
  simulate,
  type Simulation,
  type TraceEntry,
} from "@millrace/millrace/testing";
import type { Equal, Row } from "./equal.ts";

declare const row: Row;

/** A simulation gives what its body returns. */
export async function simulated(): Promise<void> {
  const value = await simulate(async (sim) => {
    true satisfies Equal<typeof sim, Simulation>;
    const done = sim.io("read", { latency: 10 });
    true satisfies Equal<typeof done, Promise<void>>;
    true satisfies Equal<ReturnType<typeof sim.now>, number>;
    const { readable, writable } = memoryStream(sim, { pieces: "chosen" });
    readable satisfies ReadableStream<Uint8Array>;
    writable satisfies WritableStream<Uint8Array>;
    // @ts-expect-error Steps are counted by the loop.
    sim.steps = 0;
    // @ts-expect-error No such option.
    sim.io("read", { latancy: 10 });
    await done;
    return row;
  }, { profile: "node", seed: 1, startTime: 0, maxSteps: 1000 });
  true satisfies Equal<typeof value, Row>;
  const now = simulate(() => 1);
  true satisfies Equal<typeof now, Promise<number>>;
  simulate((sim) => sim.settled(), { leaks: "ignore", maxTime: 10, signal: AbortSignal.abort() });
  // @ts-expect-error No such profile.
  simulate(() => 1, { profile: "chrome" });
  // @ts-expect-error No such option.
  simulate(() => 1, { sed: 1 });
}

/** An exploration gives a report. */
export async function explored(): Promise<void> {
  const report = await explore(async (sim) => await sim.io("a"), { maxSchedules: 10, profile: "deno", replay: "" });
  true satisfies Equal<typeof report, ExploreReport>;
  true satisfies Equal<typeof report.exhaustive, boolean>;
  const cancelled = await cancelEverywhere(async (sim, group) => {
    true satisfies Equal<typeof sim, Simulation>;
    true satisfies Equal<typeof group, TaskGroup>;
    await sim.io("a");
  }, { tasks: true, after: (sim) => sim.now() });
  true satisfies Equal<typeof cancelled, CancelReport>;
  const checkpoints = await checkpointsOf((_, group) => group.spawn(() => row));
  true satisfies Equal<typeof checkpoints, readonly Checkpoint[]>;
  // @ts-expect-error Reports are for reading.
  report.schedules = 0;
  // @ts-expect-error A number.
  explore(() => {}, { maxSchedules: "10" });
  // @ts-expect-error No such option.
  cancelEverywhere(() => {}, { points: 10 });
}

/** A schedule runs a body as a simulation does. */
export async function scheduled(schedule: Schedule, error: unknown): Promise<void> {
  const value = await schedule.run(async (sim) => (sim satisfies Simulation, row));
  true satisfies Equal<typeof value, Row>;
  if (error instanceof ScheduleFailure) {
    error.schedule satisfies readonly string[];
    true satisfies Equal<typeof error.token, string>;
    true satisfies Equal<typeof error.trace, readonly TraceEntry[]>;
    const [first] = error.trace;
    // @ts-expect-error There may be none.
    first.time;
    true satisfies Equal<TraceEntry["task"], string | undefined>;
  }
  const step = expectOrder("a", ["b", "c"]);
  step("a");
  const after = await step.after("b", async () => row);
  true satisfies Equal<typeof after, Row>;
  // @ts-expect-error Steps are names.
  step(1);
}

interface TestContext {
  readonly name: string;
  readonly signal: AbortSignal;
}

interface TestOptions {
  timeout?: number | undefined;
}

type TestFn = (context: TestContext, done: (result?: unknown) => void) => void | Promise<void>;

/** The function of `node:test`, by hand: not every program has Node's types. */
interface NodeTest {
  (name?: string, fn?: TestFn): Promise<void>;
  (name?: string, options?: TestOptions, fn?: TestFn): Promise<void>;
  (options?: TestOptions, fn?: TestFn): Promise<void>;
  (fn?: TestFn): Promise<void>;
  only: NodeTest;
}

/** A test that explores takes what the runner's own function takes, with a body that is given a simulation. */
export function tested(
  test: NodeTest,
  runner: (name: string, fn: (done: Row) => void, timeout?: number) => string,
): void {
  const made = exploring(test, { maxSchedules: 10 })("name", async (sim, context) => {
    true satisfies Equal<typeof sim, Simulation>;
    context satisfies TestContext;
    await sim.io("a");
  });
  true satisfies Equal<typeof made, Promise<void>>;
  exploring(test.only)("name", { timeout: 100 }, (sim) => sim.io());
  exploring(test)((sim) => sim.io());
  const other = exploring(runner)("name", (sim, done) => {
    sim satisfies Simulation;
    true satisfies Equal<typeof done, Row>;
  }, 100);
  true satisfies Equal<typeof other, string>;
  // @ts-expect-error The runner has no such option.
  exploring(test)("name", { timeuot: 100 }, (sim) => sim.io());
  // @ts-expect-error It takes none behind the body.
  exploring(test)("name", (sim) => sim.io(), 100);
  // @ts-expect-error No such option of explorations.
  exploring(test, { timeout: 100 });
  // @ts-expect-error No test function.
  exploring("test");
}

/** Programs of callbacks, predicted and observed. */
export async function predicted(): Promise<void> {
  const orders = predictOrders((loop) => {
    const handle = loop.setTimeout(() => loop.log("timer"), 1);
    true satisfies Equal<typeof handle, LoopHandle>;
    loop.clear(handle);
    // @ts-expect-error A loop has no such thing.
    loop.setInterval(() => {}, 1);
  }, "node18");
  true satisfies Equal<typeof orders, string[][]>;
  const order = await observeOrder((loop) => loop.nextTick(() => loop.log("tick")));
  true satisfies Equal<typeof order, string[]>;
  // @ts-expect-error A profile is needed.
  predictOrders(() => {});
}
