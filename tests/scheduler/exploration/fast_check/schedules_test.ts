import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Schedule, schedules, type Simulation } from "../../../../testing.ts";

/** Responses come in some order; the last request is to win. */
async function show(sim: Simulation, texts: readonly string[]): Promise<string> {
  let shown = "";
  await Promise.all(texts.map((text, index) => sim.io(`${index}`).then(() => shown = text)));
  return shown;
}

const property = (arbitrary: fc.Arbitrary<Schedule>) =>
  fc.asyncProperty(arbitrary, fc.array(fc.string()), async (schedule, texts) => {
    assertEquals(await schedule.run((sim) => show(sim, texts)), texts.at(-1) ?? "");
  });

test("a schedule and the inputs beside it shrink together, to the smallest of both", async () => {
  const found = await fc.check(property(schedules()), { seed: 11 });
  assert(found.failed);
  const [schedule, texts] = found.counterexample!;
  assert(texts.length === 2 && texts.every((text) => text.length <= 1), JSON.stringify(texts));
  await schedule.run((sim) => show(sim, texts));
  assertEquals(String(schedule), 'Schedule("0" is held back until "1" has come)');
  assertEquals(fc.stringify(schedule), String(schedule));
});

test("seed and path bring the same counterexample again", async () => {
  const found = await fc.check(property(schedules()), { seed: 5 });
  const again = await fc.check(property(schedules()), {
    seed: found.seed,
    path: found.counterexamplePath!,
    endOnFailure: true,
  });
  const tell = async ([schedule, texts]: [Schedule, string[]]) => {
    await schedule.run((sim) => show(sim, texts));
    return [String(schedule), texts];
  };
  assertEquals(await tell(again.counterexample!), await tell(found.counterexample!));
});

test("a property that holds under all schedules passes, within other arbitraries too", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ schedule: schedules(), count: fc.nat(5) }),
      fc.oneof(schedules(), schedules({ events: 3 })),
      async ({ schedule, count }, other) => {
        for (const each of [schedule, other]) {
          const sum = await each.run(async (sim) => {
            let sum = 0;
            await Promise.all(Array.from({ length: count }, () => sim.io().then(() => sum++)));
            return sum;
          });
          assertEquals(sum, count);
        }
      },
    ),
  );
});

test("filter, map and chain keep it shrinking", async () => {
  const kept = schedules().filter((schedule) => String(schedule) !== "Schedule(0 events held back)");
  const found = await fc.check(property(kept), { seed: 11 });
  assert(found.failed && found.numShrinks > 0);
  const twice = schedules().map((schedule) => schedule).chain((schedule) => fc.constant(schedule));
  assert((await fc.check(property(twice), { seed: 11 })).failed);
  const mapped = await fc.check(property(schedules().map((schedule) => schedule)), { seed: 11 });
  assert(mapped.failed && mapped.counterexample![1].length === 2, JSON.stringify(mapped.counterexample![1]));
});

test("a schedule is cloned where fast-check uses it twice, and the clone decides alike", async () => {
  const [schedule] = fc.sample(schedules(), { numRuns: 1, seed: 3 });
  assert(fc.hasCloneMethod(schedule));
  const clone = schedule![fc.cloneMethod] as unknown as () => Schedule;
  const other = clone.call(schedule);
  const texts = ["a", "b", "c", "d"];
  assertEquals(await other.run((sim) => show(sim, texts)), await schedule!.run((sim) => show(sim, texts)));
  assertEquals([other === schedule, String(other)], [false, String(schedule)]);
  // Within others it is cloned for each run.
  await fc.assert(
    fc.asyncProperty(fc.tuple(schedules(), fc.array(schedules(), { maxLength: 3 })), async ([first, more]) => {
      for (const each of [first, ...more]) await each.run((sim) => sim.io());
    }),
    { numRuns: 20 },
  );
});

test("the default of a hundred runs finds a race, and prints the schedule that shows it", async () => {
  const error = await assertRejects(() => fc.assert(property(schedules()), { seed: 42 }), Error);
  assert(/Schedule\("\d" is held back until "\d" has come\)/.test(error.message), error.message);
});

/** Orders go out; the server answers each, and the last one is to count. */
class Order
  implements fc.AsyncCommand<{ last: number }, { sim: Simulation; stored: number; pending: Promise<void>[] }> {
  readonly amount: number;

  constructor(amount: number) {
    this.amount = amount;
  }

  check = () => true;

  run(model: { last: number }, real: { sim: Simulation; stored: number; pending: Promise<void>[] }): Promise<void> {
    model.last = this.amount;
    real.pending.push(real.sim.io(`order ${this.amount}`).then(() => void (real.stored = this.amount)));
    return Promise.resolve();
  }

  toString = () => `order ${this.amount}`;
}

test("commands of a model and the schedule shrink together", async () => {
  const found = await fc.check(
    fc.asyncProperty(
      schedules(),
      fc.commands([fc.nat(9).map((amount) => new Order(amount))], { maxCommands: 20 }),
      (schedule, commands) =>
        schedule.run(async (sim) => {
          const model = { last: 0 };
          const real = { sim, stored: 0, pending: [] as Promise<void>[] };
          await fc.asyncModelRun(() => ({ model, real }), commands);
          await Promise.all(real.pending);
          assertEquals(real.stored, model.last);
        }),
    ),
    { seed: 8 },
  );
  assert(found.failed);
  const [, commands] = found.counterexample!;
  assertEquals([...commands].length, 2, String(commands));
});

test("it works with commands of a model", async () => {
  type Model = { sent: number };
  type Real = { sim: Simulation; received: number[]; pending: Promise<void>[] };
  class Send implements fc.AsyncCommand<Model, Real> {
    check = () => true;
    run(model: Model, real: Real): Promise<void> {
      const number = model.sent++;
      real.pending.push(real.sim.io(`send ${number}`).then(() => void real.received.push(number)));
      return Promise.resolve();
    }
    toString = () => "send";
  }
  await fc.assert(
    fc.asyncProperty(
      schedules(),
      fc.commands([fc.constant(new Send())], { maxCommands: 6 }),
      async (schedule, commands) => {
        await schedule.run(async (sim) => {
          const real: Real = { sim, received: [], pending: [] };
          await fc.asyncModelRun(() => ({ model: { sent: 0 }, real }), commands);
          await Promise.all(real.pending);
          assertEquals([...real.received].sort(), real.received.map((_, index) => index));
        });
      },
    ),
    { numRuns: 30 },
  );
});

test("a schedule passes on what the body throws, and can be run again", async () => {
  const [schedule] = fc.sample(schedules(), { numRuns: 1, seed: 1 });
  await assertRejects(() => schedule!.run(() => Promise.reject(new RangeError("mine"))), RangeError, "mine");
  assertEquals(await schedule!.run(() => 5), 5);
});

test("wrong options throw at the call", () => {
  assertThrows(() => schedules({ events: -1 }), RangeError, "-1");
  assertThrows(() => schedules({ profile: "opera" as "node" }), TypeError, "opera");
});
