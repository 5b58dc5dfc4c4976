import { AsyncLocalStorage } from "node:async_hooks";
import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CancelScope, debounce, type Debounced, group, scheduler, sleep, throttle } from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { onFakeLoop } from "../../support/fake_loop.ts";
import { until } from "../../support/within.ts";
import { testWith } from "../../support/needs.ts";

test("a debounced function runs with the last arguments once the calls have stopped, never early", async () => {
  await onFakeLoop(async (fake) => {
    const log: unknown[] = [];
    const call = debounce((name: string) => log.push(name, fake.time), 10);
    call("a");
    await sleep(6);
    call("b");
    assert(call.pending);
    await sleep(6);
    call("c");
    await sleep(9);
    assertEquals(log, []);
    await sleep(2);
    assertEquals([log, call.pending], [["c", 22], false]);
    call("d");
    await sleep(20);
    assertEquals(log, ["c", 22, "d", 33]);
  });
});

test("with maxWait it runs although the calls do not stop", async () => {
  await onFakeLoop(async (fake) => {
    const log: number[] = [];
    const call = debounce(() => log.push(fake.time), 10, { maxWait: 25 });
    for (let time = 0; time < 60; time += 5) {
      call();
      await sleep(5);
    }
    await sleep(30);
    assertEquals(log, [25, 50, 65]);
  });
});

test("leading runs in the first call, and trailing only when there were more", async () => {
  await onFakeLoop(async () => {
    const log: string[] = [];
    const call = debounce((name: string) => log.push(name), 10, { leading: true });
    call("a");
    assertEquals([log, call.pending], [["a"], false]);
    await sleep(20);
    call("b");
    call("c");
    call("d");
    await sleep(20);
    const only = debounce((name: string) => log.push(name), 10, { leading: true, trailing: false });
    only("e");
    only("f");
    await sleep(20);
    const never = debounce((name: string) => log.push(name), 10, { leading: false, trailing: false });
    never("g");
    await sleep(20);
    assertEquals(log, ["a", "b", "d", "e"]);
    const failing = debounce(
      () => {
        throw new Error("leading");
      },
      10,
      { leading: true },
    );
    assertThrows(failing, Error, "leading");
  });
});

test("a throttled function runs at most once in its time, at the first call and with the last arguments after it", async () => {
  await onFakeLoop(async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 30 }), async (pauses) => {
        const { host } = loop();
        const runs: { at: number; value: number }[] = [];
        const call = throttle((value: number) => runs.push({ at: host.now(), value }), 10);
        for (const [value, pause] of pauses.entries()) {
          call(value);
          await sleep(pause);
        }
        await sleep(40);
        assertEquals(runs[0]!.value, 0);
        assertEquals(runs.at(-1)!.value, pauses.length - 1);
        for (let index = 1; index < runs.length; index++) {
          assert(runs[index]!.at - runs[index - 1]!.at >= 10, `runs at ${runs.map(({ at }) => at)}`);
          assert(runs[index]!.value > runs[index - 1]!.value);
        }
      }),
      { numRuns: 30 },
    );
  });
});

