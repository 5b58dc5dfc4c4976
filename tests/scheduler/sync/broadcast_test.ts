import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  Broadcast,
  BroadcastLagError,
  type BroadcastReceiver,
  Cancelled,
  CancelScope,
  ChannelClosedError,
  ChannelEndError,
  checkpoint,
  formatTasks,
  group,
  moveOnAfter,
  type Task,
} from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { searched } from "../../support/searched.ts";
import { countListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns, watch } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("arguments of a wrong kind or range are refused with the value received", () => {
  for (const capacity of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => new Broadcast(capacity), RangeError, String(capacity));
  }
  for (const capacity of ["2", null, undefined, 2n]) {
    assertThrows(() => new Broadcast(capacity as unknown as number), TypeError, String(capacity));
  }
  const broadcast = new Broadcast(1);
  const receiver = broadcast.subscribe();
  assertThrows(() => broadcast.subscribe({ onlag: () => {} } as never), TypeError, `onLag: received "onlag"`);
  assertThrows(() => broadcast.subscribe({ onLag: 1 as never }), TypeError, "received 1");
  assertThrows(() => broadcast.subscribe(null as never), TypeError, "null");
  assertThrows(() => receiver.receive({ singal: 1 } as never), TypeError, `signal: received "singal"`);
  assertThrows(() => receiver.receive({ signal: "no" as never }), TypeError, "no");
  assertThrows(() => receiver.receive(5 as never), TypeError, "5");
  assertEquals(broadcast.statistics(), { capacity: 1, receivers: 1, waiting: 0, behind: 0 });
});

test("a receiver of strings is one of strings and numbers, a broadcast of them is none", async () => {
  const broadcast = new Broadcast<string>(1);
  const receiver: BroadcastReceiver<string | number> = broadcast.subscribe();
  // @ts-expect-error: numbers could be sent then.
  const wide: Broadcast<string | number> = broadcast;
  wide.send("text");
  assertEquals(await receiver.receive(), "text");
});

test("each receiver gets each value from its subscription on, in order", async () => {
  const broadcast = new Broadcast<number>(8);
  assertEquals(broadcast.send(0), 0);
  const early = broadcast.subscribe();
  assertEquals(broadcast.send(1), 1);
  const late = broadcast.subscribe();
  assertEquals(broadcast.send(2), 2);
  broadcast.send(3);
  assertEquals(broadcast.statistics(), { capacity: 8, receivers: 2, waiting: 0, behind: 3 });
  assertEquals([await early.receive(), await early.receive(), early.tryReceive()], [1, 2, { value: 3 }]);
  assertEquals([await late.receive(), await late.receive(), late.tryReceive()], [2, 3, undefined]);
  assertEquals(broadcast.statistics(), { capacity: 8, receivers: 2, waiting: 0, behind: 0 });
});

test("who waits gets the next value, and nobody who comes later overtakes", async () => {
  const broadcast = new Broadcast<number>(4);
  const receiver = broadcast.subscribe();
  const waiting = [watch(receiver.receive()), watch(receiver.receive())];
  assertEquals(broadcast.statistics().waiting, 2);
  broadcast.send(1);
  assertEquals(receiver.tryReceive(), undefined);
  broadcast.send(2);
  broadcast.send(3);
  const late = watch(receiver.receive());
  await turns();
  assertEquals([...waiting, late].map(({ value }) => value), [1, 2, 3]);
});

test("one that is too slow is told once how many it has missed, then goes on with the oldest value there is", async () => {
  const broadcast = new Broadcast<number>(2);
  const receiver = broadcast.subscribe();
  for (let value = 1; value <= 5; value++) broadcast.send(value);
  assertEquals(receiver.size, 2);
  const error = await receiver.receive().catch((it) => it);
  assertInstanceOf(error, BroadcastLagError);
  assertEquals([error.name, error.missed, error.message.includes("3 values")], ["BroadcastLagError", 3, true]);
  assertEquals([await receiver.receive(), await receiver.receive(), receiver.tryReceive()], [4, 5, undefined]);
  for (let value = 6; value <= 8; value++) broadcast.send(value);
  assertThrows(() => receiver.tryReceive(), BroadcastLagError, "1 value ");
  assertEquals(receiver.tryReceive(), { value: 7 });
});

