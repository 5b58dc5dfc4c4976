import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Immediates } from "../../../../runtime/simulation/loop/immediates.ts";
import type { Immediate } from "../../../../runtime/simulation/loop/loop_event.ts";

let lastId = 0;

function immediate(fn: () => void, own: boolean): Immediate {
  return { id: ++lastId, label: "immediate", kind: "immediate", chain: 0, fn, own };
}

/** Runs what is left of the batch. */
function runBatch(immediates: Immediates): void {
  while (immediates.hasNext) immediates.next().fn();
}

test("what an immediate asks for comes in the next batch", () => {
  const immediates = new Immediates();
  const log: string[] = [];
  immediates.add(immediate(() => {
    log.push("a");
    immediates.add(immediate(() => log.push("of a"), true));
  }, true));
  immediates.add(immediate(() => log.push("b"), true));
  immediates.startBatch();
  runBatch(immediates);
  assertEquals(log, ["a", "b"]);
  assertEquals(immediates.waiting, 1);
  immediates.startBatch();
  runBatch(immediates);
  assertEquals(log, ["a", "b", "of a"]);
  assertEquals(immediates.waiting, 0);
});

test("one that is cleared while it waits is gone; one of the batch keeps its turn, and nothing happens in it", () => {
  const immediates = new Immediates();
  const log: string[] = [];
  const [first, second, third] = ["first", "second", "third"].map((name) => immediate(() => log.push(name), true));
  for (const each of [first!, second!, third!]) immediates.add(each);
  immediates.clear(first!);
  assertEquals(immediates.waiting, 2);
  immediates.startBatch();
  immediates.clear(third!);
  assertEquals(immediates.next(), second);
  assertEquals(immediates.hasNext, true);
  runBatch(immediates);
  assertEquals(log, []);
});

test("turns of a run queue are promptly given when they wait alone, one batch in a row", () => {
  const immediates = new Immediates();
  assertEquals(immediates.areTurns, false);
  const own = immediate(() => {}, true);
  immediates.add(immediate(() => {}, false));
  assertEquals([immediates.areTurns, immediates.maySkipAhead], [true, true]);
  immediates.add(own);
  assertEquals(immediates.areTurns, false);
  immediates.clear(own);
  assertEquals(immediates.areTurns, true);

  immediates.startBatch();
  runBatch(immediates);
  immediates.add(immediate(() => {}, false));
  assertEquals([immediates.areTurns, immediates.maySkipAhead], [true, false]);
  immediates.interrupt();
  assertEquals(immediates.maySkipAhead, true);
});

test("a batch that the program has asked something of does not count among those of turns alone", () => {
  const immediates = new Immediates();
  immediates.add(immediate(() => {}, false));
  immediates.add(immediate(() => {}, true));
  immediates.startBatch();
  runBatch(immediates);
  assertEquals(immediates.maySkipAhead, true);
});