test("whatever is called when, runs come when they may: the last call is not lost, none is early, none waits for more than maxWait", async () => {
  const programs = fc.record({
    pauses: fc.array(fc.constantFrom(1, 2, 4, 7, 12, 30), { minLength: 1, maxLength: 25 }),
    wait: fc.constantFrom(5, 10),
    maxWait: fc.constantFrom(undefined, 10, 25),
    leading: fc.boolean(),
    trailing: fc.boolean(),
  });
  await onFakeLoop(async () => {
    await fc.assert(
      fc.asyncProperty(programs, async ({ pauses, wait, maxWait = Infinity, leading, trailing }) => {
        const { host, timers } = loop();
        const longest = Math.max(wait, maxWait);
        const calls: number[] = [];
        const runs: { at: number; value: number; last: number; isLeading: boolean }[] = [];
        let isLeading = false;
        const call = debounce(
          (value: number) => runs.push({ at: host.now(), value, last: calls.length - 1, isLeading }),
          wait,
          { maxWait, leading, trailing },
        );
        for (const [value, pause] of pauses.entries()) {
          calls.push(host.now());
          isLeading = true;
          call(value);
          isLeading = false;
          await sleep(pause);
        }
        await sleep(60);
        assertEquals([timers.size, call.pending], [0, false]);
        const seen = JSON.stringify({ calls, runs });
        let lastRun = -Infinity;
        let next = 0;
        for (const { at, value, last, isLeading } of runs) {
          assertEquals(value, last, `not the last call: ${seen}`);
          if (isLeading) {
            const isFirst = value === 0 || at - calls[value - 1]! >= wait || (!trailing && at - lastRun >= longest);
            assert(leading && isFirst, `no first call: ${seen}`);
          } else {
            const since = Math.max(lastRun, calls[next]! - longest);
            assert(trailing && (at - calls[value]! >= wait || at - since >= longest), `early: ${seen}`);
            assert(at - calls[next]! <= longest, `late: ${seen}`);
          }
          lastRun = at;
          next = value + 1;
        }
        if (trailing) assertEquals(runs.at(-1)!.value, calls.length - 1, `lost: ${seen}`);
        else assert(runs.every((run) => run.isLeading), seen);
      }),
      { numRuns: 200 },
    );
  });
});

test("with leading and maxWait only the first of many calls runs at once", async () => {
  await onFakeLoop(async (fake) => {
    const log: number[] = [];
    const call = debounce(() => log.push(fake.time), 10, { leading: true, maxWait: 25 });
    for (let time = 0; time < 60; time += 4) {
      call();
      await sleep(4);
    }
    await sleep(30);
    assertEquals(log, [0, 25, 50, 66]);
  });
});

test("a call that comes between the timer and the turn for the run begins the wait anew", async () => {
  await onFakeLoop(async (fake) => {
    const log: unknown[] = [];
    const call = debounce((name: string) => log.push(name, fake.time), 10);
    call("early");
    // Urgent work has the turns that come after the timer.
    const urgent = scheduler.postTask(() => call("late"), { priority: "user-blocking", delay: 10 });
    await sleep(9);
    fake.time = 11;
    await urgent;
    await sleep(30);
    assertEquals(log, ["late", 21]);
  });
});

test("throttle without leading or trailing", async () => {
  await onFakeLoop(async () => {
    const log: string[] = [];
    const first = throttle((name: string) => log.push(name), 10, { trailing: false });
    const last = throttle((name: string) => log.push(name), 10, { leading: false });
    for (const name of ["a", "b"]) first(`first ${name}`);
    for (const name of ["a", "b"]) last(`last ${name}`);
    await sleep(40);
    assertEquals(log, ["first a", "last b"]);
  });
});

test("flush runs now what waits, cancel forgets it, and the next call begins anew", async () => {
  await onFakeLoop(async () => {
    const log: string[] = [];
    const call = debounce((name: string) => log.push(name), 10);
    call.flush();
    call("a");
    call.flush();
    assertEquals([log, call.pending], [["a"], false]);
    call("b");
    call.cancel();
    await sleep(20);
    call("c");
    await sleep(20);
    assertEquals(log, ["a", "c"]);
    assertEquals(loop().timers.size, 0);
  });
});

test("calls end with the scope that the function was made in", async () => {
  await onFakeLoop(async () => {
    const log: string[] = [];
    const scope = new CancelScope();
    let outlived!: Debounced<[string]>;
    await scope.run(async () => {
      const call = debounce((name: string) => log.push(name), 10);
      call("waits");
      scope.cancel();
      assertEquals([call.pending, loop().timers.size], [false, 0]);
      call("after the cancellation");
      await sleep(0).catch(() => {});
    });
    await group(() => {
      outlived = debounce((name: string) => log.push(name), 10);
      outlived("waits at the end");
    });
    assertEquals([outlived.pending, loop().timers.size], [false, 0]);
    await sleep(20);
    outlived("after the end");
    await sleep(20);
    assertEquals(log, []);
  });
});

