import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  Channel,
  checkpoint,
  currentTask,
  formatTasks,
  group,
  moveOnAfter,
  sleep,
  streamConcurrent,
  type StreamConcurrentOptions,
  StructureError,
  suppressed,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { testOnFakeLoop } from "../../support/fake_loop.ts";
import { testWith } from "../../support/needs.ts";
import { searched } from "../../support/searched.ts";
import { countListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, turnsUntil, watch } from "../../support/turns.ts";

/** Items that count what is done with their source. */
class Counted {
  opened = 0;
  pulled = 0;
  closed = 0;
  readonly #count: number;
  readonly #fails: boolean;

  constructor(count: number, fails = false) {
    this.#count = count;
    this.#fails = fails;
  }

  sync(): Iterable<number> {
    return { [Symbol.iterator]: () => this.#iterator((it) => it) };
  }

  async(): AsyncIterable<number> {
    return { [Symbol.asyncIterator]: () => this.#iterator((it) => checkpoint().then(() => it)) };
  }

  #iterator<I extends Iterator<number> | AsyncIterator<number>>(give: (step: unknown) => unknown): I {
    this.opened++;
    return {
      next: () => {
        if (this.pulled < this.#count) return give({ done: false, value: this.pulled++ });
        if (this.#fails) throw new RangeError("source");
        return give({ done: true, value: undefined });
      },
      return: () => {
        this.closed++;
        return give({ done: true, value: undefined });
      },
    } as unknown as I;
  }
}

async function all<R>(results: AsyncIterable<R>): Promise<R[]> {
  const list: R[] = [];
  for await (const result of results) list.push(result);
  return list;
}

test("arguments of a wrong kind or range are refused at the call with the value received", () => {
  const fn = (item: unknown): unknown => item;
  const refused: [() => unknown, typeof TypeError | typeof RangeError, string][] = [
    [() => streamConcurrent(5 as never, fn, { limit: 1 }), TypeError, "iterable: received 5"],
    [() => streamConcurrent([], 5 as never, { limit: 1 }), TypeError, "received 5"],
    [() => streamConcurrent([], fn, undefined as never), TypeError, "needs a limit: received undefined"],
    [() => streamConcurrent([], fn, {} as never), TypeError, "needs a limit: received undefined"],
    [() => streamConcurrent([], fn, null as never), TypeError, "received null"],
    [() => streamConcurrent([], fn, { limit: 0 }), RangeError, "received 0"],
    [() => streamConcurrent([], fn, { limit: "2" as never }), TypeError, "received 2"],
    [() => streamConcurrent([], fn, { limit: 1, ordered: 1 as never }), TypeError, "received 1"],
    [() => streamConcurrent([], fn, { limit: 1, concurrency: 1 } as never), TypeError, `received "concurrency"`],
    [() => streamConcurrent([], fn, { limit: 1, signal: 1 as never }), TypeError, "received 1"],
    [() => streamConcurrent([], fn, { limit: 1, priority: "high" as never }), TypeError, "high"],
    [() => streamConcurrent([], fn, { limit: 1, timeout: -1 }), RangeError, "-1"],
  ];
  for (const [act, kind, text] of refused) assertThrows(act, kind, text.replace(/received ([02])$/, "$1"));
});

testOnFakeLoop("results come in the order of the items, or with ordered: false as they are there", async () => {
  const slowFirst = async (item: number): Promise<number> => {
    await sleep(10 - item);
    return item;
  };
  assertEquals(await all(streamConcurrent([1, 5, 9, 2], slowFirst, { limit: 3 })), [1, 5, 9, 2]);
  assertEquals(await all(streamConcurrent([1, 5, 9, 2], slowFirst, { limit: 3, ordered: false })), [9, 5, 1, 2]);
  assertEquals(await all(streamConcurrent([], slowFirst, { limit: 1 })), []);
});

test("nothing begins before a result is asked for, and no more than the limit is being made or waits to be taken", async () => {
  const source = new Counted(100);
  let ended = 0;
  const results = streamConcurrent(source.sync(), (item) => {
    ended++;
    return item;
  }, { limit: 3 });
  await turns();
  assertEquals([source.opened, source.pulled], [0, 0]);
  assertEquals(await results.next(), { done: false, value: 0 });
  await turns();
  assertEquals([source.pulled, ended], [4, 4]);
  assertEquals(await results.next(), { done: false, value: 1 });
  await turns();
  assertEquals([source.pulled, ended], [5, 5]);
  await results.return();
  assertEquals([source.closed, await results.next()], [1, { done: true, value: undefined }]);
});

test("a stream that was left before its first result never touches its source", async () => {
  const source = new Counted(1);
  const results = streamConcurrent(source.sync(), (item) => item, { limit: 1 });
  assertEquals(await results.return(), { done: true, value: undefined });
  assertEquals([await results.next(), source.opened], [{ done: true, value: undefined }, 0]);
});

for (const kind of ["sync", "async"] as const) {
  for (const how of ["break", "throw", "return", "dispose"] as const) {
    test(`leaving a loop over a source that is ${kind} by ${how} cancels and awaits what runs, and closes the source once`, async () => {
      const source = new Counted(100);
      let live = 0;
      const fn = async (item: number): Promise<number> => {
        live++;
        try {
          if (item > 2) await sleep(1e6);
          return item;
        } finally {
          await turns(2).catch(() => {});
          live--;
        }
      };
      async function loop(): Promise<string> {
        const results = streamConcurrent(source[kind](), fn, { limit: 4 });
        if (how === "dispose") {
          await using disposed = results;
          await disposed.next();
          return "disposed";
        }
        for await (const result of results) {
          if (result < 2) continue;
          if (how === "break") break;
          if (how === "throw") throw new RangeError("body");
          return "returned";
        }
        return "left";
      }
      const error = await group((g) => g.spawn(loop)).catch((it) => it);
      if (how === "throw") assertInstanceOf(error, RangeError);
      else assertEquals(error, { break: "left", return: "returned", dispose: "disposed" }[how]);
      assertEquals([live, source.closed], [0, 1]);
    });
  }
}

test("the first failure cancels the rest, and is thrown when all has ended, after the results before it", async () => {
  const source = new Counted(100);
  let live = 0;
  const results = streamConcurrent(source.sync(), async (item) => {
    live++;
    try {
      if (item === 2) {
        await turns(5);
        throw new RangeError("two");
      }
      if (item > 2) await sleep(1e6);
      return item;
    } finally {
      live--;
    }
  }, { limit: 6 });
  const got: unknown[] = [(await results.next()).value];
  await turns(20);
  assertEquals(live, 0);
  got.push((await results.next()).value);
  const error = await results.next().catch((it) => it);
  assertInstanceOf(error, RangeError);
  assertEquals([got, source.closed, await results.next()], [[0, 1], 1, { done: true, value: undefined }]);
  const later = new Error("closing");
  const failing = streamConcurrent(
    {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false, value: 1 }),
        return: () => {
          throw later;
        },
      }),
    },
    () => Promise.reject(error),
    { limit: 1 },
  );
  assertStrictEquals(await failing.next().catch((it) => it), error);
  assertEquals(suppressed(error), [later]);
});

