import { test } from "node:test";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { latenesses } from "../../../runtime/simulation/loop/lateness.ts";
import { sleep } from "../../../mod.ts";
import { explore, ScheduleFailure, type Simulation } from "../../../testing.ts";

/** Polls every 10 ms until 55 ms are over; answers how many times. */
async function polls(): Promise<number> {
  let count = 0;
  await new Promise<void>((resolve) => {
    const poll = () => {
      count++;
      timer = setTimeout(poll, 10);
    };
    let timer = setTimeout(poll, 10);
    setTimeout(() => {
      clearTimeout(timer);
      resolve();
    }, 55);
  });
  return count;
}

const failureOf = async (body: (sim: Simulation) => unknown, options: Parameters<typeof explore>[1] = {}) => {
  const error = await explore(body, options).catch((error) => error);
  if (!(error instanceof ScheduleFailure)) throw new Error("No schedule fails", { cause: error });
  return error;
};

const wants = (least: number) => async () => {
  const count = await polls();
  if (count < least) throw new Error(`${count} polls`);
};

test("a poller against a limit has the polls that a slow host shows, 3 to 5, and the guarantee names the timers", async () => {
  const seen = new Set<number>();
  const { guarantee, exhaustive } = await explore(async () => void seen.add(await polls()));
  assertEquals([...seen].sort(), [3, 4, 5]);
  assert(
    /^all 1 schedules with timers on time pass; those with one late timer pass too \(\d+ schedules run\)$/.test(
      guarantee,
    ),
    guarantee,
  );
  assertEquals(exhaustive, true);
});

test("a late timer is told by how late it is and when it fires, and is in the token", async () => {
  const failure = await failureOf(wants(5));
  assertEquals((failure.cause as Error).message, "4 polls");
  assertEquals(failure.schedule, ["the timer of 10 ms fires 6 ms late, at 16 ms"]);
  const again = await failureOf(wants(5), { replay: failure.token });
  assertEquals([again.schedule, again.token, again.schedules], [failure.schedule, failure.token, 1]);
  assertEquals((await explore(wants(4), { replay: failure.token })).guarantee, "the schedule of the token passes");
});

test("where it takes two late timers, two lines tell it", async () => {
  const { schedule } = await failureOf(wants(4));
  assertEquals(schedule.length, 2);
  for (const line of schedule) assert(/^the timer of 10 ms fires \d+ ms late, at \d+ ms$/.test(line), line);
});

test("an interval that fires late shifts, and a timer of Millrace's own does too", async () => {
  const { schedule } = await failureOf(async () => {
    let ticks = 0;
    const interval = setInterval(() => ticks++, 10);
    await sleep(55);
    clearInterval(interval);
    if (ticks < 5) throw new Error(`${ticks} ticks`);
  });
  assertEquals(schedule.length, 1);
  assert(schedule[0]!.startsWith("the timer of 10 ms fires"), schedule[0]);
});

test("late timers come after schedules with timers on time, and not at all if that is asked for", async () => {
  const { schedule } = await failureOf(async (sim) => {
    const answered = sim.io("answer").then(() => true);
    const isSlow = new Promise<boolean>((resolve) => setTimeout(resolve, 10, false));
    const count = polls();
    if (!await Promise.race([answered, isSlow])) throw new Error("no answer in time");
    if (await count < 5) throw new Error("too few polls");
  });
  assertEquals(schedule.length, 1);
  assert(schedule[0]!.startsWith('"answer" is held back until "setTimeout(10)"'), schedule[0]);
  const seen = new Set<number>();
  const { guarantee, schedules } = await explore(async () => void seen.add(await polls()), { lateTimers: false });
  assertEquals([[...seen], guarantee, schedules], [[5], "all 1 schedules with timers on time pass", 1]);
  assertThrows(() => void explore(() => {}, { lateTimers: 1 as unknown as boolean }), TypeError, "lateTimers");
});

test("a body whose timers cannot be late to any effect is explored as if there were none", async () => {
  const { guarantee, schedules } = await explore(async () => {
    await sleep(10);
    await new Promise((resolve) => setTimeout(resolve, 20));
  });
  assertEquals([guarantee, schedules], ["all 1 schedules pass", 1]);
});

test("timers keep their order however late they are", async () => {
  await explore(async () => {
    const order: number[] = [];
    await Promise.all(
      [5, 8, 9, 12, 20].map((ms) => new Promise<void>((resolve) => setTimeout(() => resolve(void order.push(ms)), ms))),
    );
    assertEquals(order, [5, 8, 9, 12, 20]);
  });
});

test("the ways of being late bring a timer past what is due later, by no more than its delay or 10 ms", () => {
  assertEquals(latenesses(10, 10, [55]), [6]);
  assertEquals(latenesses(10, 10, [50]), [1]);
  assertEquals(latenesses(10, 10, [12]), [2, 3]);
  assertEquals(latenesses(1, 1, [1000]), [1]);
  assertEquals(latenesses(1000, 1000, [1500]), [500, 501]);
  assertEquals(latenesses(10, 10, [10, 5, Infinity]), []);
  assert(latenesses(10, 0, Array.from({ length: 50 }, (_, at) => at)).length <= 4);
});

test("a deadlock under a late timer is told as any other failure", async () => {
  await assertRejects(
    () =>
      explore(async () => {
        await new Promise<void>((resolve) => {
          let isOpen = true;
          setTimeout(() => isOpen = false, 15);
          setTimeout(() => {
            setTimeout(() => {
              if (isOpen) setTimeout(resolve, 10);
            }, 4);
          }, 10);
        });
      }),
    ScheduleFailure,
    "the timer of 10 ms fires",
  );
});
