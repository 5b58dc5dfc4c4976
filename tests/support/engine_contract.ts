/**
 * What every engine of remote pools promises, as tests that are run with each.
 *
 * @module
 */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { EngineFullError } from "../../io/remote/engine/engine.ts";
import {
  bytes,
  type EngineBench,
  type EngineTest,
  job,
  type QueueTest,
  settings,
  Taker,
  text,
} from "./engine_bench.ts";
import { endsContract, messagesContract } from "./engine_contract_messages.ts";
import { until, withinTest } from "./within.ts";

/** Runs the suite: `withBench` makes an engine for each test and takes it away. */
export function engineContract(
  name: string,
  withBench: (body: (bench: EngineBench) => Promise<void>) => Promise<void>,
): void {
  const engineTest: EngineTest = (title, body) => {
    test(`${name}: ${title}`, () =>
      withinTest(withBench(async (bench) => {
        const engine = await bench.connect();
        try {
          await body(engine, bench);
        } finally {
          await engine.close();
        }
      })));
  };
  const queueTest: QueueTest = (title, body, of = {}) => {
    engineTest(title, async (engine, bench) => {
      await body(await engine.queue("images", { ...settings, ...of }), engine, bench);
    });
  };
  jobs(queueTest);
  deliveries(queueTest);
  exhausted(queueTest);
  messagesContract(engineTest);
  endsContract(engineTest);
}

function jobs(queueTest: QueueTest): void {
  queueTest("a job is delivered as it was published, and is gone when it was acknowledged", async (queue) => {
    const headers = { "Reply-To": "a.b", Note: " größer\r\nals 100 % " };
    const { isDuplicate, sequence } = await queue.publish(job("öne", { headers, body: bytes("body") }));
    assertEquals(isDuplicate, false);
    const look = await queue.look(sequence);
    assertEquals([look?.id, look?.name, look?.priority, look?.headers], ["öne", "resize", "user-visible", headers]);
    assertEquals(text(look!.body), "body");
    const taker = await Taker.of(queue);
    const delivery = await taker.at(0);
    assertEquals([delivery.id, delivery.name, delivery.headers], ["öne", "resize", headers]);
    assertEquals([text(delivery.body), delivery.attempt, delivery.sequence], ["body", 1, sequence]);
    assertEquals(await queue.counts(), { queued: 0, delivered: 1 });
    await delivery.ack();
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    assertEquals(await queue.look(sequence), undefined);
    await taker.close();
  });

  queueTest("an id that is known adds nothing, also when its job is done", async (queue) => {
    const first = await queue.publish(job("one"));
    assertEquals(await queue.publish(job("one")), { isDuplicate: true, sequence: first.sequence });
    const taker = await Taker.of(queue);
    await (await taker.at(0)).ack();
    assertEquals((await queue.publish(job("one"))).isDuplicate, true);
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    await taker.close();
  });

  queueTest("a queue that is full refuses a job, and takes it when there is room again", async (queue) => {
    const { sequence } = await queue.publish(job("one"));
    await queue.publish(job("two"));
    await assertRejects(() => queue.publish(job("three")), EngineFullError);
    assert(await queue.remove(sequence));
    assertEquals((await queue.publish(job("three"))).isDuplicate, false);
  }, { limit: 2 });

  queueTest("a job that is removed before it is delivered never is", async (queue) => {
    const { sequence } = await queue.publish(job("one"));
    await queue.publish(job("two"));
    assertEquals(await queue.remove(sequence), true);
    assertEquals(await queue.remove(sequence), false);
    const taker = await Taker.of(queue);
    assertEquals((await taker.at(0)).id, "two");
    assertEquals(await queue.counts(), { queued: 0, delivered: 1 });
    await taker.got[0]!.ack();
    await taker.close();
  });

  queueTest("each priority is a queue of its own", async (queue) => {
    await queue.publish(job("slow", { priority: "background" }));
    await queue.publish(job("fast", { priority: "user-blocking" }));
    const fast = await Taker.of(queue, 10, "user-blocking");
    const slow = await Taker.of(queue, 10, "background");
    assertEquals([(await fast.at(0)).id, (await slow.at(0)).id], ["fast", "slow"]);
    await Promise.all([fast.got[0]!.ack(), slow.got[0]!.ack()]);
    assertEquals([fast.got.length, slow.got.length], [1, 1]);
    await Promise.all([fast.close(), slow.close()]);
  });

  queueTest("names that are not one word are refused, and nothing is published", async (queue, engine) => {
    for (const name of ["", "a.b", "*", ">", "a b", "a\r\nb", "x".repeat(200)]) {
      await assertRejects(() => queue.publish(job("one", { name })), TypeError);
      await assertRejects(() => engine.queue(name, settings), TypeError);
    }
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
  });

  queueTest("a body that is too large is refused with both numbers, and the queue goes on", async (queue, engine) => {
    const body = new Uint8Array(engine.maxBytes + 1);
    await assertRejects(() => queue.publish(job("one", { body })), RangeError, String(engine.maxBytes));
    assertEquals((await queue.publish(job("two"))).isDuplicate, false);
  });

  queueTest("queues may have no limit, and no end of attempts", async (queue) => {
    assertEquals([queue.settings.limit, queue.settings.attempts], [Infinity, Infinity]);
    await queue.publish(job("one"));
    const taker = await Taker.of(queue);
    for (let i = 0; i < 6; i++) (await taker.at(i)).nak(0);
    await (await taker.at(6)).ack();
    await taker.close();
  }, { limit: Infinity, attempts: Infinity });

  queueTest("whoever made the queues has chosen their settings", async (queue, _, bench) => {
    assertEquals(queue.settings, settings);
    const other = await bench.connect();
    const same = await other.queue("images", { ackWait: 5, attempts: 9, limit: 1 });
    assertEquals(same.settings, settings);
    await other.close();
  });
}

