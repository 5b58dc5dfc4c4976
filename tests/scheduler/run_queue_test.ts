import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { loop } from "../../scheduler/loop.ts";
import { Entry, laneOf } from "../../scheduler/run_queue.ts";

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
