import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  ChannelClosedError,
  ChannelEndError,
  checkpoint,
  formatTasks,
  group,
  moveOnAfter,
  type Task,
  Watch,
  type WatchReceiver,
} from "../../../mod.ts";
import { searched } from "../../support/searched.ts";
import { countListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, watch as watched } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("arguments of a wrong kind are refused with the value received", () => {
  const watch = new Watch(1);
  const receiver = watch.subscribe();
  for (const wait of [(it: never) => watch.changed(it), (it: never) => receiver.changed(it)]) {
    assertThrows(() => wait({ singal: 1 } as never), TypeError, `signal: received "singal"`);
    assertThrows(() => wait({ signal: "no" } as never), TypeError, "no");
    assertThrows(() => wait(null as never), TypeError, "null");
  }
  assertThrows(() => watch.waitFor(1 as never), TypeError, "received 1");
  assertThrows(() => watch.waitFor(() => true, { timeout: 1 } as never), TypeError, `received "timeout"`);
  assertThrows(() => watch.update(1 as never), TypeError, "received 1");
  assertEquals([watch.value, watch.statistics()], [1, { version: 0, waiting: 0 }]);
});

test("a receiver of strings is one of strings and numbers, a watch of them is none", () => {
  const watch = new Watch("a");
  const receiver: WatchReceiver<string | number> = watch.subscribe();
  // @ts-expect-error: it could be set to a number then.
  const wide: Watch<string | number> = watch;
  wide.set("b");
  assertEquals(receiver.tryChanged(), { value: "b" });
});

test("the value is set and updated, and a receiver is given the latest one, each version once", async () => {
  const watch = new Watch("a");
  const receiver = watch.subscribe();
  assertEquals([receiver.hasChanged, receiver.tryChanged()], [false, undefined]);
  watch.set("b");
  assertEquals([watch.update((it) => `${it}c`), watch.value, receiver.hasChanged], ["bc", "bc", true]);
  assertEquals([await receiver.changed(), receiver.hasChanged, receiver.tryChanged()], ["bc", false, undefined]);
  const waiting = watched(receiver.changed());
  await turns();
  assertEquals([waiting.state, watch.statistics()], ["pending", { version: 2, waiting: 1 }]);
  watch.set("d");
  watch.set("e");
  assertEquals(receiver.tryChanged(), undefined);
  await turns();
  assertEquals([waiting.value, receiver.hasChanged], ["e", false]);
  watch.set("e");
  assertEquals([receiver.tryChanged(), watch.statistics()], [{ value: "e" }, { version: 5, waiting: 0 }]);
  assertThrows(() =>
    watch.update(() => {
      throw new RangeError("update");
    }), RangeError);
  assertEquals(watch.statistics().version, 5);
});

test("several who wait through one receiver share the changes, others each get their own", async () => {
  const watch = new Watch(0);
  const receiver = watch.subscribe();
  const shared = [watched(receiver.changed()), watched(receiver.changed())];
  const own = [watched(watch.changed()), watched(watch.subscribe().changed())];
  watch.set(1);
  await turns();
  assertEquals(shared.map(({ state }) => state), ["fulfilled", "pending"]);
  assertEquals(own.map(({ value }) => value), [1, 1]);
  watch.set(2);
  await turns();
  assertEquals(shared.map(({ value }) => value), [1, 2]);
});

test("a loop over a watch begins with the value there is, one over a receiver with the next", async () => {
  const watch = new Watch(0);
  const [all, later]: number[][] = [[], []];
  await group(async (g) => {
    const receiver = watch.subscribe();
    g.spawn(async () => {
      for await (const value of watch) all!.push(value);
    });
    g.spawn(async () => {
      for await (const value of receiver) later!.push(value);
    });
    await turns();
    watch.set(1);
    await turns();
    watch.set(2);
    watch.set(3);
    watch.close();
  });
  assertEquals([all, later], [[0, 1, 3], [1, 3]]);
});

