import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  CancelScope,
  checkpoint,
  type ChunkedProgress,
  currentTask,
  forEachChunked,
  group,
  mapChunked,
  reduceChunked,
  runChunked,
  type SlowItem,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { unhandledDuring } from "../../support/errors.ts";
import type { FakeHost } from "../../support/fake_host.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { spin } from "../../support/spin.ts";
import { testWith } from "../../support/needs.ts";

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

testWith("async context", "items run in the caller's task, and the first slice has a turn of its own", async () => {
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

function fail(message: string): never {
  throw new Error(message);
}

/** Does something to a fake loop's time in each item, and answers with what the work came to. */
function spins(cost: (index: number) => number, fake: FakeHost): (value: unknown, index: number) => number {
  return (_, index) => {
    fake.time += cost(index);
    return index;
  };
}

test("the stride is learnt: the clock is read seldom, and items that become a thousand times dearer cost no slice more", async () => {
  await onFakeLoop(async (fake) => {
    for (const before of [0.000_01, 0.0001, 0.001]) {
      let longest = 0;
      let last = fake.time;
      let turn = -1;
      const { queue } = loop();
      await forEachChunked(100_000, (_, index) => {
        if (queue.entriesRun !== turn) last = fake.time;
        turn = queue.entriesRun;
        fake.time += index < 90_000 ? before : before * 1000;
        longest = Math.max(longest, fake.time - last);
      }, { onSlowItem: () => {} });
      assert(longest <= 10, `${longest} ms at a stretch with items of ${before} ms`);
    }
    const clock = fake.host.now;
    let looks = 0;
    (fake.host as { now: () => number }).now = () => (looks++, clock());
    await forEachChunked(1_000_000, spins(() => 0.000_01, fake));
    assert(looks < 10_000, `${looks} looks at the clock for 1,000,000 items`);
  });
});

test("a turn of chunked work lasts a slice, or the slice time of its own, and the loop's timers fire in between", async () => {
  await onFakeLoop(async (fake) => {
    for (const sliceTime of [undefined, 2]) {
      const { queue } = loop();
      const lengths = new Map<number, number>();
      await forEachChunked(1000, () => {
        fake.time += 0.1;
        lengths.set(queue.entriesRun, (lengths.get(queue.entriesRun) ?? 0) + 0.1);
      }, sliceTime === undefined ? {} : { sliceTime });
      const longest = Math.max(...lengths.values());
      assert(Math.abs(longest - (sliceTime ?? 5)) <= 0.11, `${longest} ms`);
    }
  });
});

test("progress comes at most every 100 ms and at the end, with the number done, the rate and the time that remains", async () => {
  await onFakeLoop(async (fake) => {
    const reports: (ChunkedProgress & { at: number })[] = [];
    await forEachChunked(1000, spins(() => 1, fake), {
      onProgress: (progress) => reports.push({ ...progress, at: fake.time }),
    });
    for (const [index, { done, total, rate, remaining, at }] of reports.entries()) {
      const isLast = index === reports.length - 1;
      assert(
        isLast || index === 0 || at - reports[index - 1]!.at >= 100,
        `reports at ${reports.map((each) => each.at)}`,
      );
      assertEquals(total, 1000);
      assert(
        Math.abs(rate - 1000) < 60 && Math.abs(remaining! - (1000 - done)) <= 60,
        `${done}: ${rate}, ${remaining}`,
      );
    }
    assert(reports.length >= 8 && reports.length <= 11, `${reports.length} reports`);
    assertEquals([reports.at(-1)!.done, reports.at(-1)!.remaining], [1000, 0]);
    const unknown: ChunkedProgress[] = [];
    await forEachChunked(new Set([1, 2]), () => {}, { onProgress: (progress) => unknown.push(progress) });
    assertEquals([unknown.at(-1)!.done, unknown.at(-1)!.total, unknown.at(-1)!.remaining], [2, undefined, undefined]);
  });
});

test("what onProgress throws stops the work", async () => {
  const error = new Error("progress");
  await assertRejects(
    () =>
      forEachChunked(10, () => {}, {
        onProgress: () => {
          throw error;
        },
      }),
    Error,
    "progress",
  );
});

test("a cancellation in the middle of a long stride stops every kind of work after that item", async () => {
  const sources: Record<string, (fn: (index: number) => void) => Promise<unknown>> = {
    count: (fn) => forEachChunked(1e7, fn),
    array: (fn) => forEachChunked(Array.from({ length: 1e6 }, (_, index) => index), fn),
    "typed array": (fn) => reduceChunked(new Float32Array(1e6).fill(1), (_, __, index) => fn(index), undefined as void),
    map: (fn) => mapChunked(1e6, fn),
    iterator: (fn) => forEachChunked(Array.from({ length: 1e6 }, (_, index) => index).values(), fn),
    generator: (fn) =>
      runChunked(function* () {
        for (let index = 0;; index++) {
          fn(index);
          yield;
        }
      }),
  };
  for (const [name, work] of Object.entries(sources)) {
    for (const at of [0, 63, 64, 70_000, 500_000]) {
      const scope = new CancelScope();
      let last = -1;
      await scope.run(() =>
        work((index) => {
          last = index;
          if (index === at) scope.cancel();
        })
      );
      assertEquals(last, at, name);
    }
  }
});

test("the results of cancelled work are in the array that was given, and the last progress says how many are done", async () => {
  const controller = new AbortController();
  const into: number[] = [];
  const reports: number[] = [];
  const reason = await mapChunked(1e6, (index) => {
    if (index === 1234) controller.abort("enough");
    return index * 2;
  }, { into, signal: controller.signal, onProgress: ({ done }) => reports.push(done) }).catch((error) => error);
  assertEquals([reason, into.length, into.at(-1), reports.at(-1)], ["enough", 1235, 2468, 1235]);
  const given: string[] = ["before"];
  assertEquals(await mapChunked(["a"], (value) => value, { into: given }), ["before", "a"]);
  assertThrows(() => mapChunked(1, () => 1, { into: {} as never }), TypeError);
});

test("an item longer than the slice is told once, with its index and what it cost", async () => {
  await onFakeLoop(async (fake) => {
    const told: SlowItem[] = [];
    await forEachChunked(40, spins((index) => index === 7 || index === 9 ? 30 : 0.5, fake), {
      name: "rows",
      onSlowItem: (item) => told.push(item),
    });
    assertEquals(told, [{ index: 7, count: 1, duration: 30, name: "rows" }]);
    const texts: string[] = [];
    (fake.host as { report: (text: string) => void }).report = (text) => void texts.push(text);
    await forEachChunked(40, spins((index) => index === 3 ? 30 : 0.5, fake), { name: "rows" });
    await runChunked(function* () {
      yield;
      fake.time += 20;
      yield;
      fake.time += 20;
    });
    await forEachChunked(40, spins(() => 4, fake));
    assertEquals(texts.length, 2);
    assertMatch(texts[0]!, /Item 3 of the chunked work "rows" took 30\.0 ms.*slice of 5 ms.*WorkerPool/);
    assertMatch(texts[1]!, /Item 1 of the chunked work took 20\.0 ms/);
  });
});

test("a callback that returns a promise later than the first item is refused too", async () => {
  let calls = 0;
  await assertRejects(
    () => forEachChunked(1e6, (index) => (calls++, index > 5000 ? Promise.resolve() : undefined) as never),
    TypeError,
    "mapConcurrent",
  );
  assert(calls < 200_000, `${calls} calls`);
  // One that rejects causes no unhandled rejection.
  await assertRejects(() => mapChunked(3, () => Promise.reject(new Error("inside"))), TypeError, "mapConcurrent");
});

test("arrays that shrink or grow meanwhile, and holes, are gone over as for...of does it", async () => {
  for (const [change, start] of [["grow", 10], ["shrink", 5000], ["same", 300]] as const) {
    const make = (): number[] => Array.from({ length: start }, (_, index) => index);
    const act = (array: number[], value: number): void => {
      if (change === "grow" && array.length < 3000) array.push(array.length);
      if (change === "shrink" && value % 3 === 0) array.pop();
    };
    const expected: number[] = [];
    const plain = make();
    for (const value of plain) {
      expected.push(value);
      act(plain, value);
    }
    const ours = make();
    assertEquals(await mapChunked(ours, (value) => (act(ours, value), value)), expected);
  }
  const sparse: (number | undefined)[] = [1, , 3];
  assertEquals(await mapChunked(sparse, (value, index) => [value, index]), [[1, 0], [undefined, 1], [3, 2]]);
});

test("an array with an iterator of its own is gone over by it", async () => {
  const array = [1, 2, 3];
  array[Symbol.iterator] = function* () {
    yield 9;
  } as never;
  assertEquals(await mapChunked(array, (value) => value), [9]);
});

test("an iterator that ends or throws is not closed, one that is left is, exactly once", async () => {
  const log: string[] = [];
  function iterator(steps: number, fails: boolean): Iterable<number> {
    let step = 0;
    return {
      [Symbol.iterator]: () => ({
        next() {
          if (step < steps) return { done: false, value: step++ };
          if (fails) throw new Error("next");
          return { done: true, value: undefined };
        },
        return() {
          log.push("closed");
          return { done: true, value: undefined };
        },
      }),
    };
  }
  // The longer ones come to have a loop of their own.
  for (const steps of [200, 600_000]) {
    await forEachChunked(iterator(steps, false), () => {});
    await assertRejects(() => forEachChunked(iterator(steps, true), () => {}), Error, "next");
  }
  assertEquals(log, []);
  for (const at of [0, 100, 599_000]) {
    await assertRejects(
      () =>
        forEachChunked(iterator(600_000, false), (value) => {
          if (value === at) throw new Error("item");
        }),
      Error,
      "item",
    );
  }
  await forEachChunked(iterator(10, false), () => {}, { signal: AbortSignal.abort() }).catch(() => {});
  const scope = new CancelScope();
  scope.cancel();
  await scope.run(() => forEachChunked(iterator(10, false), () => log.push("ran")));
  assertEquals(log, ["closed", "closed", "closed", "closed", "closed"]);
});

test("a generator's finally runs to its end when the work is cancelled, in turns too, and its error is thrown", async () => {
  const log: string[] = [];
  const controller = new AbortController();
  const reason = await runChunked(function* () {
    try {
      controller.abort("enough");
      yield;
      log.push("not reached");
    } finally {
      for (let step = 0; step < 3; step++) {
        log.push(`cleanup ${step}`);
        yield;
      }
    }
  }, { signal: controller.signal }).catch((error) => error);
  assertEquals([reason, log], ["enough", ["cleanup 0", "cleanup 1", "cleanup 2"]]);
  const scope = new CancelScope();
  await assertRejects(
    () =>
      scope.run(() =>
        runChunked(function* () {
          try {
            scope.cancel();
            yield;
          } finally {
            fail("cleanup");
          }
        })
      ),
    Error,
    "cleanup",
  );
});

test("an error of return() after an error of the callback goes to onUnhandled", async () => {
  function* source(): Generator<number> {
    try {
      yield 1;
    } finally {
      fail("closing");
    }
  }
  const handed = await unhandledDuring(() =>
    assertRejects(
      () =>
        forEachChunked(source(), () => {
          throw new Error("item");
        }),
      Error,
      "item",
    )
  );
  assertEquals(handed.map((error) => (error as Error).message), ["closing"]);
});

/** The same numbers, each time they are gone over, by iterators that can be closed and by ones that cannot. */
function iterables(numbers: readonly number[]): Iterable<number>[] {
  const map = new Map(numbers.entries());
  const begun = (): Iterator<number> => {
    let at = 0;
    return {
      next: () => at < numbers.length ? { done: false, value: numbers[at++]! } : { done: true, value: undefined },
      // To go on with it is not to ask it for another one.
      [Symbol.iterator]: begun,
    } as Iterator<number>;
  };
  return [
    { [Symbol.iterator]: () => map.values() },
    { [Symbol.iterator]: () => numbers.values() },
    {
      *[Symbol.iterator]() {
        yield* numbers;
      },
    },
    { [Symbol.iterator]: begun },
  ];
}

test("long work over every kind of source gives what the plain loop gives, with a loop of its own too", async () => {
  const length = 600_000;
  const numbers = Array.from({ length }, (_, index) => (index * 7919) % 1000);
  const typed = Float64Array.from(numbers);
  const sum = numbers.reduce((total, value) => total + value, 0);
  for (let round = 0; round < 2; round++) {
    assertEquals(await reduceChunked(numbers, (total, value) => total + value, 0), sum);
    assertEquals(await reduceChunked(typed, (total, value) => total + value, 0), sum);
    assertEquals(await reduceChunked(length, (total, index) => total + typed[index]!, 0), sum);
    const mapped = await mapChunked(typed, (value, index) => value - index);
    assert(mapped.length === length && mapped.every((value, index) => value === typed[index]! - index));
    for (const iterable of iterables(numbers)) {
      assertEquals(await reduceChunked(iterable, (total: number, value) => total + value, 0), sum);
      const mapped = await mapChunked(iterable, (value, index) => value - index);
      assert(mapped.length === length && mapped.every((value, index) => value === numbers[index]! - index));
    }
    let each = 0;
    await forEachChunked(numbers, (value, index) => void (each += value === numbers[index] ? value : NaN));
    assertEquals(each, sum);
  }
});
