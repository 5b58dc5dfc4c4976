/**
 * Calls of a pool that end in every way at random: what each settles with is checked, and that nothing is left. Run by itself, the
 * arguments are the seed, the number of calls and, if every pool is to have it, `maxCalls`; it prints what came of them, and ends by itself if nothing holds it.
 */

import process from "node:process";
import {
  callback,
  configure,
  group,
  moveOnAfter,
  PoolClosedError,
  QueueFullError,
  TimeoutError,
  WorkerExitError,
  WorkerPool,
} from "../../../mod.ts";
import { countListeners, flagsOf, module, type Pool, type Tasks } from "./pool_support.ts";

/** What came of the calls. */
export interface ChaosReport {
  seed: number;
  calls: number;
  /** Calls that had not settled ten seconds after their pool was closed. */
  unsettled: number;
  /** Calls that settled with what they should not have, in words. */
  wrong: string[];
  /** What was left behind: listeners, workers, calls that the statistics still count. */
  left: string[];
  /** How many calls ended how. */
  outcomes: Record<string, number>;
  pools: number;
}

/** A repeatable source of chance. */
function chance(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) % below;
  };
}

/** Does the host limit the memory of threads? */
const hasLimits = !("Deno" in globalThis) && !("Bun" in globalThis);

type Right = (outcome: unknown) => boolean;

const died: Right = (outcome) => outcome instanceof WorkerExitError;
const timedOut: Right = (outcome) => outcome instanceof TimeoutError;
const is = (value: unknown): Right => (outcome) => (outcome as { value?: unknown } | undefined)?.value === value;
const either = (...all: Right[]): Right => (outcome) => all.some((right) => right(outcome));
const thrown = (value: unknown): Right => (outcome) => outcome === value;
const named = (name: string): Right => (outcome) => (outcome as { name?: unknown } | undefined)?.name === name;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Makes about so many calls, in pools of 50 to 300; with `maxCalls` each pool has that. */
export async function chaos(seed: number, calls: number, maxCalls?: number): Promise<ChaosReport> {
  const pick = chance(seed);
  const report: ChaosReport = { seed, calls: 0, unsettled: 0, wrong: [], left: [], outcomes: {}, pools: 0 };
  configure({ onUnhandled: (error) => void count(report, `reported ${nameOf(error)}`) });
  try {
    while (report.calls < calls) await onePool(pick, Math.min(50 + pick(250), calls - report.calls), maxCalls, report);
  } finally {
    configure({ onUnhandled: undefined });
  }
  return report;
}

function count(report: ChaosReport, what: string): void {
  report.outcomes[what] = (report.outcomes[what] ?? 0) + 1;
}

function nameOf(outcome: unknown): string {
  if (typeof outcome === "object" && outcome !== null && "value" in outcome) return "a result";
  return outcome instanceof Error ? outcome.name : String(outcome);
}

async function onePool(
  pick: (below: number) => number,
  calls: number,
  maxCalls: number | undefined,
  report: ChaosReport,
): Promise<void> {
  report.pools++;
  // In some pools workers die of what a call has left behind, and take down whatever runs then.
  const dirty = pick(4) === 0;
  const queueLimit = pick(5) === 0 ? pick(40) : undefined;
  const most = 1 + pick(40);
  const pool: Pool = new WorkerPool<Tasks>(module, {
    size: 1 + pick(3),
    teardownTimeout: pick(15),
    ...(queueLimit !== undefined && { queueLimit }),
    ...(pick(4) === 0 && { maxCalls: 5 + pick(40) }),
    ...(maxCalls !== undefined && { maxCalls }),
    ...(hasLimits && { resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 4 } }),
  });
  const closeAfter = pick(3) === 0 ? pick(calls) : calls;
  const closeTimeout = pick(4) === 0 ? 0 : pick(800);
  const pending = new Set<Promise<void>>();
  const listeners: (() => number)[] = [];
  let closing: Promise<void> | undefined;

  const expect = (what: string, call: () => Promise<unknown>, right: Right): void => {
    report.calls++;
    let promise: Promise<unknown>;
    try {
      promise = call();
    } catch (error) {
      promise = Promise.reject(error);
    }
    const watched = promise.then((value) => ({ value }), (error) => error).then((outcome: unknown) => {
      pending.delete(watched);
      count(report, nameOf(outcome));
      if (right(outcome)) return;
      if (closing !== undefined && outcome instanceof PoolClosedError) return;
      if (queueLimit !== undefined && outcome instanceof QueueFullError) return;
      if (dirty && died(outcome)) return;
      report.wrong.push(`seed ${report.seed}: ${what}: ${String(outcome)}`);
    });
    pending.add(watched);
  };
  const signal = (ms: number): AbortSignal => {
    const controller = new AbortController();
    listeners.push(countListeners(controller.signal));
    setTimeout(() => controller.abort("stop"), ms);
    return controller.signal;
  };

  for (let n = 0; n < calls; n++) {
    if (n === closeAfter) closing = pool.close({ timeout: closeTimeout });
    oneCall(pool, pick, n, dirty, expect, signal);
    if (n > closeAfter + 20) break;
    if (pick(6) === 0) await wait(pick(6));
    while (pending.size > most) await Promise.race(pending);
  }
  closing ??= pool.close({ timeout: closeTimeout });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => timer = setTimeout(resolve, 10_000 + closeTimeout, "late"));
  const over = await Promise.race([Promise.all([closing, ...pending]), late]);
  clearTimeout(timer);
  if (over === "late") {
    report.unsettled += pending.size;
    if (pending.size === 0) report.left.push("close() did not settle");
  }
  const { workers, running, queued, completed, failed, cancelled } = pool.statistics();
  if (workers + running + queued > 0) report.left.push(`${workers} workers, ${running} running, ${queued} queued`);
  if (completed + failed + cancelled === 0 && closeAfter > 5) report.left.push("nothing was counted");
  const heard = listeners.reduce((sum, listenersOf) => sum + listenersOf(), 0);
  if (heard > 0) report.left.push(`${heard} listeners`);
}

