import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Cancelled,
  CancelScope,
  Channel,
  ChannelBrokenError,
  ChannelClosedError,
  ChannelEndError,
  checkpoint,
  group,
  moveOnAfter,
} from "../../../mod.ts";
import { unhandledDuring } from "../../support/errors.ts";
import { turns, watch } from "../../support/turns.ts";
import { testWith } from "../../support/needs.ts";

test("a bad capacity, overflow or hook is refused at the call", () => {
  for (const capacity of [-1, 1.5, NaN, -Infinity]) assertThrows(() => new Channel(capacity), RangeError);
  for (const capacity of ["1", null, 1n]) assertThrows(() => new Channel(capacity as unknown as number), TypeError);
  assertThrows(() => new Channel(1, { overflow: "latest" as "wait" }), TypeError, "latest");
  assertThrows(() => new Channel(1, { onUndelivered: 1 as unknown as () => void }), TypeError);
  assertThrows(() => new Channel(0, { overflow: "sliding" }), RangeError);
  assertEquals(new Channel().capacity, 0);
  assertEquals(new Channel(Infinity).capacity, Infinity);
});

test("with capacity 0 a value goes from hand to hand: send settles when it is taken", async () => {
  const channel = new Channel<number>();
  const sent = watch(channel.send(1));
  assertEquals(channel.trySend(2), false);
  await turns();
  assertEquals(sent.state, "pending");
  assertEquals(await channel.receive(), 1);
  await turns();
  assertEquals(sent.state, "fulfilled");
  const received = watch(channel.receive());
  assertEquals(channel.trySend(3), true);
  await turns();
  assertEquals(received.value, 3);
});

test("a channel with room takes values at once, a full one makes senders wait in order", async () => {
  const channel = new Channel<number>(2);
  await channel.send(1);
  await channel.send(2);
  assertEquals(channel.trySend(9), false);
  const order: number[] = [];
  const sends = [3, 4, 5].map((value) => channel.send(value).then(() => order.push(value)));
  assertEquals(channel.statistics(), { capacity: 2, size: 2, sending: 3, receiving: 0, senders: 0, receivers: 0 });
  const received: number[] = [];
  for (let round = 0; round < 5; round++) received.push(await channel.receive());
  await Promise.all(sends);
  assertEquals(received, [1, 2, 3, 4, 5]);
  assertEquals(order, [3, 4, 5]);
  assertEquals(channel.size, 0);
});

test("undefined, null and false are values like any other", async () => {
  const channel = new Channel<unknown>(4);
  for (const value of [undefined, null, false, 0]) await channel.send(value);
  assertEquals(channel.tryReceive(), { value: undefined });
  assertEquals(await channel.receive(), null);
  channel.close();
  const rest: unknown[] = [];
  for await (const value of channel) rest.push(value);
  assertEquals(rest, [false, 0]);
});

test("an unbounded channel keeps 50,000 values in order", async () => {
  const channel = new Channel<number>(Infinity);
  for (let value = 0; value < 50_000; value++) channel.trySend(value);
  channel.close();
  let expected = 0;
  for await (const value of channel) {
    if (value !== expected++) throw new Error(`${value} out of order`);
  }
  assertEquals(expected, 50_000);
});

test("a waiting receiver owns the next value: neither tryReceive nor a late receive gets it", async () => {
  for (const capacity of [0, 1, 8]) {
    const channel = new Channel<number>(capacity);
    const waiting = watch(channel.receive());
    assertEquals(channel.trySend(1), true);
    assertEquals(channel.tryReceive(), undefined);
    const late = watch(channel.receive());
    await turns();
    assertEquals([waiting.value, late.state], [1, "pending"]);
    await channel.send(2);
    await turns();
    assertEquals(late.value, 2);
  }
});

test("a waiting sender is the next one: trySend does not overtake it", async () => {
  const channel = new Channel<number>(1);
  await channel.send(1);
  const waiting = channel.send(2);
  assertEquals(channel.tryReceive(), { value: 1 });
  assertEquals(channel.trySend(3), false);
  await waiting;
  assertEquals(await channel.receive(), 2);
});

