/**
 * The ways a call can fail, through each pool: does the call settle, with what says why, and does the next call work? Printed as
 * a table; the figure is how many of the cases come out wrong.
 */

import process from "node:process";
import { WorkerPool } from "../mod.ts";
import type { Bench, Case } from "./harness.ts";

interface AnyPool {
  run(name: string, args: unknown[], signal?: AbortSignal): Promise<unknown>;
  end(): unknown;
}

const module = new URL("./pool_matrix_tasks.mjs", import.meta.url);

const makers: Record<string, () => Promise<AnyPool>> = {
  "Millrace": () => {
    const pool = new WorkerPool(module, { size: 1, teardownTimeout: 50 });
    return Promise.resolve({
      run: (name, args, signal) => pool.run(name, args, signal && { signal }),
      end: () => pool.close({ timeout: 0 }),
    });
  },
  "piscina": async () => {
    const { Piscina } = await import("piscina");
    const pool = new Piscina({ filename: module.href, minThreads: 1, maxThreads: 1 });
    return {
      run: (name, [arg], signal) => pool.run(arg, signal ? { name, signal } : { name }),
      end: () => pool.destroy(),
    };
  },
  "tinypool": async () => {
    const { default: Tinypool } = await import("tinypool");
    const pool = new Tinypool({ filename: module.href, minThreads: 1, maxThreads: 1 });
    return {
      run: (name, [arg], signal) => pool.run(arg, signal ? { name, signal } : { name }),
      end: () => pool.destroy(),
    };
  },
  "workerpool": async () => {
    const { default: workerpool } = await import("workerpool");
    const file = new URL("./pool_matrix_workerpool.mjs", import.meta.url).pathname;
    const pool = workerpool.pool(file, { maxWorkers: 1, workerType: "thread" });
    return {
      run(name, args, signal) {
        const call = pool.exec(name, args);
        signal?.addEventListener("abort", () => call.cancel());
        return Promise.resolve(call as unknown as Promise<unknown>);
      },
      end: () => pool.terminate(true),
    };
  },
};

const isError = (error: unknown): boolean => error instanceof Error && error.message !== "";

/** The name of a case, its function, and whether what it rejects with is right. */
const cases: [string, string, (error: unknown) => boolean, "aborted"?][] = [
  ["unclonable result", "unclonable", isError],
  ["error with a function", "functionProperty", (error) => isError(error) && (error as Error).message.includes("kept")],
  ["own class, code, cause", "own", (error) => {
    const { name, code, cause } = error as Error & { code: string };
    return name === "OwnError" && code === "E_OWN" && (cause as Error)?.message === "inner";
  }],
  ["throw function", "thrownFunction", isError],
  ["throw undefined", "thrownUndefined", (error) => error === undefined],
  ["process.exit(0)", "exit0", isError],
  ["process.exit(7)", "exit7", isError],
  ["throw in a timer", "timer", isError],
  ["unhandled rejection", "rejection", isError],
  ["abort a busy loop", "spin", () => true, "aborted"],
  ["abort a sleep", "doze", () => true, "aborted"],
];

/** What becomes of a promise within two seconds. */
function settled(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown } | "never"> {
  return Promise.race([
    promise.then((value) => ({ value }), (error) => ({ error })),
    new Promise<"never">((resolve) => setTimeout(resolve, 2000, "never")),
  ]);
}

async function verdict(make: () => Promise<AnyPool>, [, name, isRight, aborted]: (typeof cases)[number]) {
  const pool = await make();
  await settled(pool.run("one", []));
  const controller = new AbortController();
  const call = settled(pool.run(name, [], aborted && controller.signal));
  if (aborted) setTimeout(() => controller.abort(new Error("stop")), 50);
  const outcome = await call;
  const next = await settled(pool.run("one", []));
  void Promise.resolve(pool.end()).catch(() => {});
  if (outcome === "never") return next === "never" ? "never settles, nor does the next" : "never settles";
  if (!("error" in outcome) || !isRight(outcome.error)) return "says not why";
  return next !== "never" && "value" in next ? "ok" : "the next call fails";
}

const wrong = new Map<string, number>();

async function matrixOf(pool: string, make: () => Promise<AnyPool>): Promise<number> {
  if (wrong.has(pool)) return wrong.get(pool)!;
  let count = 0;
  for (const each of cases) {
    const text = await verdict(make, each).catch((error) => `fails: ${(error as Error).message.split("\n")[0]}`);
    if (text !== "ok") count++;
    console.error(`  ${pool.padEnd(12)}${each[0].padEnd(26)}${text}`);
  }
  wrong.set(pool, count);
  return count;
}

export const bench: Bench = {
  name: "pool-matrix",
  claim: "a call settles and says why however it fails, and the next one works",
  unit: "cases wrong",
  target: undefined,
  rounds: 1,
  cases(): Case[] {
    // What some pools throw in the main thread would end the bench.
    process.on("uncaughtException", () => {});
    process.on("unhandledRejection", () => {});
    return Object.entries(makers).map(([name, make]) => ({
      name,
      kind: name === "Millrace" ? "ours" : "peer",
      run: () => matrixOf(name, make),
    }));
  },
};
