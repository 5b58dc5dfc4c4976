import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import fc from "fast-check";
import { forEachChunked, group, type LongTurn, LoopMonitor, scheduler, sleep, StructureError } from "../../../mod.ts";
import { DelayHistogram } from "../../../runtime/basics/histogram.ts";
import { outside } from "../../../runtime/monitor/monitor.ts";
import { start } from "../../support/child.ts";
import { thisHost } from "../../support/this_host.ts";
import { spin } from "../../support/spin.ts";
import { testWith } from "../../support/needs.ts";

const program = new URL("./programs/stuck.ts", import.meta.url);

test("a histogram's quantiles are right within 3 %, also after a merge", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.array(fc.double({ min: 0, max: 10, noNaN: true }), { maxLength: 300 }),
      (some, others) => {
        const histogram = new DelayHistogram();
        const second = new DelayHistogram();
        some.forEach((value) => histogram.add(value));
        others.forEach((value) => second.add(value));
        histogram.merge(second);
        const sorted = [...some, ...others].sort((a, b) => a - b);
        for (const share of [0.5, 0.9, 0.99, 0.999, 1]) {
          const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1]!;
          assert(Math.abs(histogram.quantile(share) - exact) <= exact * 0.03 + 0.001, `${share}: ${exact}`);
        }
        const { count, max, mean } = histogram.summary();
        assertEquals([count, max], [sorted.length, sorted.at(-1)!]);
        assert(Math.abs(mean - sorted.reduce((sum, value) => sum + value, 0) / sorted.length) < 1e-6 * max + 1e-9);
      },
    ),
  );
  const empty = new DelayHistogram();
  assertEquals(Object.values(empty.summary()), [0, 0, 0, 0, 0, 0, 0]);
});

test("long turns are told with who ran: a task, its microtasks, chunked work, a posted callback, or nobody of ours", async () => {
  const turns: LongTurn[] = [];
  const monitor = new LoopMonitor({ longTurn: 150, onLongTurn: (turn) => turns.push(turn) });
  try {
    await group(async (g) => {
      g.spawn(() => spin(200), { name: "greedy" });
      g.spawn(async () => {
        await Promise.resolve();
        spin(200);
      }, { name: "later" });
      await g.spawn(() => forEachChunked(1, () => spin(200), { name: "rows", onSlowItem: () => {} }), { name: "job" });
    }, { name: "program" });
    await scheduler.postTask(function posted() {
      spin(200);
    });
    await new Promise<void>((resolve) => setTimeout(() => (spin(300), resolve()), 30));
    await sleep(60);
    const told = turns.map(({ who }) => who.replace(/#\d+/g, "").replace(/, or a callback.*/, ""));
    for (
      const who of [
        "task program > greedy",
        "task program > later",
        'chunked work "rows" in task program > job',
        'posted callback "posted"',
        outside,
      ]
    ) assert(told.includes(who), `${who} is not among ${told.join(", ")}`);
    const snapshot = monitor.snapshot();
    assert(snapshot.longTurnCount >= 5 && snapshot.delay.max >= 200 && snapshot.busy >= 800);
    assert(snapshot.utilization > 0.1 && snapshot.utilization <= 1 && snapshot.turns >= 5 && snapshot.slices >= 1);
    monitor.reset();
    assertEquals([monitor.snapshot().longTurnCount, monitor.snapshot().turns], [0, 0]);
  } finally {
    monitor.close();
    monitor.close();
  }
});

test("one monitor watches at a time, and wrong options are refused", () => {
  const monitor = new LoopMonitor();
  assertThrows(() => new LoopMonitor(), StructureError);
  monitor.close();
  new LoopMonitor().close();
  assertThrows(() => new LoopMonitor({ resolution: 0 }), RangeError);
  assertThrows(() => new LoopMonitor({ watchdog: "1" as never }), TypeError);
});

test("a watchdog where threads share no memory is a TypeError that says what the page lacks; nothing else needs it", () => {
  const scope = globalThis as { SharedArrayBuffer?: unknown };
  const found = Object.getOwnPropertyDescriptor(scope, "SharedArrayBuffer");
  // A page that is not isolated has none.
  if (found !== undefined) new LoopMonitor({ watchdog: 1000 }).close();
  delete scope.SharedArrayBuffer;
  try {
    assertThrows(() => new LoopMonitor({ watchdog: 1000 }), TypeError, "cross-origin isolation");
    new LoopMonitor().close();
  } finally {
    if (found !== undefined) Object.defineProperty(scope, "SharedArrayBuffer", found);
  }
});

/** Runs a program that blocks the loop until the watchdog has said what it has to. */
async function watched(name: string, ...patterns: RegExp[]): Promise<void> {
  const child = start(program, [name]);
  for (const pattern of patterns) await child.waitFor(pattern);
  child.process.kill("SIGKILL");
  await child.ended;
}

const tellsStacks = thisHost().startsWith("node");

testWith(
  "programs",
  "the watchdog names a task that spins for 200 ms while it does, and says when the loop goes on",
  async () => {
    const child = start(program, ["spin"]);
    await child.waitFor(/The loop is stuck since \d+ ms in task program > greedySpin#\d+\n/);
    if (tellsStacks) await child.waitFor(/ at greedySpin \(.*stuck\.ts/);
    await child.waitFor(/The loop goes on, after \d+ ms/);
    await child.waitFor(/long turn of \d+ ms: task program > greedySpin#\d+/);
    child.signal("SIGTERM");
    assertMatch((await child.ended).stdout, /ended\n$/);
  },
);

testWith(
  "programs",
  "the watchdog names a task whose microtasks never end, whichever way they are queued",
  async () => {
    await watched("microtasks", /The loop is stuck since \d+ ms in task program > endlessMicrotasks#\d+\n/);
    await watched("awaits", /The loop is stuck since \d+ ms in task program > endlessAwaits#\d+\n/);
    await watched("ticks", /The loop is stuck since \d+ ms in task program > endlessTicks#\d+\n/);
  },
);

testWith(
  "programs",
  "the watchdog says that nobody of ours spins, and where it can ask names the task that the host has resumed",
  async () => {
    const stack = tellsStacks ? [/ at greedySpin \(.*stuck\.ts/] : [];
    await watched("outside", /The loop is stuck since \d+ ms in .*outside Millrace/, ...stack);
    const task = tellsStacks ? [/It is in task program > endlessAfterTimer#\d+\n/, / at endlessAwaits/] : [];
    await watched("resumed", /The loop is stuck since \d+ ms in .*a task that waited for something else/, ...task);
  },
);