test("sliding drops the oldest, dropping the newest; what send was given goes to onUndelivered", async () => {
  const dropped: number[] = [];
  const onUndelivered = (value: number) => void dropped.push(value);
  const sliding = new Channel<number>(2, { overflow: "sliding", onUndelivered });
  for (const value of [1, 2, 3]) await sliding.send(value);
  assertEquals(sliding.trySend(4), true);
  assertEquals(dropped.splice(0), [1, 2]);
  assertEquals([await sliding.receive(), await sliding.receive()], [3, 4]);
  const dropping = new Channel<number>(2, { overflow: "dropping", onUndelivered });
  for (const value of [1, 2, 3]) await dropping.send(value);
  assertEquals(dropping.trySend(4), false);
  assertEquals(dropped, [3]);
  assertEquals([await dropping.receive(), await dropping.receive()], [1, 2]);
  const none = new Channel<number>(0, { overflow: "dropping", onUndelivered });
  await none.send(5);
  assertEquals(dropped, [3, 5]);
});

test("after close what is in the channel is received, then comes ChannelEndError; sending is closed", async () => {
  const channel = new Channel<number>(2);
  await channel.send(1);
  await channel.send(2);
  channel.close();
  channel.close();
  assertEquals(channel.closed, true);
  await assertRejects(() => channel.send(3), ChannelClosedError);
  assertEquals(channel.trySend(3), false);
  assertEquals(await channel.receive(), 1);
  assertEquals(channel.tryReceive(), { value: 2 });
  assertEquals(channel.tryReceive(), undefined);
  await assertRejects(() => channel.receive(), ChannelEndError);
  assertThrows(() => channel.sender(), ChannelClosedError);
});

test("close tells those who wait: receivers ChannelEndError, senders ChannelClosedError and the hook their value", async () => {
  const undelivered: number[] = [];
  const receiving = new Channel<number>();
  const receives = [receiving.receive(), receiving.receive()].map(watch);
  receiving.close();
  const sending = new Channel<number>(1, { onUndelivered: (value) => undelivered.push(value) });
  await sending.send(1);
  const sends = [sending.send(2), sending.send(3)].map(watch);
  sending.close();
  await turns();
  assert(receives.every(({ error }) => error instanceof ChannelEndError), "a receiver got something else");
  assert(sends.every(({ error }) => error instanceof ChannelClosedError), "a sender got something else");
  assertEquals(undelivered, [2, 3]);
  assertEquals(await sending.receive(), 1);
});

test("fail delivers what is in the channel, then the error itself; it is the cause for senders", async () => {
  const error = new RangeError("broken pipe");
  const undelivered: number[] = [];
  const channel = new Channel<number>(1, { onUndelivered: (value) => undelivered.push(value) });
  await channel.send(1);
  const waiting = watch(channel.send(2));
  channel.fail(error);
  channel.fail(new Error("later"));
  channel.close();
  await turns();
  assert(waiting.error instanceof ChannelClosedError, `got ${waiting.error}`);
  assertStrictEquals(waiting.error.cause, error);
  assertEquals(undelivered, [2]);
  assertEquals(await channel.receive(), 1);
  for (let round = 0; round < 2; round++) assertStrictEquals(await channel.receive().catch((it) => it), error);
  const primitive = new Channel<number>();
  const receive = watch(primitive.receive());
  primitive.fail(undefined);
  await turns();
  assertEquals([receive.state, receive.error], ["rejected", undefined]);
});

test("a loop over a failed channel gets the values, then throws the error", async () => {
  const channel = new Channel<number>(3);
  for (const value of [1, 2, 3]) channel.trySend(value);
  channel.fail(new RangeError("end"));
  const got: number[] = [];
  await assertRejects(async () => {
    for await (const value of channel) got.push(value);
  }, RangeError);
  assertEquals(got, [1, 2, 3]);
});

test("the channel is closed when the last sender is, not before", async () => {
  const channel = new Channel<number>(4);
  const first = channel.sender();
  const second = first.clone();
  const third = channel.sender();
  await first.send(1);
  first.close();
  first.close();
  await assertRejects(() => first.send(9), ChannelClosedError);
  assertEquals(first.trySend(9), false);
  assertThrows(() => first.clone(), ChannelClosedError);
  await second.send(2);
  second[Symbol.dispose]();
  assertEquals(channel.closed, false);
  await third.send(3);
  assertEquals(channel.statistics().senders, 1);
  third.close();
  assertEquals(channel.closed, true);
  const got: number[] = [];
  for await (const value of channel) got.push(value);
  assertEquals(got, [1, 2, 3]);
});

test("a receiver that waits when the last sender is closed gets an error, not a hang", async () => {
  const channel = new Channel<number>();
  const receiver = channel.receiver();
  const waiting = watch(receiver.receive());
  const sender = channel.sender();
  const clone = sender.clone();
  sender.close();
  await turns();
  assertEquals(waiting.state, "pending");
  clone.close();
  await turns();
  assert(waiting.error instanceof ChannelEndError, `got ${waiting.error}`);
});