test("one that was woken, but falls behind before its turn, is told of it, and so on for those behind it", async () => {
  const broadcast = new Broadcast<number>(1);
  const receiver = broadcast.subscribe();
  const waits = [1, 2, 3].map(() => watch(receiver.receive()));
  for (let value = 1; value <= 3; value++) broadcast.send(value);
  await turns();
  assertEquals(waits.map(({ state }) => state), ["rejected", "fulfilled", "pending"]);
  assertEquals([(waits[0]!.error as BroadcastLagError).missed, waits[1]!.value], [2, 3]);
  broadcast.send(4);
  await turns();
  assertEquals(waits[2]!.value, 4);
});

test("with onLag a lag is told and not thrown, and what that throws goes to onUnhandled", async () => {
  const broadcast = new Broadcast<number>(2);
  const told: unknown[] = [];
  const receiver = broadcast.subscribe({ onLag: (missed) => void told.push(missed) });
  const throws = broadcast.subscribe({
    onLag: () => {
      throw "thrown";
    },
  });
  const rejects = broadcast.subscribe({ onLag: () => Promise.reject("rejected") });
  for (let value = 1; value <= 5; value++) broadcast.send(value);
  broadcast.close();
  for await (const value of receiver) told.push(`got ${value}`);
  assertEquals(told, [3, "got 4", "got 5"]);
  const handed = await unhandledDuring(async () => {
    assertEquals([await throws.receive(), await rejects.receive()], [4, 4]);
    await turns();
  });
  assertEquals(handed, ["thrown", "rejected"]);
});

test("after close what was sent is received, then comes the end; after fail its error", async () => {
  const broadcast = new Broadcast<number>(4);
  const [one, two] = [broadcast.subscribe(), broadcast.subscribe()];
  broadcast.send(1);
  broadcast.close();
  broadcast.fail(new RangeError("too late"));
  assertThrows(() => broadcast.send(2), ChannelClosedError);
  const got: number[] = [];
  for await (const value of one) got.push(value);
  assertEquals([got, one.tryReceive()], [[1], undefined]);
  assertEquals(await two.receive(), 1);
  await assertRejects(() => two.receive(), ChannelEndError);
  await assertRejects(() => broadcast.subscribe().receive(), ChannelEndError);

  const failing = new Broadcast<number>(4);
  const receiver = failing.subscribe();
  const waits = [watch(receiver.receive()), watch(receiver.receive())];
  const error = new RangeError("failed");
  failing.send(1);
  failing.fail(error);
  await turns();
  assertEquals([waits[0]!.value, waits[1]!.error], [1, error]);
  assertStrictEquals(await receiver.receive().catch((it) => it), error);
  const closed = assertThrows(() => failing.send(2), ChannelClosedError);
  assertStrictEquals(closed.cause, error);
});

test("at the end who waits behind one that is on its way to the last value gets that, if the other is cancelled", async () => {
  const broadcast = new Broadcast<number>(4);
  const receiver = broadcast.subscribe();
  const scope = new CancelScope();
  const first = scope.run(() => receiver.receive());
  const [second, third] = [watch(receiver.receive()), watch(receiver.receive())];
  broadcast.send(1);
  broadcast.close();
  scope.cancel();
  await first;
  await turns();
  assertEquals([second.value, (third.error as Error).name], [1, "ChannelEndError"]);
});

test("a receiver that is closed gets nothing more, and those who wait through it are told", async () => {
  const broadcast = new Broadcast<number>(4);
  let outside: BroadcastReceiver<number>;
  {
    using receiver = broadcast.subscribe();
    outside = receiver;
    const waits = [watch(receiver.receive()), watch(receiver.receive())];
    broadcast.send(1);
    receiver.close();
    await turns();
    assertEquals(waits.map(({ error }) => (error as Error).name), ["ChannelClosedError", "ChannelClosedError"]);
  }
  assertEquals([outside.closed, outside.size, outside.tryReceive()], [true, 0, undefined]);
  await assertRejects(() => outside.receive(), ChannelClosedError);
  assertEquals([broadcast.send(2), broadcast.statistics().receivers], [0, 0]);
});