function deliveries(queueTest: QueueTest): void {
  queueTest("no more is delivered than there is room for", async (queue) => {
    for (let i = 0; i < 12; i++) await queue.publish(job(`${i}`));
    const taker = await Taker.of(queue, 2);
    for (let i = 0; i < 12; i++) {
      await (await taker.at(i)).ack();
      taker.release();
    }
    assertEquals(
      taker.got.map(({ id, attempt }) => `${id}/${attempt}`),
      Array.from({ length: 12 }, (_, i) => `${i}/1`),
    );
    await taker.close();
  });

  queueTest("a job that is given back comes again, no sooner than the delay", async (queue) => {
    await queue.publish(job("one"));
    const taker = await Taker.of(queue);
    const start = performance.now();
    (await taker.at(0)).nak(200);
    const again = await taker.at(1);
    const took = performance.now() - start;
    assert(took >= 190, `it came after ${took} ms`);
    assertEquals([again.id, again.attempt], ["one", 2]);
    await again.ack();
    await taker.close();
  });

  queueTest("a job of which nothing is heard comes again, and the first delivery may still end it", async (queue) => {
    await queue.publish(job("one"));
    const taker = await Taker.of(queue);
    const first = await taker.at(0);
    const second = await taker.at(1);
    assertEquals([second.id, second.attempt, second.sequence], ["one", 2, first.sequence]);
    await first.ack();
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
    await second.ack();
    await taker.close();
  }, { ackWait: 300 });

  queueTest("a job of which is said that it goes on does not come again", async (queue) => {
    await queue.publish(job("one"));
    const taker = await Taker.of(queue);
    const delivery = await taker.at(0);
    const beats = setInterval(() => delivery.working(), 200);
    await queue.publish(job("clock"));
    const clock = await taker.at(1);
    // The clock comes again and again, so long after it was delivered: three of that are more than one wait.
    assertEquals([(await taker.at(2)).id, (await taker.at(3)).id], ["clock", "clock"]);
    clearInterval(beats);
    await Promise.all([delivery.ack(), clock.ack()]);
    assertEquals(taker.got.map(({ id }) => id), ["one", "clock", "clock", "clock"]);
    await taker.close();
  }, { ackWait: 1200 });

  queueTest("a job that is given up does not come again", async (queue) => {
    const { sequence } = await queue.publish(job("one"));
    await queue.publish(job("clock"));
    const taker = await Taker.of(queue);
    (await taker.at(0)).term();
    const clock = await taker.at(1);
    assertEquals((await taker.at(2)).id, "clock");
    await clock.ack();
    assertEquals(taker.got.map(({ id }) => id), ["one", "clock", "clock"]);
    assertEquals([await queue.look(sequence), await queue.counts()], [undefined, { queued: 0, delivered: 0 }]);
    await taker.close();
  }, { ackWait: 400 });

  queueTest("what comes after a taker has closed goes to another one", async (queue, _, bench) => {
    const other = await bench.connect();
    const first = await Taker.of(queue);
    await first.close();
    await queue.publish(job("one"));
    const second = await Taker.of(await other.queue("images", settings));
    const delivery = await second.at(0);
    assertEquals([delivery.id, delivery.attempt, first.got.length], ["one", 1, 0]);
    await delivery.ack();
    await second.close();
    await other.close();
  });
}

