/** Which jobs a worker has, and which of them can be had back. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { JobSlots } from "../../../scheduler/workers/crew/job_slots.ts";
import { settingsOf } from "../../../scheduler/workers/jobs/call_settings.ts";
import { PoolJob } from "../../../scheduler/workers/jobs/job.ts";
import { cellCount, cells } from "../../../scheduler/workers/wire/protocol.ts";
import { testWith } from "../../support/needs.ts";

function added(slots: JobSlots, count: number): PoolJob[] {
  return Array.from({ length: count }, () => {
    const job = new PoolJob(settingsOf("fn", [], {}));
    slots.add(job);
    return job;
  });
}

/** Does what the worker does when it comes to a job: starts it, unless it was taken back. */
function start(slots: JobSlots, id: number): boolean {
  const shared = new Int32Array(slots.shared!, 0, cellCount);
  return Atomics.compareExchange(shared, id % cellCount, cells.sent, cells.started) === cells.sent;
}

function end(slots: JobSlots, id: number): void {
  Atomics.store(new Int32Array(slots.shared!, 0, cellCount), id % cellCount, cells.ended);
}

testWith("shared memory", "a job is either started by its worker or taken back by the pool, never both", () => {
  const slots = new JobSlots();
  const [started, waiting] = added(slots, 2) as [PoolJob, PoolJob];
  const { id } = waiting;
  assert(start(slots, started.id));
  assertEquals(slots.takeBack(started), false);
  assertEquals(slots.takeBack(waiting), true);
  assertEquals(start(slots, id), false);
  assertEquals([waiting.id, waiting.worker, slots.get(id)], [0, undefined, undefined]);
  assertEquals([slots.count, slots.all()], [1, [started]]);
});

testWith("shared memory", "a job that has started sees that it is cancelled; one that has ended stays ended", () => {
  const slots = new JobSlots();
  const [running, ended] = added(slots, 2) as [PoolJob, PoolJob];
  start(slots, running.id);
  slots.cancel(running);
  assertEquals(new Int32Array(slots.shared!, 0, cellCount)[running.id % cellCount], cells.cancelled);
  assertEquals(slots.hasEnded(running), false);
  end(slots, running.id);
  start(slots, ended.id);
  end(slots, ended.id);
  slots.cancel(ended);
  assertEquals([slots.hasEnded(running), slots.hasEnded(ended)], [true, true]);
});

test("jobs come oldest first, without those that have gone", () => {
  const slots = new JobSlots();
  const jobs = added(slots, 4);
  slots.remove(jobs[0]!);
  slots.remove(jobs[2]!);
  assertEquals(slots.all(), [jobs[1], jobs[3]]);
  assertEquals(slots.first, jobs[1]);
  slots.remove(jobs[1]!);
  slots.remove(jobs[3]!);
  assertEquals([slots.count, slots.first, slots.all()], [0, undefined, []]);
});

test("a number that was taken back from a job that could not be posted is that of the next one", () => {
  const slots = new JobSlots();
  const [job] = added(slots, 1) as [PoolJob];
  const { id } = job;
  slots.withdraw(job);
  assertEquals([job.id, slots.count, slots.get(id)], [0, 0, undefined]);
  assertEquals(added(slots, 1)[0]!.id, id);
});

testWith("shared memory", "there is room for as many jobs as there are cells which the worker looks at no more", () => {
  const slots = new JobSlots();
  const jobs = added(slots, cellCount - 2);
  assertEquals([slots.hasRoomFor(0), slots.hasRoomFor(1)], [true, false]);
  // Gone for the pool, but the worker has not come past them.
  for (const job of jobs) assert(slots.takeBack(job));
  assertEquals(slots.hasRoomFor(1), false);
  slots.leftUpTo(10);
  assertEquals([slots.hasRoomFor(10), slots.hasRoomFor(11)], [true, false]);
});

testWith("shared memory", "cells are used again, and a late reply finds no job but its own", () => {
  const slots = new JobSlots();
  for (let round = 0; round < 3 * cellCount; round++) {
    const [job] = added(slots, 1) as [PoolJob];
    const { id } = job;
    assertEquals([slots.first, slots.get(id), slots.get(id - cellCount)], [job, job, undefined]);
    assert(start(slots, id), `number ${id}`);
    end(slots, id);
    slots.remove(job);
    slots.leftUpTo(id);
  }
});