test("a failure of the source is thrown after the results of what it gave, where those are there", async () => {
  for (const kind of ["sync", "async"] as const) {
    const source = new Counted(2, true);
    const got: number[] = [];
    const error = await (async () => {
      for await (const result of streamConcurrent(source[kind](), (item) => item, { limit: 1 })) got.push(result);
    })().catch((it) => it);
    assertInstanceOf(error, RangeError);
    assertEquals([got, source.closed], [[0, 1], 0]);
  }
});

test("what fails while a loop is left is thrown by the leaving", async () => {
  const results = streamConcurrent([1, 2], async (item) => {
    if (item === 1) return item;
    try {
      await sleep(1e6);
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new RangeError("cleanup");
    }
  }, { limit: 2 });
  await results.next();
  await turns();
  await assertRejects(() => results.return(), RangeError, "cleanup");
  assertEquals(await results.return(), { done: true, value: undefined });
});

test("a failure that no loop looks at any more goes to onUnhandled when its scope ends", async () => {
  const handed = await unhandledDuring(() =>
    group((g) =>
      void g.spawn(async () => {
        const results = streamConcurrent([1, 2], (item) => {
          if (item === 2) throw "unseen";
          return item;
        }, { limit: 2 });
        await results.next();
        await turns();
      })
    )
  );
  assertEquals(handed, ["unseen"]);
});

test("the tasks belong to the scope of the loop: its cancellation ends them before it goes on", async () => {
  const source = new Counted(100);
  let live = 0;
  const scope = new CancelScope();
  const results = streamConcurrent(source.async(), async (item) => {
    live++;
    try {
      if (item === 3) scope.cancel();
      await turns(3);
      return item;
    } finally {
      live--;
    }
  }, { limit: 2 });
  let seen: unknown;
  await group((g) =>
    g.spawn(() =>
      scope.run(async () => {
        try {
          await all(results);
        } catch (error) {
          seen = [error instanceof Cancelled, live, source.closed];
          throw error;
        }
      })
    )
  );
  assertEquals(seen, [true, 0, 1]);
  assert(scope.cancelCaught, "the scope did not absorb its cancellation");
});

