import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Cancelled, CancelScope, retry, sleep, suppressed, TimeoutError, withTimeout } from "../../../mod.ts";
import { onFakeLoop, testOnFakeLoop } from "../../support/fake_loop.ts";

/** A function that fails so many times, and the times at which it was called. */
function failing(times: number, now: () => number, errors: unknown[] = []) {
  const calls: number[] = [];
  const fn = (attempt: number): string => {
    calls.push(now());
    if (attempt > times) return `attempt ${attempt}`;
    throw errors[attempt - 1] ?? new Error(`failure ${attempt}`);
  };
  return { calls, fn };
}

test("bad options are refused at the call, with the value received", () => {
  const fn = () => 1;
  assertThrows(() => retry(1 as unknown as () => 1), TypeError);
  for (const attempts of [0, -1, 1.5, NaN]) assertThrows(() => retry(fn, { attempts }), RangeError, String(attempts));
  for (const delay of [-1, NaN]) {
    assertThrows(() => retry(fn, { delay }), RangeError);
    assertThrows(() => retry(fn, { maxDelay: delay }), RangeError);
    assertThrows(() => retry(fn, { timeout: delay }), RangeError);
  }
  for (const factor of [0, 0.5, NaN]) assertThrows(() => retry(fn, { factor }), RangeError);
  for (const jitter of [-0.1, 1.1, NaN]) assertThrows(() => retry(fn, { jitter }), RangeError);
  assertThrows(() => retry(fn, { jitter: "full" as unknown as number }), TypeError);
  assertThrows(() => retry(fn, { shouldRetry: true as unknown as () => boolean }), TypeError);
  assertThrows(() => retry(fn, { signal: {} as AbortSignal }), TypeError);
});

testOnFakeLoop("a success ends it at once; fn is told which attempt it is", async (host) => {
  assertEquals(await retry(() => 1), 1);
  const { calls, fn } = failing(2, () => host.time);
  assertEquals(await retry(fn, { delay: 10 }), "attempt 3");
  assertEquals(calls.length, 3);
});

testOnFakeLoop(
  "waits grow by the factor up to the longest; by default 1 s, 2 s, 4 s, 8 s, five attempts",
  async (host) => {
    const defaults = failing(9, () => host.time);
    await assertRejects(() => retry(defaults.fn), Error, "failure 5");
    assertEquals(defaults.calls, [0, 1000, 3000, 7000, 15_000]);
    const start = host.time;
    const capped = failing(9, () => host.time - start);
    await assertRejects(() => retry(capped.fn, { attempts: 5, delay: 10, factor: 3, maxDelay: 50 }));
    assertEquals(capped.calls, [0, 10, 40, 90, 140]);
  },
);

testOnFakeLoop("without a delay the next attempt comes in the next turn, without end if so asked", async (host) => {
  const { calls, fn } = failing(1000, () => host.time);
  assertEquals(await retry(fn, { attempts: Infinity, delay: 0, factor: 10 }), "attempt 1001");
  assertEquals(calls.at(-1), 0);
});

test("jitter takes from each wait at most its part, of Math.random", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (random, jitter) => {
        const { random: original } = Math;
        const calls = await onFakeLoop(async (host) => {
          const { calls, fn } = failing(1, () => host.time);
          Math.random = () => random;
          try {
            await retry(fn, { delay: 1000, jitter });
          } finally {
            Math.random = original;
          }
          return calls;
        });
        const expected = 1000 * (1 - jitter * random);
        assert(Math.abs(calls[1]! - expected) <= 1, `${calls[1]} instead of ${expected}`);
      },
    ),
    { numRuns: 30 },
  );
});

testOnFakeLoop("the last error is thrown itself; suppressed() has the earlier ones in order", async () => {
  const errors = [new Error("1"), "two", new RangeError("3")];
  const error = await assertRejects(() => retry(failing(3, () => 0, errors).fn, { attempts: 3, delay: 1 }));
  assertStrictEquals(error, errors[2]);
  assertEquals(suppressed(error), [errors[0], errors[1]]);
  const same = new Error("always");
  assertStrictEquals(await retry(() => Promise.reject(same), { attempts: 3, delay: 1 }).catch((it) => it), same);
  assertEquals(suppressed(same), []);
});

