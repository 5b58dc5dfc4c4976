/** An entry of the run queue with a promise that it settles, beside a bare immediate with a promise that it settles. */

import { AsyncLocalStorage } from "node:async_hooks";
import { checkpoint, scheduler } from "../mod.ts";
import { type Bench, type Case, peer, type Timed, timeEach } from "./harness.ts";

const count = 20_000;
/** How many that follow one another. */
const turns = 10_000;

const floor: Case = {
  name: "immediates that settle a promise each",
  kind: "floor",
  run: () => all(immediate),
};

export const bench: Bench = {
  name: "turn",
  claim: "an entry and its settled promise cost at most 1.5 x a batch of bare immediates",
  unit: "us",
  target: 1.5,
  rounds: 21,
  async cases() {
    const cases: Case[] = [
      floor,
      { name: "Millrace: checkpoint()", kind: "ours", run: () => all(() => checkpoint()) },
      { name: "Millrace: scheduler.postTask()", kind: "ours", run: () => all(() => scheduler.postTask(() => {})) },
    ];
    await peer(cases, "scheduler-polyfill postTask", async () => {
      const scheduler = await polyfill();
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
    await peer(cases, "p-queue with priorities", async () => {
      const { default: PQueue } = await import("p-queue");
      return () => {
        const queue = new PQueue({ concurrency: 1 });
        return all(() => queue.add(() => {}), 2000);
      };
    });
    await peer(cases, "Effect: a fiber for each", async () => {
      const { Effect } = await import("effect");
      return () => all(() => Effect.runPromise(Effect.sync(() => {})), 2000);
    });
    return cases;
  },
};

/** So many entries at once, again and again: of a batch all are in flight together. */
function inFlight(size: number, times: number): Case[] {
  const batches = (start: () => Promise<unknown>) => () =>
    timeEach(size * times, async () => {
      for (let time = 0; time < times; time++) await batch(start, size);
    });
  return [
    { ...floor, run: batches(immediate) },
    { name: "Millrace: scheduler.postTask()", kind: "ours", run: batches(() => scheduler.postTask(() => {})) },
  ];
}

export const postFew: Bench = {
  name: "post-1000",
  claim: "with 1,000 in flight, a posted task and its settled promise cost at most 1.5 x an immediate that settles one",
  unit: "us",
  target: 1.5,
  rounds: 15,
  cases: () => inFlight(1000, 100),
};

export const postMany: Bench = {
  ...postFew,
  name: "post-50000",
  claim:
    "with 50,000 in flight, a posted task and its settled promise cost at most 1.5 x an immediate that settles one",
  cases: () => inFlight(50_000, 2),
};

export const withContext: Bench = {
  ...bench,
  name: "turn-context",
  claim: "where the poster has async context to carry, a posted task costs at most 2 x a batch of bare immediates",
  target: 2,
  cases() {
    const storage = new AsyncLocalStorage();
    const inside = (run: Case["run"]): Case["run"] => () => storage.run({}, run);
    return [
      { ...floor, run: inside(floor.run) },
      {
        name: "Millrace: scheduler.postTask()",
        kind: "ours",
        run: inside(() => all(() => scheduler.postTask(() => {}))),
      },
    ];
  },
};

export const yields: Bench = {
  name: "yield",
  claim: "a yield, one after the other, costs at most 1.3 x a bare setImmediate promise",
  unit: "us",
  target: 1.3,
  rounds: 21,
  async cases() {
    const cases: Case[] = [
      {
        name: "await a promise that setImmediate settles",
        kind: "floor",
        run: () => inTurn(immediate),
      },
      { name: "Millrace: scheduler.yield()", kind: "ours", run: () => inTurn(() => scheduler.yield()) },
    ];
    await peer(cases, "the host's scheduler.yield() of timers/promises", async () => {
      const { scheduler: hosts } = await import("node:timers/promises");
      return () => inTurn(() => hosts.yield() as unknown as Promise<void>);
    });
    await peer(cases, "scheduler-polyfill yield", async () => {
      const scheduler = await polyfill();
      return () => inTurn(() => scheduler.yield());
    });
    await peer(cases, "main-thread-scheduling yieldControl", async () => {
      const { yieldControl } = await import("main-thread-scheduling");
      await refuseWithoutTurn(() => yieldControl());
      return () => inTurn(() => yieldControl());
    });
    await peer(cases, "Effect: yieldNow", async () => {
      const { Effect } = await import("effect");
      return () =>
        timeEach(turns, () =>
          Effect.runPromise(Effect.gen(function* () {
            for (let index = 0; index < turns; index++) yield* Effect.yieldNow;
          })));
    });
    return cases;
  },
};

/** What one of many entries costs beside one of few; for a bare immediate too, because the engine's own memory is not free either. */
export const manyEntries: Bench = {
  name: "turn-million",
  claim: "of 1,000,000 queued entries one costs at most 1.5 x what one of 1,000 costs",
  unit: "us",
  target: 1.5,
  rounds: 5,
  cases: () => [
    { name: "Millrace: 1,000 entries", kind: "floor", run: () => all(() => checkpoint(), 1000) },
    { name: "Millrace: 1,000,000 entries", kind: "ours", run: () => all(() => checkpoint(), 1_000_000) },
    { name: "1,000 immediates that settle a promise each", kind: "peer", run: () => all(immediate, 1000) },
    { name: "1,000,000 immediates that settle a promise each", kind: "peer", run: () => all(immediate, 1_000_000) },
  ],
};

function all(start: () => Promise<unknown>, number: number = count): Promise<Timed> {
  return timeEach(number, () => batch(start, number));
}

function batch(start: () => Promise<unknown>, number: number): Promise<unknown> {
  const promises: Promise<unknown>[] = [];
  for (let index = 0; index < number; index++) promises.push(start());
  return Promise.all(promises);
}

function inTurn(step: () => Promise<void>): Promise<Timed> {
  return timeEach(turns, async () => {
    for (let index = 0; index < turns; index++) await step();
  });
}

function immediate(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface WebScheduler {
  postTask(fn: () => void): Promise<void>;
  yield(): Promise<void>;
}

async function polyfill(): Promise<WebScheduler> {
  const scope = globalThis as { self?: unknown; scheduler?: WebScheduler };
  scope.self ??= globalThis;
  await import("scheduler-polyfill");
  return scope.scheduler!;
}

/** Refuses a peer whose yield gives the loop to nobody, as one made for windows does elsewhere. */
async function refuseWithoutTurn(step: () => Promise<void>): Promise<void> {
  let hasTurned = false;
  setImmediate(() => hasTurned = true);
  for (let times = 0; times < 10; times++) await step();
  if (!hasTurned) throw new Error("it does nothing outside a browser's window");
}