test("senders get ChannelBrokenError when the last receiver is closed, and what is left is undelivered", async () => {
  const undelivered: number[] = [];
  const channel = new Channel<number>(1, { onUndelivered: (value) => undelivered.push(value) });
  const receiver = channel.receiver();
  const clone = receiver.clone();
  await channel.send(1);
  const waiting = watch(channel.send(2));
  receiver.close();
  await turns();
  assertEquals(waiting.state, "pending");
  await assertRejects(() => receiver.receive(), ChannelClosedError);
  assertEquals(receiver.tryReceive(), undefined);
  clone.close();
  await turns();
  assert(waiting.error instanceof ChannelBrokenError, `got ${waiting.error}`);
  assertEquals(undelivered, [2, 1]);
  await assertRejects(() => channel.send(3), ChannelBrokenError);
  assertEquals(undelivered, [2, 1, 3]);
  assertEquals(channel.trySend(4), false);
  await assertRejects(() => channel.receive(), ChannelClosedError);
  assertThrows(() => channel.receiver(), ChannelClosedError);
});

test("closing an end tells those who wait through it, and only those", async () => {
  const channel = new Channel<number>();
  const senders = [channel.sender(), channel.sender()];
  const sends = senders.map((sender) => watch(sender.send(1)));
  senders[0]!.close();
  await turns();
  assertEquals(sends.map(({ state }) => state), ["rejected", "pending"]);
  assert(sends[0]!.error instanceof ChannelClosedError, `got ${sends[0]!.error}`);
  assertEquals(await channel.receive(), 1);
  const receivers = [channel.receiver(), channel.receiver()];
  const receives = receivers.map((receiver) => watch(receiver.receive()));
  receivers[0]!.close();
  await channel.send(2);
  await turns();
  assert(receives[0]!.error instanceof ChannelClosedError, `got ${receives[0]!.error}`);
  assertEquals(receives[1]!.value, 2);
});

test("a value handed to a receiver that is cancelled before it goes on is the next receiver's", async () => {
  for (const capacity of [0, 1]) {
    const channel = new Channel<number>(capacity);
    const scope = new CancelScope();
    const gone = scope.run(() => channel.receive());
    const next = watch(channel.receive());
    await channel.send(1);
    scope.cancel();
    assertEquals(await gone, undefined);
    await turns();
    assertEquals(next.value, 1);
  }
});

test("without another receiver it goes back to the front of the channel", async () => {
  const undelivered: number[] = [];
  const channel = new Channel<number>(2, { onUndelivered: (value) => undelivered.push(value) });
  const scope = new CancelScope();
  const gone = scope.run(() => channel.receive());
  for (const value of [1, 2, 3]) await channel.send(value);
  scope.cancel();
  await gone;
  assertEquals(channel.size, 3);
  assertEquals([await channel.receive(), await channel.receive(), await channel.receive()], [1, 2, 3]);
  assertEquals(undelivered, []);
});

test("and when no receiver is left it goes to onUndelivered", async () => {
  const undelivered: number[] = [];
  const channel = new Channel<number>(0, { onUndelivered: (value) => undelivered.push(value) });
  const scope = new CancelScope();
  const receiver = channel.receiver();
  const gone = scope.run(() => receiver.receive());
  await channel.send(1);
  receiver.close();
  scope.cancel();
  await gone;
  assertEquals(undelivered, [1]);
});

test("a closed channel does not tell a receiver its end while a value may still come back", async () => {
  const channel = new Channel<number>();
  const scope = new CancelScope();
  const gone = scope.run(() => channel.receive());
  await channel.send(1);
  channel.close();
  const next = watch(channel.receive());
  const last = watch(channel.receive());
  scope.cancel();
  await gone;
  await turns();
  assertEquals(next.value, 1);
  assert(last.error instanceof ChannelEndError, `got ${last.error}`);
});