test("in a cancelled scope the source is not even opened", async () => {
  const source = new Counted(1);
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    await assertRejects(() => all(streamConcurrent(source.sync(), (item) => item, { limit: 1 })), Cancelled);
  });
  const signal = AbortSignal.abort(new RangeError("aborted"));
  await assertRejects(() => all(streamConcurrent(source.sync(), (item) => item, { limit: 1, signal })), RangeError);
  assertEquals(source.opened, 0);
});

testWith(
  "async context",
  "a cancellation that comes when all is done gives no end that looks like success",
  async () => {
    const scope = new CancelScope();
    let ends: unknown;
    await scope.run(async () => {
      const results = streamConcurrent([1, 2, 3], (item) => item, { limit: 3 })[Symbol.asyncIterator]();
      await results.next();
      await turns();
      scope.cancel();
      ends = await results.next().catch((it) => it);
      throw ends;
    });
    assertInstanceOf(ends, Cancelled);
  },
);

test("a wait for a result that is cancelled alone loses nothing", async () => {
  await group((g) =>
    g.spawn(async () => {
      const gate = new Channel<number>(1);
      await using results = streamConcurrent([1, 2, 3], async (item) => {
        if (item === 2) await gate.receive();
        return item;
      }, { limit: 2 })[Symbol.asyncIterator]();
      assertEquals((await results.next()).value, 1);
      assertEquals(await moveOnAfter(1, () => results.next()), undefined);
      await gate.send(0);
      assertEquals([(await results.next()).value, (await results.next()).value], [2, 3]);
      assertEquals(await results.next(), { done: true, value: undefined });
    })
  );
});

test("without a loop the tasks belong to where the stream was made, if the results are asked for in there", async () => {
  const value = await group((g) =>
    g.spawn(async () => {
      await using results = streamConcurrent([1, 2], (item) => turns(2).then(() => item), { limit: 2 });
      const first = await withTimeout(10_000, () => results.next());
      return [first.value, (await withTimeout(10_000, () => results.next())).value];
    })
  );
  assertEquals(value, [1, 2]);
  const made = streamConcurrent([1, 2], (item) => item, { limit: 1 });
  await assertRejects(() => new CancelScope().run(() => made.next()), StructureError, "streamConcurrent was left open");
});

test("a signal ends the stream at once with its reason, a timeout with TimeoutError, and no listener is left", async () => {
  const controller = new AbortController();
  const listeners = countListeners(controller.signal);
  const source = new Counted(100);
  const results = streamConcurrent(source.async(), (item) => item < 2 ? item : sleep(1e6).then(() => item), {
    limit: 3,
    signal: controller.signal,
  });
  assertEquals(await results.next(), { done: false, value: 0 });
  await turns();
  controller.abort("enough");
  assertEquals([await results.next().catch((it) => it), source.closed, listeners()], ["enough", 1, 0]);
  const slow = streamConcurrent([1], () => sleep(1e6), { limit: 1, timeout: 5 });
  await assertRejects(() => slow.next(), TimeoutError);
});

test("a stream that is left open is a StructureError of the task around it, which ends it", async () => {
  const source = new Counted(100);
  await assertRejects(
    () =>
      group((g) =>
        g.spawn(async () => {
          const results = streamConcurrent(source.sync(), (item) => item, { limit: 2 });
          await results.next();
        })
      ),
    StructureError,
    "streamConcurrent was left open",
  );
  assertEquals(source.closed, 1);
});

test("results that are asked for at once come in the order of the asking, and leaving ends those that wait", async () => {
  const gate = new Channel<number>(9);
  const results = streamConcurrent(gate, (item) => item, { limit: 2 });
  const asked = [1, 2, 3, 4].map(() => watch(results.next()));
  for (const value of [10, 20]) await gate.send(value);
  await turnsUntil(() => asked[1]!.state === "fulfilled", "two are answered");
  assertEquals(asked.map(({ value }) => value?.value), [10, 20, undefined, undefined]);
  await results.return();
  await turns();
  assertEquals(asked.slice(2).map(({ value }) => value?.done), [true, true]);
});