function exhausted(queueTest: QueueTest): void {
  queueTest("a job that was delivered as often as it may be is told, and stays until it is removed", async (queue) => {
    const told: { sequence: number; attempts: number }[] = [];
    let toldOther = 0;
    const ends = [
      await queue.onExhausted((job) => void told.push(job)),
      await queue.onExhausted(() => void toldOther++),
    ];
    const { sequence } = await queue.publish(job("one", { body: bytes("body") }));
    const taker = await Taker.of(queue);
    (await taker.at(0)).nak(0);
    (await taker.at(1)).nak(0);
    await until(() => told.length > 0 && toldOther > 0, "the job is told as exhausted, to both");
    assertEquals(told[0], { sequence, attempts: 2 });
    assertEquals([(await queue.look(sequence))?.id, taker.got.length], ["one", 2]);
    assertEquals([await queue.remove(sequence), await queue.remove(sequence)], [true, false]);
    for (const end of ends) end();
    await taker.close();
  }, { attempts: 2 });

  queueTest(
    "an exhausted job of which nobody was told is told to one who asks later, until it is taken out",
    async (queue, _, bench) => {
      const { sequence } = await queue.publish(job("one"));
      const taker = await Taker.of(queue);
      // At the last delivery that is given back it is exhausted, and nobody is told.
      (await taker.at(0)).nak(0);
      const other = await bench.connect();
      const late = await other.queue("images", settings);
      const told: number[] = [];
      const isTaken = { by: 0 };
      const end = await late.onExhausted(async (job) => {
        told.push(job.sequence);
        // The first time it is somebody else's.
        if (told.length > 1 && await late.remove(job.sequence)) isTaken.by++;
      });
      await until(() => isTaken.by > 0, "it is told again, and taken out");
      assertEquals([new Set(told), isTaken.by, taker.got.length], [new Set([sequence]), 1, 1]);
      end();
      await taker.close();
      await other.close();
    },
    { attempts: 1 },
  );

  queueTest("dead jobs are kept apart, each id once, however many say so, and can be removed", async (queue) => {
    const dead = job("one", { headers: { Error: "no memory\nat all" }, body: bytes("body") });
    await queue.dead.add(dead);
    await queue.dead.add(dead);
    await queue.dead.add(job("two", { priority: "background" }));
    const list = await queue.dead.list(10);
    assertEquals(list.map(({ id }) => id), ["one", "two"]);
    assertEquals([list[0]!.headers, text(list[0]!.body), list[1]!.priority], [dead.headers, "body", "background"]);
    assertEquals((await queue.dead.list(1)).length, 1);
    const { sequence } = list[0]!;
    assertEquals([await queue.dead.remove(sequence), await queue.dead.remove(sequence)], [true, false]);
    assertEquals((await queue.dead.list(10)).map(({ id }) => id), ["two"]);
    assertEquals(await queue.counts(), { queued: 0, delivered: 0 });
  });
}