test("after close the value stays, what was not seen is given, then comes the end", async () => {
  const watch = new Watch(0);
  const receiver = watch.subscribe();
  const behind = watch.subscribe();
  const waits = [watched(receiver.changed()), watched(receiver.changed())];
  watch.set(1);
  watch.close();
  watch.close();
  await turns();
  assertEquals([waits[0]!.value, (waits[1]!.error as Error).name], [1, "ChannelEndError"]);
  assertEquals([watch.value, await behind.changed(), watch.closed], [1, 1, true]);
  await assertRejects(() => behind.changed(), ChannelEndError);
  await assertRejects(() => watch.changed(), ChannelEndError);
  assertThrows(() => watch.set(2), ChannelClosedError);
  assertThrows(() => watch.update(() => 2), ChannelClosedError);
});

test("waitFor resolves to the first latest value that the predicate holds for, and rejects with what it throws", async () => {
  const watch = new Watch(1);
  assertEquals(await watch.waitFor((it) => it === 1), 1);
  const asked: number[] = [];
  const waiting = watched(watch.waitFor((it) => {
    asked.push(it);
    return it >= 4;
  }));
  const throws = watched(watch.waitFor((it) => {
    if (it === 2) throw new RangeError("two");
    return false;
  }));
  const never = watched(watch.waitFor((it) => it === 9));
  await assertRejects(() => watch.waitFor((() => Promise.resolve(false)) as never), TypeError, "promise");
  await turns();
  watch.set(2);
  await turns();
  assertInstanceOf(throws.error, RangeError);
  watch.set(3);
  watch.set(5);
  await turns();
  assertEquals([waiting.value, asked, watch.statistics().waiting], [5, [1, 2, 5], 1]);
  watch.close();
  await turns();
  assertInstanceOf(never.error, ChannelEndError);
  assertEquals(await watch.waitFor((it) => it === 5), 5);
});

test("a predicate that tells a type gives a value of that type", async () => {
  const watch = new Watch<string | undefined>(undefined);
  const name: Promise<string> = watch.waitFor((value) => value !== undefined);
  watch.set("name");
  assertEquals((await name).length, 4);
});

test("a signal ends the wait with its reason; no listener is left", async () => {
  const watch = new Watch(0);
  const receiver = watch.subscribe();
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = countListeners(signal);
  const reason = new RangeError("no longer");
  const stray = await strayRejections(async () => {
    const [first, second] = [watched(receiver.changed({ signal })), watched(receiver.changed())];
    const others = [watched(watch.changed({ signal })), watched(watch.waitFor(() => false, { signal }))];
    void watch.changed({ signal });
    void watch.waitFor(() => false, { signal });
    await turns();
    // The turn of the first is the second's.
    watch.set(1);
    controller.abort(reason);
    await turns();
    assertEquals([first.error, second.value, ...others.map(({ error }) => error)], [reason, 1, reason, reason]);
    assertStrictEquals(await receiver.changed({ signal }).catch((it) => it), reason);
    assertStrictEquals(await watch.waitFor(() => true, { signal }).catch((it) => it), reason);
  });
  assertEquals([stray, listeners(), watch.statistics().waiting], [[], 0, 0]);
});

testWith("async context", "a wait that is cancelled has seen nothing, and is no unhandled rejection", async () => {
  const watch = new Watch(0);
  const receiver = watch.subscribe();
  const stray = await strayRejections(async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      void receiver.changed();
      void watch.changed();
      void watch.waitFor(() => false);
      await turns();
      watch.set(1);
      scope.cancel();
      await assertRejects(() => receiver.changed(), Cancelled);
      await assertRejects(() => watch.waitFor(() => true), Cancelled);
    });
    assertEquals([receiver.hasChanged, watch.statistics().waiting], [true, 0]);
    assertEquals(await receiver.changed(), 1);
    assertEquals(await moveOnAfter(1, () => receiver.changed()), undefined);
  });
  assertEquals([stray, watch.statistics().waiting], [[], 0]);
});

test("what a task waits for is named", async () => {
  const watch = new Watch(0);
  await group(async (g) => {
    g.spawn(() => watch.changed(), { name: "listener" });
    await turns();
    assert(/listener.*waiting for a change of a watch/.test(formatTasks()), formatTasks());
    watch.set(1);
  });
});

