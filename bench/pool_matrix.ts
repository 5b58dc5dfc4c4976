/**
 * The ways a call can fail, through each pool: does the call settle, with what says why, and does the next call work? Printed as
 * a table; the figure is how many of the cases come out wrong.
 */

import process from "node:process";
import { WorkerPool } from "../mod.ts";
import type { Bench, Case } from "./harness.ts";

interface AnyPool {
  run(name: string, args: unknown[], options?: { signal?: AbortSignal; transfer?: ArrayBuffer[] }): Promise<unknown>;
  end(): unknown;
}

const module = new URL("./pool_matrix_tasks.mjs", import.meta.url);
const fileOf = (name: string): string => new URL(`./${name}`, import.meta.url).pathname;

/** Does the host limit the memory of a thread? Elsewhere the case of that name would take all of the machine's. */
const hasLimits = !("Deno" in globalThis) && !("Bun" in globalThis);
const limits = hasLimits ? { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } } : {};

const makers: Record<string, () => Promise<AnyPool>> = {
  "Millrace": () => {
    const pool = new WorkerPool(module, { size: 1, teardownTimeout: 50, ...limits });
    return Promise.resolve({
      run: (name, args, options) => pool.run(name, args, options),
      end: () => pool.close({ timeout: 0 }),
    });
  },
  "piscina": async () => {
    const { Piscina } = await import("piscina");
    const pool = new Piscina({ filename: module.href, minThreads: 1, maxThreads: 1, ...limits });
    return {
      run: (name, [arg], { signal, transfer } = {}) =>
        pool.run(arg, {
          name,
          ...(signal && { signal }),
          ...(transfer && { transferList: transfer as never }),
        }),
      end: () => pool.destroy(),
    };
  },
  "tinypool": async () => {
    const { default: Tinypool } = await import("tinypool");
    const pool = new Tinypool({ filename: module.href, minThreads: 1, maxThreads: 1, ...limits });
    return {
      run: (name, [arg], { signal, transfer } = {}) =>
        pool.run(arg, { name, ...(signal && { signal }), ...(transfer && { transferList: transfer as never }) }),
      end: () => pool.destroy(),
    };
  },
  "poolifier": async () => {
    const { FixedThreadPool } = await import("poolifier");
    const pool = new FixedThreadPool<unknown, unknown>(1, fileOf("pool_matrix_poolifier.mjs"), {
      errorHandler: () => {},
      workerOptions: limits,
    });
    return {
      run: (name, [arg], { signal, transfer } = {}) => pool.execute(arg, name, signal, transfer),
      end: () => pool.destroy(),
    };
  },
  "workerpool": async () => {
    const { default: workerpool } = await import("workerpool");
    const pool = workerpool.pool(fileOf("pool_matrix_workerpool.mjs"), {
      maxWorkers: 1,
      workerType: "thread",
      workerThreadOpts: limits,
    });
    return {
      run(name, args, { signal, transfer } = {}) {
        // It has no signals: cancel() is what there is.
        if (signal?.aborted) return Promise.reject(signal.reason);
        const call = pool.exec(name, args, transfer && { transfer });
        signal?.addEventListener("abort", () => call.cancel());
        return Promise.resolve(call as unknown as Promise<unknown>);
      },
      end: () => pool.terminate(true),
    };
  },
};

type Outcome = { value: unknown } | { error: unknown } | "never";

/** What becomes of a promise within two seconds. */
function settled(promise: Promise<unknown>): Promise<Outcome> {
  return Promise.race([
    promise.then((value) => ({ value }), (error) => ({ error })),
    new Promise<"never">((resolve) => setTimeout(resolve, 2000, "never")),
  ]);
}

function isError(error: unknown): boolean {
  return error instanceof Error && error.message !== "";
}

/** A case tries a pool that works, and answers what is wrong. */
type Try = (pool: AnyPool) => Promise<string | undefined>;

/** A function that fails: with what it is to reject. */
function fails(name: string, isRight: (error: unknown) => boolean): Try {
  return async (pool) => judge(await settled(pool.run(name, [])), isRight);
}

function judge(outcome: Outcome, isRight: (error: unknown) => boolean): string | undefined {
  if (outcome === "never") return "never settles";
  if (!("error" in outcome)) return "gives a result";
  return isRight(outcome.error) ? undefined : "does not say why";
}

