import { test } from "node:test";
import { assertEquals } from "@std/assert";
import type { LoopEvent } from "../../../../runtime/simulation/loop/loop_event.ts";
import {
  type Chooser,
  mostPasses,
  PassChooser,
  type Passes,
  SameChooser,
} from "../../../../scheduler/exploration/search/choosers.ts";

function events(ids: string): LoopEvent[] {
  return [...ids].map((label) => ({ id: label.charCodeAt(0), label, kind: "io", chain: 0, fn() {} }));
}

/** The order in which events come that are all ready from the start. */
function orderOf(chooser: Chooser, ids: string): string {
  let order = "";
  const ready = events(ids);
  while (ready.length > 0) {
    // Nobody is asked about a single one.
    const index = ready.length === 1 ? 0 : chooser.choose(ready);
    order += ready.splice(index, 1)[0]!.label;
  }
  return order;
}

const byNumber = (passes: Record<string, number>): Passes =>
  new Map(Object.entries(passes).map(([label, count]) => [label.charCodeAt(0), count]));

test("an event lets pass as many others as it is told, by its number or by the order in which it comes up", () => {
  for (const passes of [byNumber({ a: 2, c: 1 }), [2, 0, 1]]) {
    const chooser = new PassChooser(passes);
    assertEquals(orderOf(chooser, "abcd"), "bdac");
    assertEquals([...chooser.passed], [["a".charCodeAt(0), 2], ["c".charCodeAt(0), 1]]);
    assertEquals([...chooser.deviations.values()].map(({ label, until }) => `${label} until ${until}`), [
      "a until d",
      "c until d",
    ]);
  }
});

test("events that come up beyond the list, and those without a number in the map, let nothing pass", () => {
  for (const passes of [byNumber({ z: 3 }), []]) {
    const chooser = new PassChooser(passes);
    assertEquals(orderOf(chooser, "abc"), "abc");
    assertEquals([chooser.passed.size, chooser.deviations.size], [0, 0]);
  }
});

test("what a run has let pass makes the same order again, and so do its decisions", () => {
  const first = new PassChooser(byNumber({ a: 3, b: 1 }));
  const order = orderOf(first, "abcde");
  assertEquals(orderOf(new PassChooser(first.passed), "abcde"), order);
  const same = new SameChooser(first);
  assertEquals(orderOf(same, "abcde"), order);
  assertEquals([...same.passed], [...first.passed]);
});

test("decisions of another body are followed as far as there are events", () => {
  const chooser = new SameChooser({ sizes: [4, 3], chosen: [3, 1] });
  assertEquals(orderOf(chooser, "abc"), "cba");
  assertEquals(orderOf(new SameChooser({ sizes: [], chosen: [] }), "abc"), "abc");
});

test("an event that has let enough others pass is taken without a decision", () => {
  const chooser = new PassChooser(byNumber({ a: Infinity }));
  const [polling, others] = [events("a")[0]!, events("b")];
  for (let passed = 0; passed < mostPasses; passed++) assertEquals(chooser.choose([polling, ...others]), 1);
  assertEquals(chooser.choose([polling, ...others]), 0);
  assertEquals(chooser.chosen.length, mostPasses);
});
