/**
 * What every consumer of the package runs, in browsers too. Each feature that works prints a line `works: NAME`.
 *
 * @module
 */

import { Channel, group, LoopMonitor, mapChunked, scheduler, sleep, withTimeout, WorkerPool } from "@millrace/millrace";

type Tasks = typeof import("./tasks.ts");

/** The error with which a feature says that the host has not got what it needs. */
export interface Lack {
  readonly name: string;
  readonly message: RegExp;
}

/** What a consumer does in its own way. */
export interface Settings {
  /** The worker module, named as the tool wants it named. */
  readonly worker: ConstructorParameters<typeof WorkerPool<Tasks>>[0];
  /** Worker modules of other forms, with the same functions. */
  readonly more?: readonly Settings["worker"][];
  /** Worker modules that have only `add`. */
  readonly plain?: readonly Settings["worker"][];
  /** What cannot work on this host, and how it has to say so. */
  readonly lacks?: { readonly pool?: Lack; readonly watchdog?: Lack };
}

/** Uses every feature of the main entry point; rejects when one does not do what it should. */
export async function useLibrary({ worker, more = [], plain = [], lacks = {} }: Settings): Promise<void> {
  await feature("group", groupFailsAndCleansUp);
  await feature("withTimeout", timeoutExpires);
  await feature("mapChunked", loopLetsOthersRun);
  await feature("postTask", postedTasksKeepOrder);
  await feature("Channel", channelCarries);
  await feature("WorkerPool", async () => {
    for (const module of [worker, ...more]) await poolRuns(module);
    for (const module of plain) await poolAdds(module);
  }, lacks.pool);
  await watchdogNames(worker, lacks.watchdog);
}

/** Prints that a feature works, or with what error it has said that it cannot; that has to be the one expected. */
export async function feature(name: string, use: () => Promise<void>, lack?: Lack): Promise<void> {
  if (lack === undefined) {
    await use();
    console.log(`works: ${name}`);
    return;
  }
  const error = await use().then(() => undefined, (error: Error) => error);
  check(`${name} lacks something`, error?.name === lack.name && lack.message.test(error.message), error);
  console.log(`lacks: ${name}`);
}

/** Throws when something is not as it should be. */
export function check(what: string, ok: boolean, seen: unknown): void {
  if (!ok) throw new Error(`${what}: seen was ${seen instanceof Error ? seen.stack : String(seen)}`);
}

async function groupFailsAndCleansUp(): Promise<void> {
  const log: string[] = [];
  const error = await group((g) => {
    g.spawn(async () => {
      try {
        await sleep(60_000);
      } finally {
        log.push("cleanup");
      }
    });
    g.spawn(async () => {
      await sleep(5);
      throw new Error("a failure");
    });
  }).catch((error) => error);
  check("the group fails with its task", error.message === "a failure", error);
  check("the sibling cleans up", log.join() === "cleanup", log);
}

async function timeoutExpires(): Promise<void> {
  const error = await withTimeout(10, () => sleep(60_000)).catch((error) => error);
  check("the time is over", error.name === "TimeoutError", error);
}

async function loopLetsOthersRun(): Promise<void> {
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const squares = await mapChunked(200, (index) => {
    const end = performance.now() + 0.5;
    while (performance.now() < end);
    return index * index;
  });
  clearInterval(timer);
  check("each item is mapped", squares.length === 200 && squares[199] === 39601, squares.length);
  check("timers run meanwhile", turns > 0, turns);
}

async function postedTasksKeepOrder(): Promise<void> {
  const order: string[] = [];
  await Promise.all([
    scheduler.postTask(() => order.push("background"), { priority: "background" }),
    scheduler.postTask(() => order.push("user-blocking"), { priority: "user-blocking" }),
  ]);
  check("priorities count", order.join() === "user-blocking,background", order);
}

async function channelCarries(): Promise<void> {
  const channel = new Channel<number>(1);
  const received: number[] = [];
  await group((g) => {
    g.spawn(async () => {
      for (const value of [1, 2, 3]) await channel.send(value);
      channel.close();
    });
    g.spawn(async () => {
      for await (const value of channel) received.push(value);
    });
  });
  check("all values arrive", received.join() === "1,2,3", received);
}

/** Calls functions of a worker module: a plain one, one that talks to its job, and one that throws. */
async function poolRuns(worker: Settings["worker"]): Promise<void> {
  const pool = new WorkerPool<Tasks>(worker, { size: 1 });
  try {
    const sum = await pool.run("add", [40, 2]);
    check("a function of the worker module runs", sum === 42, sum);
    const steps: unknown[] = [];
    const answer = await pool.run("reports", [], { onProgress: (step) => void steps.push(step) });
    check("a function reports to its job", answer === "done" && steps.join() === "half", steps);
    const error = await pool.run("fails", []).catch((error) => error);
    check("an error comes back whole", error instanceof RangeError && error.message === "out of range", error);
  } finally {
    await pool.close();
  }
}

async function poolAdds(worker: Settings["worker"]): Promise<void> {
  const pool = new WorkerPool<Tasks>(worker, { size: 1 });
  try {
    const sum = await pool.run("add", [40, 2]);
    check(`the function of ${worker} runs`, sum === 42, sum);
  } finally {
    await pool.close();
  }
}

/** Spins in a task. Who runs the program looks for the line of the watchdog that names it. */
async function watchdogNames(worker: Settings["worker"], lack: Lack | undefined): Promise<void> {
  const watch = async (): Promise<void> => {
    const monitor = new LoopMonitor({ watchdog: 80 });
    // Nothing tells when the watchdog's thread has started. One that was started after it, and has answered, tells how busy the machine is.
    await poolAdds(worker);
    await sleep(500);
    await group((g) => {
      g.spawn(() => {
        const end = performance.now() + 700;
        while (performance.now() < end);
      }, { name: "greedy" });
    });
    // A browser hands on what a thread has printed when the page's own thread has time for it.
    await sleep(300);
    monitor.close();
  };
  if (lack === undefined) await watch();
  else await feature("watchdog", watch, lack);
}
