import fc from "fast-check";
import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelScope,
  checkpoint,
  currentTask,
  forEachChunked,
  group,
  mapChunked,
  reduceChunked,
  runChunked,
} from "../../mod.ts";

test("every item of every kind of source is visited once, in order, with its index", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer(), { maxLength: 300 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (items, sliceTime) => {
        const pairs = items.map((value, index) => [value, index]);
        for (
          const source of [items, new Set(items.map((value, index) => `${index}:${value}`)), {
            ...items,
            length: items.length,
          }]
        ) {
          const seen = await mapChunked(
            source as number[],
            (value, index) => [Number(String(value).split(":").at(-1)), index],
            { sliceTime },
          );
          assertEquals(seen, pairs);
        }
        assertEquals(await mapChunked(Int32Array.from(items), (value) => value), items);
        assertEquals(await mapChunked(items.length, (index, same) => index === same && index), [...items.keys()]);
        assertEquals(
          await reduceChunked(items, (sum, value) => sum + value, 0),
          items.reduce((sum, value) => sum + value, 0),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test("timers of the host fire while chunked work runs", async () => {
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  let stop = false;
  await runChunked(function* () {
    while (!stop) {
      stop = ticks >= 3;
      yield;
    }
  });
  clearInterval(ticking);
  assert(ticks >= 3, `${ticks} ticks`);
});

test("a cancellation stops the work within one item, and a generator's finally runs", async () => {
  const scope = new CancelScope();
  let items = 0;
  await scope.run(() =>
    forEachChunked(1e9, () => {
      if (++items === 1) scope.cancel();
    })
  );
  assertEquals(items, 1);
  const log: string[] = [];
  const other = new CancelScope();
  await other.run(() =>
    runChunked(function* () {
      try {
        other.cancel();
        yield;
        log.push("not reached");
        yield;
      } finally {
        log.push("finally");
      }
    })
  );
  assertEquals(log, ["finally"]);
});

test("a signal stops the work with its reason itself, and an iterator is closed exactly once", async () => {
  const controller = new AbortController();
  let closed = 0;
  function* endless(): Generator<number> {
    try {
      for (let n = 0;; n++) yield n;
    } finally {
      closed++;
    }
  }
  const error = await forEachChunked(endless(), (n) => {
    if (n === 100) controller.abort("enough");
  }, { signal: controller.signal }).catch((reason) => reason);
  assertEquals([error, closed], ["enough", 1]);
  await assertRejects(
    () =>
      forEachChunked(endless(), () => {
        throw new Error("item");
      }),
    Error,
    "item",
  );
  assertEquals(closed, 2);
});

test("asynchronous callbacks are refused, and wrong arguments at the call", async () => {
  await assertRejects(() => forEachChunked(3, (async () => {}) as never), TypeError, "mapConcurrent");
  assertThrows(() => forEachChunked(-1, () => {}), RangeError, "-1");
  assertThrows(() => forEachChunked(undefined as never, () => {}), TypeError, "undefined");
  assertThrows(() => runChunked((() => 1) as never), TypeError, "generator");
  assertThrows(() => forEachChunked(1, () => {}, { sliceTime: -1 }), RangeError, "-1");
});

test("progress is reported at the end with all items done", async () => {
  const reports: number[] = [];
  await forEachChunked(1000, () => {}, { onProgress: ({ done, total }) => reports.push(done, total!) });
  assertEquals(reports.slice(-2), [1000, 1000]);
});

test("items run in the caller's task, and the first slice has a turn of its own", async () => {
  await group((g) => {
    g.spawn(async (task) => {
      let ran = false;
      const work = forEachChunked(1, () => {
        ran = currentTask() === task;
      });
      await Promise.resolve();
      assert(!ran, "it ran in the caller's turn");
      await work;
      assert(ran, "it ran outside the task");
    });
  });
});

test("a job of higher priority is done first, and jobs of one priority share the slices", async () => {
  const log: string[] = [];
  const spin = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  const job = (name: string, priority: "user-blocking" | "background"): Promise<void> =>
    forEachChunked(12, () => {
      spin(1);
      if (log.at(-1) !== name) log.push(name);
    }, { priority });
  await Promise.all([job("low", "background"), job("a", "user-blocking"), job("b", "user-blocking")]);
  assertEquals(log.at(-1), "low");
  assert(log.length > 4, `the jobs did not take turns: ${log}`);
  await checkpoint();
});
