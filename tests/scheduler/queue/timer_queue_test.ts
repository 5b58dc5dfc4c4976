import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { TimerQueue } from "../../../scheduler/queue/timer_queue.ts";
import { FakeHost } from "../../support/fake_host.ts";

test("timers expire by deadline, equal ones in the order of setting, never early, and cancelled ones never", () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ delay: fc.nat(50), cancel: fc.boolean(), pause: fc.nat(5) }), { maxLength: 300 }),
      (timers) => {
        const fake = new FakeHost();
        const queue = new TimerQueue(fake.host, 5);
        const expected: { at: number; index: number }[] = [];
        const log: { at: number; index: number }[] = [];
        for (const [index, { delay, cancel }] of timers.entries()) {
          const at = fake.time + delay;
          const timer = queue.setTimer(() => {
            assert(fake.time >= at, `a timer for ${at} at ${fake.time}`);
            log.push({ at, index });
          }, delay);
          if (cancel) timer.cancel();
          else expected.push({ at, index });
        }
        while (fake.jump());
        assertEquals(log, expected.sort((a, b) => a.at - b.at || a.index - b.index));
        assertEquals(queue.size, 0);
      },
    ),
  );
});

test("a hundred thousand timers use one timer of the host, and none once they are cancelled", () => {
  const fake = new FakeHost();
  const queue = new TimerQueue(fake.host, 5);
  const timers = Array.from({ length: 100_000 }, (_, index) => queue.setTimer(() => {}, 1000 + index % 777));
  assertEquals(fake.timers, 1);
  for (const timer of timers) timer.cancel();
  for (const timer of timers) timer.cancel();
  assertEquals(queue.size, 0);
  assertEquals(fake.timers, 0);
});