test("names, priority and what is waited for are those of a group", async () => {
  const seen: unknown[] = [];
  let text = "";
  await group((g) =>
    g.spawn(async () => {
      const results = streamConcurrent([1], function work(_item, index, task) {
        seen.push(index, task === currentTask(), task.name.startsWith("work#"), task.priority);
        text = formatTasks();
      }, { limit: 1, priority: "background", name: "pages" });
      await all(results);
    }, { name: "reader" })
  );
  assertEquals(seen, [0, true, true, "background"]);
  assert(/reader.*waiting for a result of streamConcurrent/.test(text) && text.includes("pages (group)"), text);
});

test("waits that nobody awaits are no unhandled rejection when they are cancelled", async () => {
  const stray = await strayRejections(async () => {
    for (const after of [0, 1, 3]) {
      const scope = new CancelScope();
      await scope.run(async () => {
        const results = streamConcurrent([1, 2], () => sleep(1e6), { limit: 2 });
        void results.next();
        void results.next();
        await turns(after);
        scope.cancel();
        await checkpoint();
      });
    }
    await turns();
  });
  assertEquals(stray, []);
});

test("whatever the pace, results are right, the bound holds, and nothing is left when a loop ends", async () => {
  const plans = fc.record({
    paces: fc.array(fc.nat(4), { maxLength: 10 }),
    limit: fc.integer({ min: 1, max: 4 }),
    ordered: fc.boolean(),
    kind: fc.constantFrom("sync" as const, "async" as const),
    readerPace: fc.nat(3),
    failsAt: fc.option(fc.nat(10)),
    leaveAfter: fc.option(fc.nat(8)),
    abortAt: fc.option(fc.nat(20)),
  });
  await fc.assert(
    fc.asyncProperty(plans, async ({ paces, limit, ordered, kind, readerPace, failsAt, leaveAfter, abortAt }) => {
      const source = new Counted(paces.length);
      const controller = new AbortController();
      const options: StreamConcurrentOptions = { limit, ordered, signal: controller.signal };
      let live = 0;
      let done = 0;
      const got: number[] = [];
      const results = streamConcurrent(source[kind](), async (item) => {
        assert(++live <= limit, `${live} of ${limit}`);
        try {
          await turns(paces[item]);
          if (item === failsAt) throw "failed";
          done++;
          return item;
        } finally {
          live--;
          assert(source.pulled - got.length <= limit + 1, `${source.pulled} pulled, ${got.length} taken`);
        }
      }, options);
      const reading = (async () => {
        for await (const result of results) {
          got.push(result);
          await turns(readerPace);
          if (got.length === leaveAfter) return "left";
        }
        return "done";
      })().catch((it) => it);
      if (abortAt !== null) {
        await turns(abortAt);
        controller.abort("aborted");
      }
      const outcome = await reading;
      assertEquals(live, 0);
      assert(source.closed <= 1, `closed ${source.closed} times`);
      if (outcome === "left" && source.pulled < paces.length) assertEquals(source.closed, 1);
      assertEquals(new Set(got).size, got.length, "a result came twice");
      if (ordered) assertEquals(got, got.map((_, index) => index));
      if (outcome === "done") assertEquals(got.toSorted((a, b) => a - b), paces.map((_, index) => index));
      if (outcome === "failed") assert(failsAt !== null && failsAt < paces.length);
      assert(["done", "left", "failed", "aborted"].includes(outcome), `${outcome}`);
      assert(done >= got.length);
    }),
    { numRuns: 400 },
  );
});

test("under every schedule, cancelled everywhere, the source is closed and no task is left", () =>
  searched(() => {
    const source = new Counted(4);
    let live = 0;
    const got: number[] = [];
    return {
      body: (sim) =>
        group((g) =>
          g.spawn(async () => {
            const results = streamConcurrent(source.async(), async (item) => {
              live++;
              try {
                await sim.io(`makes ${item}`);
                return item;
              } finally {
                live--;
              }
            }, { limit: 2 });
            for await (const result of results) {
              got.push(result);
              await sim.io(`takes ${result}`);
              if (result === 2) break;
            }
          })
        ),
      after() {
        assertEquals([live, got], [0, got.map((_, index) => index)]);
        assert(source.opened === 0 || source.closed === 1 || source.pulled === 4, "the source was not closed");
      },
    };
  }));

test("20,000 items that need no waiting leave the loop its turns", async () => {
  let others = 0;
  let over = false;
  const counting = (async () => {
    for (; !over; others++) await checkpoint();
  })();
  const items = Array.from({ length: 20_000 }, (_, index) => index);
  const results = await all(streamConcurrent(items, (item) => item, { limit: 8 }));
  over = true;
  await counting;
  assertEquals(results, items);
  assert(others > 100, `others had ${others} turns`);
});
