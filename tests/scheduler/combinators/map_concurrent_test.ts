import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  Channel,
  checkpoint,
  mapConcurrent,
  shield,
  sleep,
  suppressed,
  TaskCancelledError,
  TimeoutError,
} from "../../../mod.ts";
import { turns, watch } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

/** A source that counts what is done to it. */
class Counted<T> {
  pulled = 0;
  closed = 0;
  readonly #values: Iterator<T>;

  constructor(values: Iterable<T>) {
    this.#values = values[Symbol.iterator]();
  }

  #next(): IteratorResult<T> {
    const step = this.#values.next();
    if (!step.done) this.pulled++;
    return step;
  }

  sync(): Iterable<T> {
    return {
      [Symbol.iterator]: () => ({
        next: () => this.#next(),
        return: () => {
          this.closed++;
          return { done: true, value: undefined };
        },
      }),
    };
  }

  async(): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          await checkpoint();
          return this.#next();
        },
        return: async () => {
          await checkpoint();
          this.closed++;
          return { done: true, value: undefined };
        },
      }),
    };
  }
}

function* naturals(): Generator<number> {
  for (let value = 0;; value++) yield value;
}

test("what is no iterable, no function, no limit is refused at the call", () => {
  for (const items of [undefined, null, 1, {}]) {
    assertThrows(() => mapConcurrent(items as unknown as [], () => 1), TypeError);
  }
  assertThrows(() => mapConcurrent([], 1 as unknown as () => 1), TypeError);
  for (const limit of [0, -1, 1.5, NaN]) assertThrows(() => mapConcurrent([], () => 1, { limit }), RangeError);
});

test("results are in the order of the items, from sync and async sources, with their index", async () => {
  const slowFirst = async (item: number, index: number) => {
    await turns(10 - item);
    return `${index}:${item}`;
  };
  const expected = ["0:1", "1:2", "2:3"];
  assertEquals(await mapConcurrent([1, 2, 3], slowFirst), expected);
  assertEquals(await mapConcurrent(new Counted([1, 2, 3]).async(), slowFirst, { limit: 2 }), expected);
  assertEquals(await mapConcurrent("abc", (letter) => letter.toUpperCase()), ["A", "B", "C"]);
  assertEquals(await mapConcurrent([], slowFirst), []);
  assertEquals(await mapConcurrent(new Map([[1, 2]]), ([key, value]) => key + value), [3]);
});

test("limit bounds how many run at once; each pulls the next only when there is room", async () => {
  for (const kind of ["sync", "async"] as const) {
    const source = new Counted(Array.from({ length: 30 }, (_, index) => index));
    let running = 0;
    let most = 0;
    let ahead = 0;
    let ended = 0;
    await mapConcurrent(source[kind](), async () => {
      most = Math.max(most, ++running);
      ahead = Math.max(ahead, source.pulled - ended);
      await turns(10);
      running--;
      ended++;
    }, { limit: 4 });
    assertEquals([most, ahead, source.pulled, source.closed], [4, 4, 30, 0], kind);
  }
});

test("an endless source does not run ahead, and is closed once when an item fails", async () => {
  for (const kind of ["sync", "async"] as const) {
    const source = new Counted(naturals());
    const error = new Error("17");
    const started: number[] = [];
    const got = await mapConcurrent(source[kind](), async (item) => {
      started.push(item);
      await turns(2);
      if (item === 17) throw error;
    }, { limit: 5 }).catch((it) => it);
    assertStrictEquals(got, error);
    assert(source.pulled <= 23, `${kind}: ${source.pulled} were pulled`);
    assert(started.length <= source.pulled, `${kind}: ${started.length} were started`);
    assertEquals(source.closed, 1, kind);
  }
});

test("an endless source without a limit is stopped by a failure too", async () => {
  const source = new Counted(naturals());
  await assertRejects(() =>
    mapConcurrent(source.sync(), (item) => {
      if (item === 100) throw new RangeError("100");
      return sleep(1e6);
    }), RangeError);
  assertEquals(source.closed, 1);
});

test("a source that throws is the failure, and is not closed: it has closed itself", async () => {
  for (const kind of ["sync", "async"] as const) {
    const error = new Error("source");
    let ended = 0;
    const source = new Counted((function* () {
      yield 1;
      yield 2;
      throw error;
    })());
    const got = await mapConcurrent(source[kind](), async () => {
      try {
        await sleep(1e6);
      } finally {
        ended++;
      }
    }).catch((it) => it);
    assertStrictEquals(got, error);
    assertEquals([source.closed, ended === 2 || kind === "sync"], [0, true]);
  }
});

test("cancelled, by a signal, a timeout or from around, it closes its source once and awaits that", async () => {
  for (const kind of ["sync", "async"] as const) {
    for (const how of ["signal", "timeout", "scope"] as const) {
      const source = new Counted(naturals());
      const controller = new AbortController();
      const scope = new CancelScope();
      const options = {
        limit: 2,
        ...(how === "signal" && { signal: controller.signal }),
        ...(how === "timeout" && { timeout: 2 }),
      };
      const running = scope.run(() => mapConcurrent(source[kind](), () => sleep(1e6), options));
      const seen = watch(running);
      await turns();
      if (how !== "timeout") assertEquals(source.pulled, 2);
      if (how === "signal") controller.abort("stop");
      if (how === "scope") scope.cancel();
      const error = await running.then(() => undefined, (it) => it);
      if (how === "signal") assertEquals(error, "stop");
      if (how === "timeout") assertInstanceOf(error, TimeoutError);
      if (how === "scope") assertEquals([seen.state, scope.cancelCaught], ["fulfilled", true]);
      assertEquals(source.closed, 1, `${kind} ${how}`);
    }
  }
});