test("a signal ends the wait with its reason and takes nothing; no listener is left", async () => {
  const broadcast = new Broadcast<number>(4);
  const receiver = broadcast.subscribe();
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = countListeners(signal);
  const reason = new RangeError("no longer");
  const stray = await strayRejections(async () => {
    const answered = receiver.receive({ signal });
    broadcast.send(1);
    assertEquals([await answered, listeners()], [1, 0]);
    const [early, late] = [watch(receiver.receive({ signal })), watch(receiver.receive())];
    void receiver.receive({ signal });
    assertEquals(listeners(), 1);
    // The first has its turn already: the value is the next one's.
    broadcast.send(2);
    controller.abort(reason);
    await turns();
    assertEquals([early.error, late.value, listeners()], [reason, 2, 0]);
    assertStrictEquals(await receiver.receive({ signal }).catch((it) => it), reason);
    void receiver.receive({ signal });
  });
  assertEquals([stray, broadcast.statistics().waiting], [[], 0]);
});

test("a wait that is cancelled takes nothing, also with a value on its way, and is no unhandled rejection", async () => {
  const broadcast = new Broadcast<number>(4);
  const receiver = broadcast.subscribe();
  const stray = await strayRejections(async () => {
    const scope = new CancelScope();
    await scope.run(async () => {
      void receiver.receive();
      const next = watch(receiver.receive());
      broadcast.send(1);
      scope.cancel();
      await assertRejects(() => receiver.receive(), Cancelled);
      await turns().catch(() => {});
      assertInstanceOf(next.error, Cancelled);
    });
    assertEquals(await receiver.receive(), 1);
    assertEquals(await moveOnAfter(1, () => receiver.receive()), undefined);
  });
  assertEquals([stray, broadcast.statistics().waiting], [[], 0]);
});

test("what a task waits for is named", async () => {
  const receiver = new Broadcast<number>(1).subscribe();
  await group(async (g) => {
    const task = g.spawn(() => receiver.receive().catch(() => {}), { name: "listener" });
    await turns();
    assert(/listener.*waiting for a value of a broadcast/.test(formatTasks()), formatTasks());
    receiver.close();
    await task;
  });
});

test("a broadcast behaves as a queue for each receiver does, step by step", () => {
  const index = fc.nat(3);
  const command = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("send" as const), value: fc.nat(99) }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("take" as const), index }) },
    fc.record({ type: fc.constant("subscribe" as const) }),
    fc.record({ type: fc.constant("leave" as const), index }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(command, { maxLength: 80 }), (capacity, commands) => {
      const broadcast = new Broadcast<number>(capacity);
      const all: { receiver: BroadcastReceiver<number>; queue: number[]; missed: number }[] = [];
      for (const step of commands) {
        if (step.type === "send") {
          assertEquals(broadcast.send(step.value), all.length);
          for (const model of all) {
            model.queue.push(step.value);
            if (model.queue.length > capacity) model.missed += model.queue.splice(0, 1).length;
          }
        } else if (step.type === "subscribe") {
          all.push({ receiver: broadcast.subscribe(), queue: [], missed: 0 });
        } else if (step.index < all.length) {
          const model = all[step.index]!;
          if (step.type === "leave") {
            all.splice(step.index, 1)[0]!.receiver.close();
          } else if (model.missed > 0) {
            const error = assertThrows(() => model.receiver.tryReceive(), BroadcastLagError);
            assertEquals(error.missed, model.missed);
            model.missed = 0;
          } else {
            assertEquals(model.receiver.tryReceive()?.value, model.queue.shift());
          }
        }
        assertEquals(all.map(({ receiver }) => receiver.size), all.map(({ queue }) => queue.length));
        const behind = Math.max(0, ...all.map(({ queue }) => queue.length));
        assertEquals(broadcast.statistics(), { capacity, receivers: all.length, waiting: 0, behind });
      }
    }),
  );
});

