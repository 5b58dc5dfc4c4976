import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  all,
  allSettled,
  any,
  Cancelled,
  CancelScope,
  checkpoint,
  group,
  race,
  shield,
  sleep,
  suppressed,
  type Task,
  TaskCancelledError,
  type TaskFunction,
  TimeoutError,
} from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { turns } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

const combinators = { all, allSettled, race, any } as const;
type Combinator = (fns: TaskFunction<unknown>[], options?: Parameters<typeof all>[1]) => Promise<unknown>;
const each = Object.entries(combinators) as [keyof typeof combinators, Combinator][];

test("what is no iterable of functions is refused at the call, and so are bad options", () => {
  for (const [name, combine] of each) {
    assertThrows(() => combine(undefined as unknown as []), TypeError, name);
    assertThrows(() => combine([() => 1, 2 as unknown as () => 1]), TypeError, "Number 1");
    assertThrows(() => combine([Promise.resolve(1) as unknown as () => 1]), TypeError);
    assertThrows(() => combine([() => 1], { limit: 0 }), RangeError);
    assertThrows(() => combine([() => 1], { timeout: -1 }), RangeError);
  }
});

test("with no functions: all and allSettled resolve to [], any rejects, race refuses", async () => {
  assertEquals(await all([]), []);
  assertEquals(await allSettled([]), []);
  assertEquals((await assertRejects(() => any([]), AggregateError)).errors, []);
  assertThrows(() => race([]), RangeError);
});

test("all gives the results in order, whatever the order of their coming, from any iterable", async () => {
  const [a, b, c] = await all([() => sleep(3).then(() => "a"), () => 2, async () => await Promise.resolve(true)]);
  const typed: [string, number, boolean] = [a, b, c];
  assertEquals(typed, ["a", 2, true]);
  assertEquals(await all(new Set([() => 1, () => 2])), [1, 2]);
});

test("all: the first failure cancels and awaits the rest; later failures are suppressed", async () => {
  const first = new Error("first");
  const later = new Error("in cleanup");
  const log: string[] = [];
  const error = await assertRejects(() =>
    all([
      async () => {
        try {
          await sleep(1e6);
        } finally {
          await shield(() => turns(3));
          log.push("cleaned up");
          // deno-lint-ignore no-unsafe-finally -- what a careless cleanup does
          throw later;
        }
      },
      () => checkpoint().then(() => Promise.reject(first)),
    ])
  );
  assertStrictEquals(error, first);
  assertEquals(suppressed(error), [later]);
  assertEquals(log, ["cleaned up"]);
});

test("all: what waits for a slot when another fails never starts", async () => {
  const started: number[] = [];
  const fns = [0, 1, 2, 3, 4].map((index) => async () => {
    started.push(index);
    await checkpoint();
    if (index === 1) throw new RangeError("1");
  });
  await assertRejects(() => all(fns, { limit: 2 }), RangeError);
  assert(started.length <= 3 && !started.includes(4), `started ${started}`);
});

testWith("async context", "limit bounds how many run at once, in every combinator", async () => {
  for (const [name, combine] of each) {
    let running = 0;
    let most = 0;
    const fns = Array.from({ length: 12 }, (_, index) => async () => {
      most = Math.max(most, ++running);
      await turns(2);
      running--;
      if (name === "any" && index < 9) throw new Error("not yet");
      if (name === "race") await sleep(1e6);
    });
    if (name === "race") fns[0] = () => turns(3);
    await combine(fns, { limit: 3 });
    assert(most <= 3, `${name}: ${most}`);
  }
});

test("allSettled reports every outcome in order and cancels nobody", async () => {
  const error = new Error("no");
  const results = await allSettled([
    () => Promise.reject(error),
    () => turns(3).then(() => 1),
    () => {
      throw null;
    },
    (task: Task<unknown>) => {
      task.cancel();
      return checkpoint();
    },
  ]);
  assertEquals(results.slice(0, 3), [
    { status: "rejected", reason: error },
    { status: "fulfilled", value: 1 },
    { status: "rejected", reason: null },
  ]);
  const cancelled = results[3] as PromiseRejectedResult;
  assertInstanceOf(cancelled.reason, TaskCancelledError);
});

test("race: the losers are cancelled and awaited, and those that have not started never do", async () => {
  const log: string[] = [];
  const winner = await race([
    async () => {
      try {
        await sleep(1e6);
      } finally {
        await shield(() => turns(5));
        log.push("loser has ended");
      }
    },
    () => "winner",
    () => void log.push("never"),
  ]);
  assertEquals(winner, "winner");
  assertEquals(log, ["loser has ended"]);
});

test("race: the first to end decides, also by failing; in a tie the first in order", async () => {
  const error = new RangeError("first");
  assertStrictEquals(await race([() => sleep(1e6), () => Promise.reject(error)]).catch((it) => it), error);
  const tied = [0, 1, 2].map((index) => () => checkpoint().then(() => index));
  assertEquals(await race(tied), 0);
  assertInstanceOf(
    await race([(task) => {
      task.cancel();
      return checkpoint();
    }]).catch((it) => it),
    TaskCancelledError,
  );
});

test("any: the first success wins; failures before it are dropped, all failures are an AggregateError in order", async () => {
  assertEquals(
    await any([() => Promise.reject(new Error("a")), () => turns(2).then(() => "b"), () => sleep(1e6)]),
    "b",
  );
  const errors = [new Error("0"), null, new Error("2")];
  const error = await assertRejects(
    () => any(errors.map((error, index) => () => turns(4 - index).then(() => Promise.reject(error)))),
    AggregateError,
  );
  assertEquals(error.errors, errors);
});

