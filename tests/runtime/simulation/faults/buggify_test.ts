import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { buggify, sleep } from "../../../../mod.ts";
import { explore, ScheduleFailure, simulate } from "../../../../testing.ts";

test("a place that a program has named goes as usual outside of simulations, and where no fault is allowed", async () => {
  assertEquals(buggify("a cold cache"), false);
  const seen: boolean[] = [];
  await simulate(() => void seen.push(buggify("a cold cache")));
  const report = await explore(() => void seen.push(buggify("a cold cache")));
  assertEquals([seen.every((each) => !each), report.distinct], [true, 1]);
});

test("a place that a program has named goes its unusual way in some schedule where faults are allowed", async () => {
  const failure = await assertRejects(
    () =>
      explore(async (sim) => {
        sim.faults({ kinds: ["buggify"] });
        for (let round = 0; round < 3; round++) {
          await sleep(10);
          if (buggify("a cold cache") && round === 1) throw new Error("cold");
        }
      }),
    ScheduleFailure,
    "cold",
  );
  assertEquals(failure.schedule, ["a cold cache # 2 goes its unusual way"]);
  assert(!buggify("a cold cache"));
});