test("a watch behaves as a value with a number does, step by step", () => {
  const index = fc.nat(2);
  const command = fc.oneof(
    fc.record({ type: fc.constant("set" as const), value: fc.nat(9) }),
    fc.record({ type: fc.constant("take" as const), index }),
    fc.record({ type: fc.constant("subscribe" as const) }),
  );
  fc.assert(
    fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
      const watch = new Watch(0);
      const all: { receiver: ReturnType<typeof watch.subscribe>; seen: number }[] = [];
      let [value, version] = [0, 0];
      for (const step of commands) {
        if (step.type === "set") {
          watch.set(value = step.value);
          version++;
        } else if (step.type === "subscribe") {
          all.push({ receiver: watch.subscribe(), seen: version });
        } else if (step.index < all.length) {
          const model = all[step.index]!;
          assertEquals(model.receiver.tryChanged(), model.seen < version ? { value } : undefined);
          model.seen = version;
        }
        assertEquals(all.map(({ receiver }) => receiver.hasChanged), all.map(({ seen }) => seen < version));
        assertEquals([watch.value, watch.statistics()], [value, { version, waiting: 0 }]);
      }
    }),
  );
});

testWith(
  "async context",
  "whoever is cancelled at whatever step, no version comes twice or late, and the last one comes to each receiver",
  async () => {
    const plans = fc.record({
      sets: fc.array(fc.nat(20), { maxLength: 8 }),
      readers: fc.array(
        fc.array(fc.record({ pause: fc.nat(3), stopAt: fc.nat(22), bySignal: fc.boolean() }), { maxLength: 3 }),
        { minLength: 1, maxLength: 3 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({ sets, readers }) => {
        const watch = new Watch(0);
        const all = readers.map((tasks) => ({ tasks, receiver: watch.subscribe(), got: [] as number[] }));
        await group(async (g) => {
          const stops: [number, () => void][] = [];
          for (const { tasks, receiver, got } of all) {
            for (const { pause, stopAt, bySignal } of tasks) {
              const controller = new AbortController();
              const { signal } = controller;
              const task: Task<void> = g.spawn(async () => {
                while (!signal.aborted) {
                  const value = await receiver.changed({ signal }).catch((error) => {
                    if (error !== "stop") throw error;
                  });
                  if (value !== undefined) got.push(value);
                  await turns(pause);
                }
              });
              stops.push([stopAt, bySignal ? () => controller.abort("stop") : () => task.cancel()]);
            }
          }
          for (let step = 0; step <= 22; step++) {
            for (const [at, stop] of stops) if (at === step) stop();
            for (const at of sets) if (at === step) watch.update((it) => it + 1);
            await checkpoint();
          }
        });
        for (const { receiver, got } of all) {
          const left = receiver.tryChanged();
          if (left !== undefined) got.push(left.value);
          assertEquals(got, [...new Set(got)].sort((a, b) => a - b), "a version came twice, or after a later one");
          if (sets.length > 0) assertEquals(got.at(-1), sets.length, "the last version is lost");
        }
        assertEquals(watch.statistics(), { version: sets.length, waiting: 0 });
      }),
      { numRuns: 300 },
    );
  },
);

testWith(
  "async context",
  "under every schedule, cancelled everywhere, those who wait see the last value",
  () =>
    searched(() => {
      const watch = new Watch(0);
      const receiver = watch.subscribe();
      let seen = 0;
      let set = 0;
      return {
        tasks: true,
        body: (sim) =>
          group((g) => {
            for (const name of ["a", "b"]) {
              g.spawn(async () => {
                for await (const value of receiver) {
                  assert(value > seen, `${value} after ${seen}`);
                  seen = value;
                  await sim.io(`${name} works`);
                }
              });
            }
            g.spawn(() =>
              watch.waitFor((value) => value >= 2).catch((error) => {
                if (!(error instanceof ChannelEndError)) throw error;
              })
            );
            g.spawn(async () => {
              try {
                for (let value = 1; value <= 3; value++) {
                  await sim.io(`make ${value}`);
                  watch.set(set = value);
                }
              } finally {
                watch.close();
              }
            });
          }),
        after() {
          seen = receiver.tryChanged()?.value ?? seen;
          assertEquals(seen, set, "the last value was lost");
        },
      };
    }),
);
