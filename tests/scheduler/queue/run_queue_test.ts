import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Entry } from "../../../scheduler/queue/entry.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { laneOf } from "../../../scheduler/queue/priority.ts";
import { RunQueue } from "../../../scheduler/queue/run_queue.ts";
import { FakeHost } from "../../support/fake_host.ts";

class Logged extends Entry {
  readonly #run: () => void;

  constructor(run: () => void) {
    super();
    this.#run = run;
  }

  override run(): void {
    this.#run();
  }
}

function drained(lane: number = 0): Promise<void> {
  return new Promise((resolve) => loop().queue.enqueue(new Logged(resolve), lane));
}

test("entries of one lane run first in, first out", async () => {
  const log: number[] = [];
  for (let i = 0; i < 2000; i++) loop().queue.enqueue(new Logged(() => log.push(i)), 2);
  await drained();
  assertEquals(log, Array.from({ length: 2000 }, (_, i) => i));
});

test("a turn picks the entry of the highest priority at that moment", async () => {
  const log: string[] = [];
  const { queue } = loop();
  queue.enqueue(new Logged(() => log.push("background")), laneOf("background"));
  queue.enqueue(
    new Logged(() => {
      log.push("visible");
      queue.enqueue(new Logged(() => log.push("late blocking")), laneOf("user-blocking"));
    }),
    laneOf("user-visible"),
  );
  queue.enqueue(new Logged(() => log.push("visible 2")), laneOf("user-visible"));
  queue.enqueue(new Logged(() => log.push("blocking")), laneOf("user-blocking"));
  await drained();
  assertEquals(log, ["blocking", "visible", "late blocking", "visible 2", "background"]);
});

test("an entry that is removed does not run, and one that has run can be queued again", async () => {
  const log: string[] = [];
  const { queue } = loop();
  const removed = new Logged(() => log.push("removed"));
  const again = new Logged(() => {
    if (log.push("again") < 3) queue.enqueue(again, 2);
  });
  queue.enqueue(removed, 2);
  queue.enqueue(again, 2);
  queue.remove(removed);
  queue.remove(removed);
  await drained();
  assertEquals(log, ["again", "again", "again"]);
  assertEquals(queue.size, 0);
});

test("entries that change lanes stand in each lane in the order of their arrival", () => {
  const moves = fc.array(fc.record({ signal: fc.nat(3), lane: fc.constantFrom(0, 2, 4) }), { maxLength: 8 });
  fc.assert(fc.property(fc.array(fc.nat(3), { maxLength: 60 }), moves, (signals, changes) => {
    const fake = new FakeHost();
    const queue = new RunQueue(fake.host);
    const lanes = [2, 2, 0, 4];
    const log: number[] = [];
    const entries = signals.map((_, index) => new Logged(() => log.push(index)));
    signals.forEach((signal, index) => queue.enqueue(entries[index]!, lanes[signal]!));
    for (const { signal, lane } of changes) {
      queue.move(entries.filter((_, index) => signals[index] === signal), lane);
      lanes[signal] = lane;
    }
    assertEquals(queue.size, entries.length);
    while (fake.iterate());
    const expected = [...signals.keys()].sort((a, b) => lanes[signals[b]!]! - lanes[signals[a]!]! || a - b);
    assertEquals(log, expected);
  }));
});

test("an entry that is not in the queue is not moved into it", () => {
  const fake = new FakeHost();
  const queue = new RunQueue(fake.host);
  const entry = new Logged(() => {
    throw new Error("it ran");
  });
  queue.move([entry], 4);
  queue.enqueue(entry, 2);
  queue.remove(entry);
  queue.move([entry], 4);
  assertEquals([queue.size, fake.iterate()], [0, false]);
});

/** When an entry of `lane` runs while one of `floodLane` always comes again, with entries of 1 ms; -1 for never. */
function waitsUnderFlood(lane: number, floodLane: number, prepare: (queue: RunQueue, time: number) => void): number {
  const fake = new FakeHost();
  const queue = new RunQueue(fake.host);
  let at = -1;
  prepare(queue, 0);
  const flood = new Logged(() => {
    fake.time += 1;
    prepare(queue, fake.time);
    if (at < 0 && fake.time < 30_000) queue.enqueue(flood, floodLane);
  });
  queue.enqueue(flood, floodLane);
  queue.enqueue(new Logged(() => at = fake.time), lane);
  while (fake.iterate());
  return at >= 29_999 ? -1 : at;
}

test("the ageing bound can be set, also while entries wait, and set to never", () => {
  const never = (queue: RunQueue): void => void (queue.ageing = Infinity);
  assertEquals(waitsUnderFlood(0, 4, never), -1);
  const short = waitsUnderFlood(0, 4, (queue) => queue.ageing = 400);
  assert(short >= 400 && short <= 480, `${short} ms`);
  const late = waitsUnderFlood(0, 4, (queue, time) => {
    if (time === 0) queue.ageing = Infinity;
    if (time === 7000) queue.ageing = 1000;
  });
  assertEquals(late, 7000);
});

test("continuations go before other entries of their priority, but not for longer than a second on end", () => {
  const other = waitsUnderFlood(2, 3, () => {});
  assert(other >= 1000 && other <= 1010, `${other} ms`);
  // Of lower priority: only ageing helps.
  const lower = waitsUnderFlood(0, 3, () => {});
  assert(lower >= 5000, `${lower} ms`);
});

test("a continuation is not passed over for an entry that has just come, though others were passed over long ago", () => {
  const fake = new FakeHost();
  const queue = new RunQueue(fake.host);
  const log: string[] = [];
  const enqueue = (name: string, lane: number): void => queue.enqueue(new Logged(() => log.push(name)), lane);
  enqueue("other", 2);
  enqueue("continuation", 3);
  while (fake.iterate());
  fake.time += 2000;
  enqueue("second other", 2);
  enqueue("second continuation", 3);
  while (fake.iterate());
  assertEquals(log, ["continuation", "other", "second continuation", "second other"]);
});

test("the slice is in force at once when it is changed", () => {
  const fake = new FakeHost();
  const queue = new RunQueue(fake.host);
  for (let more = 0; more < 40; more++) queue.enqueue(new Logged(() => fake.time += 1), 2);
  for (let iteration = 0; iteration < 4; iteration++) fake.iterate();
  const before = fake.waits.length;
  queue.slice = 2;
  while (fake.iterate());
  assertEquals([Math.max(...fake.waits.slice(0, before)), Math.max(...fake.waits.slice(before))], [5, 2]);
});