test("what a loser throws in cleaning up goes to onUnhandled, an AbortError excepted", async () => {
  for (const combine of [race, any]) {
    const late = new Error("cleanup");
    const unhandled = await unhandledDuring(async () => {
      const winner = await combine([
        () => sleep(1e6).catch(() => Promise.reject(late)),
        (task) =>
          new Promise((_, reject) => {
            task.signal.addEventListener("abort", () => reject(new DOMException("stopped", "AbortError")));
          }),
        () => turns(3).then(() => "winner"),
      ]);
      assertEquals(winner, "winner");
    });
    assertEquals(unhandled, [late]);
  }
});

test("a signal that is aborted already means that nothing starts; aborted later it is the rejection itself", async () => {
  for (const [, combine] of each) {
    let started = 0;
    const fn = () => {
      started++;
      return sleep(1e6);
    };
    const early = await combine([fn, fn], { signal: AbortSignal.abort(null) }).then(() => "resolved", (it) => it);
    assertEquals([early, started], [null, 0]);
    const controller = new AbortController();
    const running = combine([fn, fn], { signal: controller.signal });
    await turns();
    controller.abort("enough");
    assertEquals([await running.then(() => "resolved", (it) => it), started], ["enough", 2]);
  }
});

test("a timeout is a TimeoutError, and a result that comes after it does not win", async () => {
  for (const [, combine] of each) {
    await assertRejects(() => combine([() => sleep(1e6)], { timeout: 1 }), TimeoutError);
    await assertRejects(() => combine([() => sleep(1e6).catch(() => "swallowed")], { timeout: 1 }), TimeoutError);
  }
});

test("a cancellation from around passes through when the tasks have ended", async () => {
  for (const [name, combine] of each) {
    const scope = new CancelScope();
    const log: string[] = [];
    await scope.run(async () => {
      const running = combine([async () => {
        try {
          await sleep(1e6);
        } finally {
          await shield(() => turns(3));
          log.push("task");
        }
      }]);
      await turns();
      scope.cancel();
      await running.catch((error) => log.push(error.constructor.name));
      await running;
    });
    assertEquals(log, ["task", "Cancelled"], name);
    assert(scope.cancelCaught, `${name}: not caught`);
    const cancelled = new CancelScope();
    await cancelled.run(async () => {
      cancelled.cancel();
      let started = false;
      await assertRejects(() => combine([() => started = true]), Cancelled);
      assert(!started, `${name}: a function was started`);
    });
  }
});

testWith("async context", "functions see the async context of the call, also when the limit delays them", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen = await storage.run(
    "mine",
    () => all([1, 2, 3].map(() => () => turns(2).then(() => storage.getStore())), { limit: 1 }),
  );
  assertEquals(seen, ["mine", "mine", "mine"]);
});

test("tasks carry the combinator's name and priority", async () => {
  const names: string[] = [];
  await all([
    function fetchUser(task: Task<unknown>) {
      names.push(task.name.split("#")[0]!, task.priority);
    },
  ], { priority: "background" });
  assertEquals(names, ["fetchUser", "background"]);
});

test("1000 races against one long-lived signal leave no listener behind", async () => {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  signal.addEventListener = (...args: Parameters<typeof add>) => void (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => void (listeners--, remove(...args));
  for (let round = 0; round < 1000; round++) await race([() => round, () => sleep(1e6)], { signal });
  assertEquals(listeners, 0);
});

test("whatever the tasks do and in whatever order, each combinator settles as its Promise namesake would", async () => {
  const plans = fc.array(
    fc.record({ ticks: fc.nat(5), fails: fc.boolean() }),
    { minLength: 1, maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(
      plans,
      fc.constantFrom(...Object.keys(combinators) as (keyof typeof combinators)[]),
      async (plan, name) => {
        let live = 0;
        const fns = plan.map(({ ticks, fails }, index) => async () => {
          live++;
          try {
            await turns(ticks);
            if (fails) throw index;
            return index;
          } finally {
            live--;
          }
        });
        const got = await (combinators[name] as Combinator)(fns).then((value) => ({ value }), (error) => ({ error }));
        assertEquals(live, 0, "something still runs");
        // Every function takes one turn of all in each tick, so the order of ending is that of ticks, then of places.
        const order = plan.map((_, index) => index).sort((a, b) => plan[a]!.ticks - plan[b]!.ticks || a - b);
        const failed = order.find((index) => plan[index]!.fails);
        const succeeded = order.find((index) => !plan[index]!.fails);
        const first = order[0]!;
        const expected = {
          all: failed === undefined ? { value: plan.map((_, index) => index) } : { error: failed },
          allSettled: {
            value: plan.map(({ fails }, index) =>
              fails ? { status: "rejected", reason: index } : { status: "fulfilled", value: index }
            ),
          },
          race: plan[first]!.fails ? { error: first } : { value: first },
          any: succeeded === undefined ? undefined : { value: succeeded },
        }[name];
        if (expected !== undefined) assertEquals(got as unknown, expected);
        else assertEquals((got as { error: AggregateError }).error.errors, plan.map((_, index) => index));
      },
    ),
    { numRuns: 300 },
  );
});

test("cancelled at any step, a combinator leaves nothing running", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }),
      fc.nat(9),
      fc.constantFrom(...each),
      async (ticks, step, [, combine]) => {
        let live = 0;
        await group(async (g) => {
          const task = g.spawn(() =>
            combine(
              ticks.map((count) => async () => {
                live++;
                try {
                  await turns(count);
                } finally {
                  live--;
                }
              }),
              { limit: 3 },
            )
          );
          await turns(step);
          task.cancel();
          await task.result.catch(() => {});
          assertEquals(live, 0);
        });
      },
    ),
    { numRuns: 200 },
  );
});
