import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { LoopEvent } from "../../../../runtime/simulation/loop/loop_event.ts";
import { TimelineRecorder } from "../../../../scheduler/exploration/soak/timeline_recorder.ts";

/** A macrotask of a machine. */
function eventOf(label: string, machine?: string): LoopEvent {
  const owner = machine === undefined ? undefined : { name: machine, isOver: false, held: undefined, rate: 1 };
  return { owner, id: 1, label, kind: "io", chain: 0, fn() {} };
}

/** A run whose clock stands still. */
const still = { now: () => 0, machine: () => undefined };

test("each machine has a lane, the world has the first, and faults, marks and the end have signs", () => {
  let now = 0;
  let machine: string | undefined = undefined;
  const recorder = new TimelineRecorder({ now: () => now, machine: () => machine });
  recorder.came(eventOf("request", "db-2"));
  recorder.happened(0.5, "db-1", "db-1 loses its power");
  now = 1.25;
  recorder.came(eventOf("sleep(1)"));
  recorder.marked("retried");
  machine = "db-2";
  recorder.printed("console.log", "two\nlines\u001b[31m");
  assertEquals(recorder.end(new Error("lost")).toString().split("\n"), [
    "         world     db-1  db-2",
    "   0 ms                  request",
    " 0.5 ms            ✗ db-1 loses its power",
    "1.25 ms  sleep(1)",
    "1.25 ms  ✓ retried",
    "1.25 ms                  > console.log: two lines\\u001b[31m",
    "1.25 ms  ■ Error: lost",
  ]);
});

test("what happens again and again is one line", () => {
  const recorder = new TimelineRecorder(still);
  for (let time = 0; time < 100; time++) recorder.came(eventOf("sleep(5)"));
  recorder.came(eventOf("other"));
  const { entries } = recorder.end(undefined);
  assertEquals(entries.map(({ text, times, before }) => [text, times, before]), [
    ["sleep(5)", 100, 0],
    ["other", 1, 100],
    ["undefined", 1, 101],
  ]);
});

test("a long run keeps its faults with what was around them, and its end; how much is left out is told", () => {
  const recorder = new TimelineRecorder(still);
  for (let index = 0; index < 50_000; index++) {
    recorder.came(eventOf(`event ${index}`));
    if (index === 20_000 || index === 30_000) recorder.fault(`fault at ${index}`);
  }
  const timeline = recorder.end(new Error("late"));
  assert(timeline.entries.length < 1300, `${timeline.entries.length} entries are kept`);
  const lines = timeline.toString().split("\n");
  assert(lines.length <= 45, `${lines.length} lines`);
  for (const line of ["✗ fault at 20000", "event 19998", "event 20003", "✗ fault at 30000", "event 49999"]) {
    assert(lines.some((text) => text.includes(line)), `${line}\n${lines.join("\n")}`);
  }
  assert(/\.\.\. 199\d\d more/.test(lines[0]!), lines[0]);
  const shown = lines.filter((line) => !line.includes("...")).length;
  const left = lines.flatMap((line) => /\.\.\. (\d+) more/.exec(line)?.[1] ?? []).map(Number);
  assertEquals(shown + left.reduce((sum, count) => sum + count), 50_003);
});

test("faults without end leave the bounds as they are", () => {
  const recorder = new TimelineRecorder(still);
  for (let index = 0; index < 20_000; index++) recorder.fault(`fault ${index}`);
  const timeline = recorder.end(new Error("late"));
  assert(timeline.entries.length <= 1200 && timeline.toString().split("\n").length <= 45);
});

test("the words of an engine are not in a timeline, so that it is the same on all of them", () => {
  const recorder = new TimelineRecorder(still);
  assertEquals(recorder.end(new TypeError("x is not a function")).entries.map(({ text }) => text), ["TypeError"]);
});
