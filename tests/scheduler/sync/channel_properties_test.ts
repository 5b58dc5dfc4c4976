/** Channels under every overflow, capacity and order of events: each value ends in exactly one place. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Channel, ChannelClosedError, ChannelEndError, checkpoint, group, type Task } from "../../../mod.ts";

const capacities = fc.constantFrom(0, 1, 2, 5, Infinity);

test("each value sent is received or undelivered, once, whoever is cancelled at whatever step", async () => {
  const plans = fc.record({
    capacity: capacities,
    overflow: fc.constantFrom("wait", "sliding", "dropping"),
    senders: fc.array(fc.record({ count: fc.nat(4), cancelAt: fc.nat(20) }), { minLength: 1, maxLength: 4 }),
    receivers: fc.array(fc.record({ count: fc.nat(4), cancelAt: fc.nat(20) }), { maxLength: 4 }),
    end: fc.constantFrom("close", "fail", "last receiver"),
    endAt: fc.nat(22),
  });
  await fc.assert(
    fc.asyncProperty(plans, async ({ capacity, overflow, senders, receivers, end, endAt }) => {
      fc.pre(!(overflow === "sliding" && capacity === 0));
      const undelivered: number[] = [];
      const received: number[] = [];
      const resolved: number[] = [];
      const given: number[] = [];
      const channel = new Channel<number>(capacity, { overflow, onUndelivered: (value) => undelivered.push(value) });
      const guard = channel.receiver();
      await group(async (g) => {
        const tasks: [Task<void>, number][] = [];
        senders.forEach(({ count, cancelAt }, index) =>
          tasks.push([
            g.spawn(async () => {
              for (let item = 0; item < count; item++) {
                const value = index * 10 + item;
                given.push(value);
                try {
                  await channel.send(value);
                  resolved.push(value);
                } catch (error) {
                  if (error instanceof Error && /^Channel/.test(error.name)) return;
                  throw error;
                }
              }
            }),
            cancelAt,
          ])
        );
        receivers.forEach(({ count, cancelAt }) =>
          tasks.push([
            g.spawn(async () => {
              try {
                for (let item = 0; item < count; item++) received.push(await channel.receive());
              } catch (error) {
                if (error instanceof ChannelEndError || error instanceof ChannelClosedError) return;
                if (error instanceof RangeError) return;
                throw error;
              }
            }),
            cancelAt,
          ])
        );
        for (let step = 0; step <= 22; step++) {
          for (const [task, cancelAt] of tasks) if (cancelAt === step) task.cancel();
          if (endAt === step) {
            if (end === "close") channel.close();
            else if (end === "fail") channel.fail(new RangeError("failed"));
            else guard.close();
          }
          const { size, receiving, sending } = channel.statistics();
          assert(size === 0 || receiving === 0, "somebody waits for what is there");
          assert(sending === 0 || size >= capacity, "somebody waits although there is room");
          await checkpoint();
        }
      });
      const left: number[] = [];
      for (let item = channel.tryReceive(); item !== undefined; item = channel.tryReceive()) left.push(item.value);
      assertEquals([...received, ...undelivered, ...left].sort(), given.sort(), "lost or doubled");
      if (overflow === "wait" && end !== "last receiver") {
        assertEquals([...received, ...left].sort(), resolved.sort(), "a send that resolved is one that was taken");
      }
      for (let index = 0; index < senders.length; index++) {
        const own = received.filter((value) => Math.floor(value / 10) === index);
        if (receivers.length === 1) assertEquals(own, own.toSorted((a, b) => a - b), "out of order");
      }
    }),
    { numRuns: 400 },
  );
});

test("a channel behaves as a plain queue does, step by step", async () => {
  const command = fc.oneof(
    fc.record({ type: fc.constant("trySend" as const), value: fc.nat(99) }),
    fc.record({ type: fc.constant("tryReceive" as const) }),
    fc.record({ type: fc.constant("close" as const) }),
  );
  await fc.assert(
    fc.property(capacities, fc.array(command, { maxLength: 60 }), (capacity, commands) => {
      const channel = new Channel<number>(capacity);
      const model: number[] = [];
      let closed = false;
      for (const step of commands) {
        if (step.type === "trySend") {
          const fits = !closed && model.length < capacity;
          assertEquals(channel.trySend(step.value), fits);
          if (fits) model.push(step.value);
        } else if (step.type === "tryReceive") {
          assertEquals(channel.tryReceive()?.value, model.shift());
        } else {
          channel.close();
          closed = true;
        }
        assertEquals(channel.size, model.length);
      }
    }),
  );
});
