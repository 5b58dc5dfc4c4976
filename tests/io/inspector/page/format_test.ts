/** Figures in words. */

import { test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  circle,
  count,
  counted,
  deadline,
  duration,
  maybeDuration,
  percent,
  perSecond,
  shortCount,
  shortDuration,
  shortPlace,
} from "../../../../io/inspector/page/format.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test("a span of time has two digits or three of the unit that fits it, up to days", () => {
  const words: readonly (readonly [number, string])[] = [
    [-1, "0 ms"],
    [NaN, "0 ms"],
    [0, "0 ms"],
    [0.04, "0 ms"],
    [0.32, "0.3 ms"],
    [9.94, "9.9 ms"],
    [9.96, "10 ms"],
    [999.4, "999 ms"],
    [1.2 * second, "1.2 s"],
    [12 * second, "12 s"],
    [3 * minute + 5 * second, "3 min 05 s"],
    [2 * hour + 14 * minute, "2 h 14 min"],
    [3 * day + 4 * hour, "3 d 04 h"],
  ];
  for (const [ms, text] of words) assertEquals(duration(ms), text, String(ms));
});

test("a span that is rounded up to the next unit is told in that unit", () => {
  assertEquals(duration(999.6), "1.0 s");
  assertEquals(duration(9_960), "10 s");
  assertEquals(duration(59_600), "1 min 00 s");
  assertEquals(duration(hour - 100), "1 h 00 min");
  assertEquals(duration(day - 100), "1 d 00 h");
});

test("where there is little room, a span of time is told by its largest unit", () => {
  assertEquals([0, 850, 12_000, 6 * minute + 59_000, 3 * day].map(shortDuration), [
    "0 ms",
    "850 ms",
    "12 s",
    "6 min",
    "3 d",
  ]);
});

test("what is not known is a dash, and a deadline says whether it is over", () => {
  assertEquals([maybeDuration(null), maybeDuration(20)], ["—", "20 ms"]);
  assertEquals([deadline(null), deadline(1500), deadline(0), deadline(-3)], ["—", "in 1.5 s", "overdue", "overdue"]);
});

test("numbers are grouped, and short ones are told by thousands and millions", () => {
  assertEquals([count(0), count(1_234_567)], ["0", "1,234,567"]);
  assertEquals([9_999, 10_000, 999_499, 999_500, 12_340_000].map(shortCount), [
    "9,999",
    "10 k",
    "999 k",
    "1.0 M",
    "12.3 M",
  ]);
  assertEquals([counted(0, "task"), counted(1, "task"), counted(2, "task")], ["0 tasks", "1 task", "2 tasks"]);
});

test("shares are percent, with a digit more where they are small", () => {
  assertEquals([0, 0.004, 0.0994, 0.0996, 0.5, 1].map(percent), ["0 %", "0.4 %", "9.9 %", "10 %", "50 %", "100 %"]);
});

test("what came in no time is nothing a second", () => {
  assertEquals([perSecond(5, 250), perSecond(5, 0)], [20, 0]);
});

test("a place is shown without its folders, on each system", () => {
  assertEquals(shortPlace("file:///home/me/src/read.ts:12:5"), "read.ts:12:5");
  assertEquals(shortPlace("C:\\me\\read.ts:12:5"), "read.ts:12:5");
  assertEquals(shortPlace("read.ts:12:5"), "read.ts:12:5");
});

test("those who wait in a circle are told back to the first", () => {
  assertEquals(circle(["a", "b"]), "a → b → a");
  assertEquals(circle(["a", "b", "a"]), "a → b → a");
  assertEquals(circle(["a"]), "a → a");
  assertEquals(circle([]), "");
});