/** Makes one call, of a kind chosen at random. */
function oneCall(
  pool: Pool,
  pick: (below: number) => number,
  n: number,
  dirty: boolean,
  expect: (what: string, call: () => Promise<unknown>, right: Right) => void,
  signal: (ms: number) => AbortSignal,
): void {
  const kind = pick(100);
  if (kind === 0) expect("exit", () => pool.run("exit", [n % 3]), died);
  else if (kind === 1) expect("throw in a timer", () => pool.run("throwLater", []), died);
  else if (kind === 2) expect("unhandled rejection", () => pool.run("rejectsLater", []), died);
  else if (kind === 3) {
    if (hasLimits) expect("out of memory", () => pool.run("eatMemory", []), died);
    else expect("close", () => pool.run("close", []), died);
  } else if (kind === 4) {
    const options = { signal: signal(pick(40)) };
    expect("busy loop aborted", () => pool.run("spinForever", [flagsOf()], options), thrown("stop"));
  } else if (kind === 5) {
    if (dirty) expect("throw after the result", () => pool.run("throwAfterResult", []), is("result"));
    else expect("runTimeout", () => pool.run("ignoresAbort", [flagsOf()], { runTimeout: 1 + pick(10) }), timedOut);
  } else if (kind < 9) {
    expect("timeout", () => pool.run("ignoresAbort", [flagsOf()], { timeout: 1 + pick(30) }), timedOut);
  } else if (kind < 18) {
    const options = { signal: signal(pick(30)) };
    expect("abort", () => pool.run("later", [n, pick(20)], options), either(thrown("stop"), is(n)));
  } else if (kind < 24) expect("throw", () => pool.run("fails", ["string"]), thrown("a string"));
  else if (kind < 28) expect("unclonable", () => pool.run("unclonable", ["field"]), named("DataCloneError"));
  else if (kind < 31) expect("unclonable argument", () => pool.run("identity", [() => 1]), named("DataCloneError"));
  else if (kind < 36) {
    const buffer = new ArrayBuffer(64);
    // Moved to a worker that died before it began, it cannot be moved again.
    const right = either(is(64), died);
    expect("transfer", () => pool.run("sizeOf", [buffer], { transfer: [buffer] }), right);
  } else if (kind < 42) {
    const stopAt = pick(3) === 0 ? pick(50) : Infinity;
    const options = { highWaterMark: 1 + pick(10), ...(pick(3) === 0 && { signal: signal(pick(20)) }) };
    expect("stream", async () => {
      let sum = 0;
      for await (const value of pool.stream("numbers", [100], options)) if ((sum += value) >= stopAt) return "left";
      return sum;
    }, either(is(4950), is("left"), thrown("stop")));
  } else if (kind < 45) {
    expect("failing stream", async () => {
      for await (const _ of pool.stream("failing", [3])) { /* read */ }
    }, named("RangeError"));
  } else if (kind < 50) {
    const items = Array.from({ length: pick(300) }, (_, index) => index);
    const right: Right = (outcome) => (outcome as { value?: unknown[] }).value?.length === items.length;
    expect("map", () => pool.map("double", items), right);
  } else if (kind < 52) expect("failing map", () => pool.map("oddFails", [0, 1, 2]), named("RangeError"));
  else if (kind < 57) {
    const nested = callback((value: number) => pool.run("add", [value, 1]));
    // The call within may find the pool closed, or full.
    const right = either(is(5), named("PoolClosedError"), named("QueueFullError"));
    expect("nested", () => pool.run("callsBack", [nested, 2]), right);
  } else if (kind < 63) {
    expect(
      "moveOnAfter",
      () => moveOnAfter(pick(20), () => pool.run("later", [n, pick(20)])),
      either(is(n), is(undefined)),
    );
  } else if (kind < 67) {
    const within = (): Promise<unknown> =>
      group(async (g) => {
        g.spawn(() => pool.run("later", [1, pick(10)]));
        await pool.run("fails", ["string"]);
      });
    expect("group", within, thrown("a string"));
  } else if (kind < 69) {
    const onProgress = (): void => {
      throw "of the caller";
    };
    expect("progress", () => pool.run("progressing", [2], { onProgress }), thrown("of the caller"));
  } else if (kind < 75) {
    const priority = (["background", "user-blocking"] as const)[pick(2)]!;
    expect("priority", () => pool.run("add", [n, 1], { priority }), is(n + 1));
  } else if (kind < 80) expect("later", () => pool.run("later", [n, pick(5)]), is(n));
  else expect("add", () => pool.run("add", [n, 1]), is(n + 1));
}

if (/\/chaos\.ts$/.test(process.argv[1] ?? "")) {
  const [seed, calls, maxCalls] = process.argv.slice(2).map(Number);
  console.log(JSON.stringify(await chaos(seed!, calls!, maxCalls)));
}
