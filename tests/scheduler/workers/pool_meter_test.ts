/** What a pool counts, and how far ahead it sends jobs for it. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { PoolMeter } from "../../../scheduler/workers/dispatch/pool_meter.ts";
import { settingsOf } from "../../../scheduler/workers/jobs/call_settings.ts";
import { PoolJob } from "../../../scheduler/workers/jobs/job.ts";

test("jobs are sent as far ahead as a worker does in a millisecond, at least two and at most 192", () => {
  const meter = new PoolMeter();
  const aheadAfter = (ms: number): number => {
    for (let run = 0; run < 200; run++) meter.ranInWorker(ms);
    return meter.ahead;
  };
  assertEquals(meter.ahead, 2);
  assertEquals(aheadAfter(50), 2);
  assertEquals(aheadAfter(0.015), 66);
  assertEquals(aheadAfter(0.000_001), 192);
});

test("a job below another one counts until it has gone", () => {
  const meter = new PoolMeter();
  const job = (priority: "background" | "user-blocking"): PoolJob => new PoolJob(settingsOf("fn", [], { priority }));
  const [low, high] = [job("background"), job("user-blocking")];
  meter.came(high);
  assertEquals([meter.hasBelow(high.lane), meter.live], [false, 1]);
  meter.came(low);
  assertEquals([meter.hasBelow(high.lane), meter.hasBelow(low.lane), meter.live], [true, false, 2]);
  meter.went(low);
  assertEquals([meter.hasBelow(high.lane), meter.live], [false, 1]);
});