testOnFakeLoop("errors of an endless retry are not collected for ever", async () => {
  const error = await assertRejects(() => retry(failing(1000, () => 0).fn, { attempts: 500, delay: 0 }));
  assertEquals(suppressed(error).length, 100);
});

testOnFakeLoop("shouldRetry decides, also in time, and what it throws is thrown", async () => {
  const asked: [string, number][] = [];
  const { calls, fn } = failing(9, () => 0);
  await assertRejects(
    () =>
      retry(fn, {
        delay: 1,
        shouldRetry: async (error, attempt) => {
          await sleep(1);
          asked.push([(error as Error).message, attempt]);
          return attempt < 2;
        },
      }),
    Error,
    "failure 2",
  );
  assertEquals([asked, calls.length], [[["failure 1", 1], ["failure 2", 2]], 2]);
  await assertRejects(() =>
    retry(fn, {
      shouldRetry: () => {
        throw new RangeError("asked");
      },
    }), RangeError);
});

testOnFakeLoop("an AbortError of somebody else is not tried again, unless shouldRetry says so", async () => {
  let calls = 0;
  const fn = () => {
    calls++;
    throw new DOMException("stopped", "AbortError");
  };
  await assertRejects(() => retry(fn, { delay: 1 }), DOMException);
  assertEquals(calls, 1);
  await assertRejects(() => retry(fn, { delay: 1, attempts: 3, shouldRetry: () => true }), DOMException);
  assertEquals(calls, 4);
});

testOnFakeLoop("each attempt has the timeout to itself; passing it is a failure like any other", async (host) => {
  let calls = 0;
  const result = await retry(async (attempt) => {
    calls++;
    await sleep(attempt < 3 ? 1e6 : 5);
    return attempt;
  }, { delay: 10, factor: 1, timeout: 100 });
  assertEquals([result, calls, host.time], [3, 3, 225]);
  await assertRejects(() => retry(() => sleep(1e6), { attempts: 2, delay: 1, timeout: 5 }), TimeoutError);
  await assertRejects(() => withTimeout(50, () => retry(() => sleep(1e6), { delay: 1, timeout: 20 })), TimeoutError);
});

testOnFakeLoop("a cancellation from around is never tried again, in an attempt or in a wait", async (host) => {
  for (const inAttempt of [true, false]) {
    let calls = 0;
    const scope = new CancelScope({ timeout: 50 });
    const start = host.time;
    await scope.run(() =>
      retry(async () => {
        calls++;
        if (inAttempt) await sleep(1e6);
        throw new Error("failed");
      }, { delay: 1000, shouldRetry: () => true })
    );
    assertEquals([calls, scope.cancelCaught, host.time - start], [1, true, 50]);
  }
  const cancelled = new CancelScope();
  await cancelled.run(async () => {
    cancelled.cancel();
    let called = false;
    await assertRejects(() => retry(() => called = true), Cancelled);
    assert(!called, "an attempt was made");
  });
  assertEquals(host.timers, 0);
});

testOnFakeLoop("what an attempt throws in reaction to a cancellation is thrown on", async () => {
  const scope = new CancelScope({ timeout: 5 });
  const error = new Error("cleanup");
  const got = await scope.run(() => retry(() => sleep(1e6).catch(() => Promise.reject(error)))).catch((it) => it);
  assertStrictEquals(got, error);
});

testOnFakeLoop("a signal ends it with its reason; aborted before, nothing is tried", async () => {
  for (const reason of [null, new RangeError("mine")]) {
    let calls = 0;
    const early = retry(() => calls++, { signal: AbortSignal.abort(reason) });
    assertEquals([await early.then(() => "resolved", (it) => it), calls], [reason, 0]);
    const controller = new AbortController();
    const running = retry(() => {
      calls++;
      throw new Error("failed");
    }, { signal: controller.signal });
    await sleep(1);
    controller.abort(reason);
    assertEquals([await running.then(() => "resolved", (it) => it), calls], [reason, 1]);
  }
});

testOnFakeLoop("in a wait that is cancelled the shared cancellation is thrown, with nothing hung on it", async () => {
  const scope = new CancelScope();
  let thrown: unknown;
  await scope.run(async () => {
    const running = retry(() => Promise.reject(new Error("failed")));
    await sleep(1);
    scope.cancel("enough");
    await running.catch((error) => thrown = error);
  });
  assertInstanceOf(thrown, Cancelled);
  assertEquals([thrown.reason, suppressed(thrown)], ["enough", []]);
});