testWith(
  "async context",
  "each value is received or told as missed, once and in order, whoever is cancelled at whatever step",
  async () => {
    const plans = fc.record({
      capacity: fc.integer({ min: 1, max: 4 }),
      sends: fc.array(fc.nat(3), { maxLength: 12 }),
      readers: fc.array(
        fc.record({
          tasks: fc.array(fc.record({ pause: fc.nat(4), stopAt: fc.nat(25), bySignal: fc.boolean() }), {
            maxLength: 3,
          }),
        }),
        { minLength: 1, maxLength: 3 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(plans, async ({ capacity, sends, readers }) => {
        const broadcast = new Broadcast<number>(capacity);
        const all = readers.map(({ tasks }) => ({
          tasks,
          receiver: broadcast.subscribe(),
          got: [] as number[],
          missed: 0,
        }));
        await group(async (g) => {
          const stops: [number, () => void][] = [];
          for (const reader of all) {
            for (const { pause, stopAt, bySignal } of reader.tasks) {
              const controller = new AbortController();
              const { signal } = controller;
              const task: Task<void> = g.spawn(async () => {
                while (!signal.aborted) {
                  try {
                    reader.got.push(await reader.receiver.receive({ signal }));
                  } catch (error) {
                    if (error === "stop") return;
                    if (!(error instanceof BroadcastLagError)) throw error;
                    reader.missed += error.missed;
                  }
                  await turns(pause);
                }
              });
              stops.push([stopAt, bySignal ? () => controller.abort("stop") : () => task.cancel()]);
            }
          }
          let value = 0;
          for (let step = 0; step <= 25; step++) {
            for (const [at, stop] of stops) if (at === step) stop();
            for (let count = sends[step] ?? 0; count > 0; count--) broadcast.send(value++);
            const { behind } = broadcast.statistics();
            assert(behind <= capacity, `${behind} of ${capacity}`);
            await checkpoint();
          }
        });
        const sent = sends.reduce((sum, count) => sum + count, 0);
        for (const { receiver, got, missed } of all) {
          let left = 0;
          let untold = 0;
          for (;;) {
            try {
              const item = receiver.tryReceive();
              if (item === undefined) break;
              got.push(item.value);
              left++;
            } catch (error) {
              untold += (error as BroadcastLagError).missed;
            }
          }
          assert(left <= capacity, `${left} left of ${capacity}`);
          assertEquals(got.length + missed + untold, sent, "lost or doubled");
          assertEquals(got, [...new Set(got)].sort((a, b) => a - b), "out of order or doubled");
        }
        assertEquals(broadcast.statistics(), { capacity, receivers: all.length, waiting: 0, behind: 0 });
      }),
      { numRuns: 300 },
    );
  },
);

test("under every schedule, cancelled everywhere, each receiver accounts for each value", () =>
  searched(() => {
    const broadcast = new Broadcast<number>(2);
    const receivers = [broadcast.subscribe(), broadcast.subscribe()];
    const counts = [0, 0];
    let sent = 0;
    return {
      tasks: true,
      body: (sim) =>
        group((g) => {
          receivers.forEach((receiver, index) =>
            g.spawn(async () => {
              for (;;) {
                try {
                  await receiver.receive();
                  counts[index]!++;
                } catch (error) {
                  if (error instanceof ChannelEndError) return;
                  if (!(error instanceof BroadcastLagError)) throw error;
                  counts[index]! += error.missed;
                }
                await sim.io(`${index} works`);
              }
            })
          );
          g.spawn(async () => {
            try {
              for (let value = 0; value < 4; value++) {
                await sim.io(`make ${value}`);
                broadcast.send(value);
                sent++;
              }
            } finally {
              broadcast.close();
            }
          });
        }),
      after() {
        receivers.forEach((receiver, index) => {
          let count = counts[index]!;
          for (;;) {
            try {
              if (receiver.tryReceive() === undefined) break;
              count++;
            } catch (error) {
              count += (error as BroadcastLagError).missed;
            }
          }
          assertEquals(count, sent, "lost or doubled");
        });
      },
    };
  }));

test("500 receivers get 50 values while others have their turn", async () => {
  const broadcast = new Broadcast<number>(50);
  let received = 0;
  await group((g) => {
    for (let index = 0; index < 500; index++) {
      const receiver = broadcast.subscribe();
      g.spawn(async () => {
        for await (const _ of receiver) received++;
      });
    }
    g.spawn(async () => {
      for (let value = 0; value < 50; value++) {
        broadcast.send(value);
        await checkpoint();
      }
      broadcast.close();
    });
  });
  assertEquals(received, 25_000);
});