testWith(
  "async context",
  "a source that is stalled does not keep it from being cancelled, nor from failing",
  async () => {
    for (const how of ["signal", "failure"] as const) {
      let closes = 0;
      const stalled: AsyncIterable<number> = {
        [Symbol.asyncIterator]() {
          let first = true;
          return {
            next: () => first ? (first = false, Promise.resolve({ done: false, value: 1 })) : new Promise(() => {}),
            return: () => {
              closes++;
              return new Promise(() => {});
            },
          };
        },
      };
      const controller = new AbortController();
      const running = mapConcurrent(stalled, async () => {
        await turns(2);
        if (how === "failure") throw "failed";
        await sleep(1e6);
      }, { signal: controller.signal }).catch((it) => it);
      await turns();
      controller.abort("aborted");
      assertEquals(await running, how === "signal" ? "aborted" : "failed");
      assertEquals(closes, 1);
    }
  },
);

test("a generator's own cleanup runs, also what it waits for at our checkpoints, before it settles", async () => {
  const log: string[] = [];
  async function* source(): AsyncGenerator<number> {
    try {
      for (let value = 0;; value++) {
        yield value;
        await sleep(1);
      }
    } finally {
      await shield(() => sleep(1));
      log.push("source closed");
    }
  }
  await assertRejects(() =>
    mapConcurrent(source(), async (item) => {
      await checkpoint();
      if (item === 3) throw new RangeError("3");
    }, { limit: 1 }), RangeError);
  assertEquals(log, ["source closed"]);
});

test("what closing the source throws comes after the failure, and is the failure when there was none", async () => {
  const first = new Error("item");
  const second = new Error("closing");
  const source: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: () => {
        throw second;
      },
    }),
  };
  const error = await mapConcurrent(source, () => Promise.reject(first), { limit: 1 }).catch((it) => it);
  assertStrictEquals(error, first);
  assertEquals(suppressed(error), [second]);
});

test("a task that is cancelled by itself fails the whole with TaskCancelledError", async () => {
  await assertRejects(() =>
    mapConcurrent([1, 2], (item, _, task) => {
      if (item === 1) task.cancel();
      return checkpoint();
    }), TaskCancelledError);
});

test("in a cancelled scope the source is not even opened", async () => {
  const scope = new CancelScope();
  let opened = false;
  const source: Iterable<number> = {
    [Symbol.iterator]: () => {
      opened = true;
      return [][Symbol.iterator]();
    },
  };
  await scope.run(async () => {
    scope.cancel();
    await assertRejects(() => mapConcurrent(source, () => 1), Cancelled);
  });
  await assertRejects(
    () => mapConcurrent(source, () => 1, { signal: AbortSignal.abort(new RangeError()) }),
    RangeError,
  );
  assert(!opened, "the source was opened");
});

test("it maps what comes through a channel, with back-pressure on who sends", async () => {
  const channel = new Channel<number>();
  const mapped = mapConcurrent(channel, (item) => turns(2).then(() => item * 2), { limit: 3 });
  for (let item = 0; item < 20; item++) await channel.send(item);
  channel.close();
  assertEquals(await mapped, Array.from({ length: 20 }, (_, item) => item * 2));
});

test("20,000 items that need no waiting leave the loop its turns", async () => {
  let others = 0;
  let over = false;
  const counting = (async () => {
    for (; !over; others++) await checkpoint();
  })();
  const sum = await mapConcurrent(Array.from({ length: 20_000 }, (_, index) => index), (item) => item, { limit: 8 });
  over = true;
  await counting;
  assertEquals(sum.length, 20_000);
  assert(others > 100, `others had ${others} turns`);
});

test("cancelled at any step: no task is left, the source is closed at most once", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(4), { maxLength: 8 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(15),
      fc.constantFrom("sync" as const, "async" as const),
      async (ticks, limit, step, kind) => {
        const source = new Counted(ticks);
        let live = 0;
        const controller = new AbortController();
        const running = mapConcurrent(source[kind](), async (count) => {
          live++;
          try {
            await turns(count);
            return count;
          } finally {
            live--;
          }
        }, { limit, signal: controller.signal }).then((value) => ({ value }), (error) => ({ error }));
        await turns(step);
        controller.abort("stop");
        const result = await running;
        assertEquals(live, 0);
        if ("value" in result) assertEquals(result.value, ticks);
        else assertEquals(result.error, "stop");
        assert(source.closed <= 1, `closed ${source.closed} times`);
      },
    ),
    { numRuns: 300 },
  );
});

test("aborted while the last items run, after the source has ended, it rejects and closes nothing", async () => {
  const source = new Counted([1, 2, 3]);
  const controller = new AbortController();
  let ended = 0;
  const running = mapConcurrent(source.async(), async () => {
    try {
      await sleep(1e6);
    } finally {
      ended++;
    }
  }, { signal: controller.signal }).catch((it) => it);
  await turns(20);
  assertEquals(source.pulled, 3);
  controller.abort("last moment");
  assertEquals([await running, ended, source.closed], ["last moment", 3, 0]);
});