testWith(
  "async context",
  "the function sees the async context of the last call, and its errors go to onUnhandled",
  async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const handed = await unhandledDuring(async (handed) => {
      const call = debounce(() => seen.push(storage.getStore()), 1);
      storage.run("first", call);
      storage.run("last", call);
      const fails = debounce(() => {
        throw "thrown";
      }, 1);
      const rejects = debounce(() => Promise.reject("rejected"), 1);
      fails();
      rejects();
      const leads = throttle(() => Promise.reject("leading"), 1);
      leads();
      const flushed = debounce(() => Promise.reject("flushed"), 1);
      flushed();
      flushed.flush();
      await until(() => handed.length === 4 && seen.length === 1, "all have been called");
    });
    assertEquals([seen, handed.sort()], [["last"], ["flushed", "leading", "rejected", "thrown"]]);
  },
);

test("the function is run with the this and the arguments of the last call, in the call itself, by flush and by its timer", async () => {
  await onFakeLoop(async () => {
    class Input {
      log: string[] = [];
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
      save = debounce(
        function (this: Input, text: string) {
          this.log.push(`${this.name} ${text}`);
        },
        10,
        { leading: true },
      );
    }
    const [one, two] = [new Input("one"), new Input("two")];
    one.save("a");
    one.save.call(two, "b");
    one.save("c");
    one.save.call(two, "d");
    await sleep(20);
    assertEquals([one.log, two.log], [["one a"], ["two d"]]);
    one.save("e");
    one.save("f");
    one.save.flush();
    assertEquals(one.log, ["one a", "one e", "one f"]);
    const plain = throttle(
      function (this: unknown) {
        return this;
      },
      10,
    );
    assertEquals(plain(), undefined);
  });
});

test("a call returns the result of the last run, also that of a promise, and flush the result of its own", async () => {
  await onFakeLoop(async () => {
    const double = debounce((value: number) => value * 2, 10);
    assertEquals([double(1), double(2), double.flush()], [undefined, undefined, 4]);
    assertEquals([double(5), double.flush(), double.flush()], [4, 10, 10]);
    double(6);
    await sleep(20);
    assertEquals([double(7), double.pending], [12, true]);
    double.cancel();
    assertEquals(double.flush(), 12);
    const first = throttle((value: number) => Promise.resolve(value), 10);
    assertEquals([await first(1), await first(2)], [1, 1]);
    await sleep(20);
    assertEquals(await first(3), 3);
    const scope = new CancelScope();
    const scoped = await scope.run(() => {
      const call = throttle((value: number) => value, 10);
      call(1);
      return call;
    });
    assertEquals(scoped!(2), 1);
    const text: string | undefined = debounce((value: string) => value, 10)("typed");
    assertEquals(text, undefined);
    const bound = debounce(function (this: Date, ms: number) {
      return this.getTime() + ms;
    }, 10);
    // @ts-expect-error: it is called without its this.
    assertEquals(bound(1), undefined);
    bound.cancel();
  });
});

test("arguments of a wrong kind or range are refused at the call", () => {
  assertThrows(() => debounce(1 as never, 1), TypeError);
  assertThrows(() => debounce(() => {}, "1" as never), TypeError);
  assertThrows(() => throttle(() => {}, -1), RangeError, "-1");
  assertThrows(() => debounce(() => {}, 1, { maxWait: NaN }), RangeError, "NaN");
  assertThrows(() => throttle(() => {}, 1, 5 as never), TypeError);
  assertThrows(
    () => throttle(() => {}, 1, { maxWait: 5 } as never),
    TypeError,
    `leading, trailing: received "maxWait"`,
  );
  assertThrows(() => debounce(() => {}, 1, { maxwait: 5 } as never), TypeError, `maxWait: received "maxwait"`);
  assertThrows(() => debounce(() => {}, 1, { leading: 1 as never }), TypeError, "received 1");
});
