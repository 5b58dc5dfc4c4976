/** What histograms say of what they have counted; that of delays is tested with the loop's monitor. */

import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DelayHistogram, Histogram } from "../../../runtime/basics/histogram.ts";

test("the quantiles of the coarse scale are right within 10 %, from a microsecond to days", () => {
  const days = 5 * 86_400_000;
  const sizes = fc.double({ min: Math.log(0.001), max: Math.log(days), noNaN: true }).map(Math.exp);
  fc.assert(fc.property(fc.array(sizes, { minLength: 1, maxLength: 300 }), (all) => {
    const histogram = new Histogram();
    all.forEach((ms) => histogram.add(ms));
    const sorted = [...all].sort((a, b) => a - b);
    const { count, max, p50, p90, p99 } = histogram.summary();
    assertEquals([count, max], [sorted.length, sorted.at(-1)!]);
    for (const [share, found] of [[0.5, p50], [0.9, p90], [0.99, p99]] as const) {
      const exact = sorted[Math.max(1, Math.ceil(sorted.length * share)) - 1]!;
      assert(Math.abs(found - exact) <= exact * 0.1 + 1e-9, `${share}: ${found} for ${exact}`);
    }
  }));
});

test("both scales say the same in the same order, and that of delays one thing more", () => {
  const [coarse, fine] = [new Histogram(), new DelayHistogram()];
  assertEquals(Object.entries(coarse.summary()).flat(), [
    "count",
    0,
    "mean",
    0,
    "p50",
    0,
    "p90",
    0,
    "p99",
    0,
    "max",
    0,
  ]);
  assertEquals(Object.keys(fine.summary()), ["count", "mean", "p50", "p90", "p99", "p999", "max"]);
  for (const histogram of [coarse, fine]) [1, 2, -3].forEach((ms) => histogram.add(ms));
  assertEquals([coarse.summary().mean, fine.summary().mean], [1, 1]);
  assert(Object.isFrozen(coarse.summary()) && Object.isFrozen(fine.summary()));
});