testWith(
  "async context",
  "a cancelled send delivers nothing and its value goes to the hook; a taken one resolves all the same",
  async () => {
    const undelivered: number[] = [];
    const channel = new Channel<number>(0, { onUndelivered: (value) => undelivered.push(value) });
    assertEquals(await moveOnAfter(1, () => channel.send(1).then(() => true)), undefined);
    assertEquals(undelivered, [1]);
    assertEquals(channel.tryReceive(), undefined);
    const scope = new CancelScope();
    let sent: unknown;
    const sending = scope.run(async () => {
      sent = await channel.send(2).then(() => "resolved", (error) => error);
    });
    const received = channel.receive();
    scope.cancel();
    await sending;
    assertEquals([await received, sent], [2, "resolved"]);
    assertEquals(undelivered, [1]);
    const early = new CancelScope();
    await early.run(async () => {
      early.cancel();
      await assertRejects(() => channel.send(3), Cancelled);
      await assertRejects(() => channel.receive(), Cancelled);
    });
    assertEquals(undelivered, [1, 3]);
  },
);

test("a value received by a listener of the same cancellation that reaches its sender is sent", async () => {
  const channel = new Channel<number>();
  const taken: unknown[] = [];
  let sent: unknown;
  await group(async (g) => {
    g.spawn(async (task) => {
      task.signal.addEventListener("abort", () => taken.push(channel.tryReceive()?.value));
      await new Channel().receive();
    });
    g.spawn(async () => {
      sent = await channel.send(1).then(() => "resolved", (error: Error) => error.name);
    });
    await turns();
    g.cancel();
  });
  assertEquals([taken, sent], [[1], "resolved"]);
});

test("what the hook throws goes to onUnhandled and harms nobody", async () => {
  await unhandledDuring(async (unhandled) => {
    const error = new Error("hook");
    const channel = new Channel<number>(1, {
      overflow: "sliding",
      onUndelivered: () => {
        throw error;
      },
    });
    await channel.send(1);
    await channel.send(2);
    assertEquals(unhandled, [error]);
    assertEquals(await channel.receive(), 2);
  });
});

test("a hook that sends to the same channel neither breaks its bound nor its order", async () => {
  const channel: Channel<number> = new Channel<number>(2, {
    overflow: "dropping",
    onUndelivered: (value) => void channel.trySend(-value),
  });
  for (const value of [1, 2, 3]) await channel.send(value);
  assertEquals(channel.size, 2);
  assertEquals([await channel.receive(), await channel.receive()], [1, 2]);
});

test("a loop left early leaves the channel and its values to others", async () => {
  const channel = new Channel<number>(4);
  for (const value of [1, 2, 3, 4]) await channel.send(value);
  for await (const value of channel) if (value === 2) break;
  await assertRejects(async () => {
    for await (const value of channel) throw new RangeError(String(value));
  }, RangeError);
  assertEquals(channel.size, 1);
  channel.close();
  const rest: number[] = [];
  for await (const value of channel) rest.push(value);
  assertEquals(rest, [4]);
});

test("an iterator whose next was cancelled can be asked again; after return it is done", async () => {
  const channel = new Channel<number>();
  const iterator = channel[Symbol.asyncIterator]();
  assertEquals(await moveOnAfter(1, () => iterator.next()), undefined);
  const next = iterator.next();
  await channel.send(1);
  assertEquals(await next, { done: false, value: 1 });
  await iterator.return!();
  assertEquals(await iterator.next(), { done: true, value: undefined });
});

test("several loops share the values and all end", async () => {
  const channel = new Channel<number>();
  const got: number[] = [];
  await group((g) => {
    for (let worker = 0; worker < 5; worker++) {
      g.spawn(async () => {
        using receiver = channel.receiver();
        for await (const value of receiver) got.push(value);
      });
    }
    for (let producer = 0; producer < 3; producer++) {
      const sender = channel.sender();
      g.spawn(async () => {
        using _ = sender;
        for (let value = 0; value < 100; value++) await sender.send(producer * 100 + value);
      });
    }
  });
  assertEquals(got.sort((a, b) => a - b), Array.from({ length: 300 }, (_, value) => value));
});

test("a task that waits at a channel and is cancelled leaves nothing there", async () => {
  const channel = new Channel<number>();
  await group(async (g) => {
    for (let index = 0; index < 50; index++) {
      g.spawn(() => channel.receive());
      await checkpoint();
    }
    assertEquals(channel.statistics().receiving, 50);
    g.cancel();
    assertEquals(channel.statistics().receiving, 0);
  });
});

test("closing 5000 ends one by one while as many wait is not quadratic", async () => {
  const channel = new Channel<number>();
  await group(async (g) => {
    for (let index = 0; index < 5000; index++) {
      const sender = channel.sender();
      g.spawn(async () => {
        using _ = sender;
        await sender.send(index);
      });
    }
    let sum = 0;
    for await (const value of channel) sum += value;
    assertEquals(sum, 5000 * 4999 / 2);
  });
});