function aborted(name: string): Try {
  return async (pool) => {
    const controller = new AbortController();
    const call = settled(pool.run(name, [], { signal: controller.signal }));
    setTimeout(() => controller.abort(new Error("stop")), 50);
    return judge(await call, isError);
  };
}

const cases: Record<string, Try> = {
  "unclonable result": fails("unclonable", isError),
  "error with a function": fails("functionProperty", (error) => (error as Error).message?.includes("kept")),
  "own class, code, cause": fails("own", (error) => {
    const { name, code, cause } = error as Error & { code: string };
    return name === "OwnError" && code === "E_OWN" && (cause as Error)?.message === "inner";
  }),
  "throw function": fails("thrownFunction", isError),
  "throw undefined": fails("thrownUndefined", (error) => error === undefined),
  "process.exit(0)": fails("exit0", isError),
  "process.exit(7)": fails("exit7", isError),
  "throw in a timer": fails("timer", isError),
  "unhandled rejection": fails("rejection", isError),
  "out of memory": fails("eatMemory", isError),
  "abort a busy loop": aborted("spin"),
  "abort a sleep": aborted("doze"),
  "aborted before the call": async (pool) => {
    const outcome = await settled(
      Promise.resolve().then(() => pool.run("count", [], { signal: AbortSignal.abort(new Error("early")) })),
    );
    const count = await settled(pool.run("count", []));
    if (count !== "never" && "value" in count && count.value !== 1) return "runs all the same";
    return judge(outcome, isError);
  },
  "detached buffer": async (pool) => {
    const buffer = new ArrayBuffer(8);
    await settled(pool.run("size", [buffer], { transfer: [buffer] }));
    return judge(await settled(Promise.resolve().then(() => pool.run("size", [buffer]))), isError);
  },
  "ended with calls pending": async (pool) => {
    const calls = [pool.run("doze", []), pool.run("one", []), pool.run("one", [])].map(settled);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const end = Promise.resolve(pool.end());
    end.catch(() => {});
    for (const outcome of await Promise.all(calls)) if (outcome === "never") return "never settles";
    return undefined;
  },
};

async function verdict(make: () => Promise<AnyPool>, name: string): Promise<string> {
  if (name === "out of memory" && !hasLimits) return "no limits here";
  const pool = await make();
  await settled(pool.run("one", []));
  const wrong = await cases[name]!(pool);
  if (name.startsWith("ended")) return wrong ?? "ok";
  const next = await settled(Promise.resolve().then(() => pool.run("one", [])));
  void Promise.resolve(pool.end()).catch(() => {});
  const nextToo = next === "never" ? "next never settles" : "error" in next ? "next call fails" : undefined;
  return [wrong, nextToo].filter((text) => text !== undefined).join(", ") || "ok";
}

/** The verdicts, by pool and case. */
const verdicts = new Map<string, Map<string, string>>();

async function matrixOf(pool: string, make: () => Promise<AnyPool>): Promise<number> {
  let known = verdicts.get(pool);
  if (known === undefined) {
    verdicts.set(pool, known = new Map());
    for (const name of Object.keys(cases)) {
      known.set(name, await verdict(make, name).catch((error) => `fails: ${String(error.message).split("\n")[0]}`));
    }
    if (verdicts.size === Object.keys(makers).length) printTable();
  }
  return [...known.values()].filter((text) => text !== "ok" && text !== "no limits here").length;
}

function printTable(): void {
  const pools = [...verdicts.keys()];
  const widths = pools.map((pool) =>
    Math.max(pool.length, ...[...verdicts.get(pool)!.values()].map((it) => it.length))
  );
  const row = (first: string, cells: string[]): void =>
    console.log(
      `  ${first.padEnd(26)}${cells.map((cell, index) => cell.padEnd(widths[index]! + 2)).join("")}`.trimEnd(),
    );
  row("", pools);
  for (const name of Object.keys(cases)) row(name, pools.map((pool) => verdicts.get(pool)!.get(name)!));
}

export const bench: Bench = {
  name: "pool-matrix",
  claim: "a call settles and says why however it fails, and the next one works",
  unit: "of 15 wrong",
  target: undefined,
  isAside: true,
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
