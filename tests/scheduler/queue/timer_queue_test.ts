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

/** A queue whose host has fakes in the place of its clock and timers, while the test wants it to. */
class Faked {
  readonly own: FakeHost = new FakeHost();
  fakes: FakeHost | undefined = new FakeHost();
  readonly queue: TimerQueue = new TimerQueue({ ...this.own.host, fakes: () => this.fakes?.host }, 5);
  readonly log: string[] = [];

  set(name: string, delay: number, real = false): { cancel(): void } {
    return this.queue.setTimer(() => this.log.push(name), delay, { real });
  }

  /** Lets time pass by the fakes, or by the host. */
  pass(host: FakeHost, ms: number): void {
    host.time += ms;
    host.iterate();
  }
}

test("what is set while there are fakes comes by their clock, what is real or was set before by the host's", () => {
  const faked = new Faked();
  const fakes = faked.fakes!;
  faked.fakes = undefined;
  faked.set("before", 10);
  faked.fakes = fakes;
  faked.set("faked", 10);
  faked.set("real", 10, true);
  assertEquals([fakes.timers, faked.own.timers, faked.queue.now()], [1, 1, 0]);
  faked.pass(fakes, 10);
  assertEquals([faked.log, faked.queue.now()], [["faked"], 10]);
  faked.pass(faked.own, 10);
  assertEquals(faked.log, ["faked", "before", "real"]);
});

test("a timer of fakes that are gone never comes, and keeps none from coming that is set later", () => {
  const faked = new Faked();
  const pending = faked.set("pending", 10);
  faked.fakes = undefined;
  faked.set("later", 20);
  faked.pass(faked.own, 20);
  assertEquals(faked.log, ["later"]);
  faked.fakes = new FakeHost();
  faked.set("in others", 5);
  faked.pass(faked.fakes, 50);
  assertEquals(faked.log, ["later", "in others"]);
  pending.cancel();
  pending.cancel();
  assertEquals([faked.queue.size, faked.own.timers], [0, 0]);
});

test("a timer of fakes that was cancelled never comes, and may be set again on another clock", () => {
  const faked = new Faked();
  const fakes = faked.fakes!;
  const timer = { deadline: 10, hold: true, order: 0, expire: () => void faked.log.push("come") };
  faked.queue.set(timer);
  faked.queue.cancel(timer);
  assertEquals(fakes.timers, 0);
  faked.fakes = undefined;
  faked.queue.set(timer);
  faked.pass(fakes, 10);
  assertEquals(faked.log, []);
  faked.pass(faked.own, 10);
  assertEquals(faked.log, ["come"]);
});

test("a timer is overdue by the clock it was set on, and by none that is gone", () => {
  const faked = new Faked();
  const fakes = faked.fakes!;
  const timer = { deadline: 10, hold: true, order: 0, expire: () => {} };
  assertEquals(faked.queue.isOverdue(timer), false);
  faked.queue.set(timer);
  faked.own.time = 1000;
  assertEquals(faked.queue.isOverdue(timer), false);
  fakes.time = 10;
  assertEquals(faked.queue.isOverdue(timer), true);
  faked.fakes = undefined;
  assertEquals(faked.queue.isOverdue(timer), false);
  faked.queue.cancel(timer);
  faked.queue.set(timer);
  faked.fakes = fakes;
  assertEquals(faked.queue.isOverdue(timer), true);
});
