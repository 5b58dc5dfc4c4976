import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { DelayGauge } from "../../../io/serve/delay_gauge.ts";

/** The states after each of the samples. */
function states(limit: number, samples: readonly number[]): boolean[] {
  const gauge = new DelayGauge(limit);
  return samples.map((sample) => {
    gauge.note(sample);
    return gauge.overloaded;
  });
}

test("one long stall is no overload, two late samples in a row are", () => {
  assertEquals(states(50, [0, 5000, 0, 51, 0, 51, 50]), Array(7).fill(false));
  assertEquals(states(50, [51, 51]), [false, true]);
});

test("an overload ends after five samples in a row of at most half the limit", () => {
  const samples = [60, 60, 25, 25, 25, 25, 26, 25, 25, 25, 25, 25, 60];
  assertEquals(states(50, samples), [false, ...Array(10).fill(true), false, false]);
});
