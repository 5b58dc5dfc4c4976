/** Which worker takes a job. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  busiestWorker,
  type Candidate,
  freeWorker,
  workerFor,
} from "../../../scheduler/workers/dispatch/assignment.ts";

interface Worker extends Candidate {
  readonly name: string;
  readonly open: boolean;
}

/** A worker with so many jobs; a closed one takes no more. */
function worker(name: string, count: number, open = true): Worker {
  return { name, count, open, free: open && count === 0, hasRoom: (ahead) => open && count <= ahead };
}

const patient = { wantsFreeWorker: false };
const particular = { wantsFreeWorker: true };

test("the first free worker takes a job, whatever the others have", () => {
  const workers = [worker("busy", 1), worker("not ready", 0, false), worker("free", 0), worker("free too", 0)];
  assertEquals(workerFor(patient, workers, 2)?.name, "free");
  assertEquals(workerFor(particular, workers, 2)?.name, "free");
  assertEquals(freeWorker(workers)?.name, "free");
});

test("without a free worker the one with the fewest jobs takes it, the first of these", () => {
  const workers = [worker("two", 2), worker("one", 1), worker("one too", 1), worker("closed", 0, false)];
  assertEquals(workerFor(patient, workers, 2)?.name, "one");
  assertEquals(freeWorker(workers), undefined);
});

test("a job waits in the pool rather than behind more jobs than may be ahead of it", () => {
  const workers = [worker("three", 3), worker("four", 4)];
  assertEquals(workerFor(patient, workers, 2), undefined);
  assertEquals(workerFor(patient, workers, 3)?.name, "three");
});

test("a job that wants a free worker waits for one", () => {
  assertEquals(workerFor(particular, [worker("one", 1)], 2), undefined);
});

test("the busiest worker is the one with the most jobs, if a job waits there", () => {
  assertEquals(busiestWorker([worker("none", 0), worker("one", 1)]), undefined);
  assertEquals(busiestWorker([worker("one", 1), worker("three", 3), worker("three too", 3)])?.name, "three");
});

test("no worker is passed over that would have started the job sooner", () => {
  const workers = fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 6 })
    .map((list) => list.map(([count, open], index) => worker(String(index), count, open)));
  fc.assert(fc.property(workers, fc.integer({ min: 2, max: 4 }), fc.boolean(), (all, ahead, wantsFreeWorker) => {
    const chosen = workerFor({ wantsFreeWorker }, all, ahead);
    const most = wantsFreeWorker ? 0 : ahead;
    const counts = all.filter(({ open, count }) => open && count <= most).map(({ count }) => count);
    assertEquals(chosen?.count, counts.length === 0 ? undefined : Math.min(...counts));
    assertEquals(chosen?.open, counts.length === 0 ? undefined : true);
  }));
});
