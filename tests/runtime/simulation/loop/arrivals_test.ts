import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Arrivals } from "../../../../runtime/simulation/loop/arrivals.ts";
import type { Arrival, LoopEvent } from "../../../../runtime/simulation/loop/loop_event.ts";

function arrival(id: number, details: Partial<Arrival> = {}): Arrival {
  const nothing = { port: undefined, batch: undefined, scope: undefined, place: undefined };
  return { id, label: `${id}`, kind: "io", chain: 0, fn() {}, at: -1, ...nothing, ...details };
}

function ready(arrivals: Arrivals, waits = false): number[] {
  const events: LoopEvent[] = [];
  arrivals.offerReady(events, waits);
  return events.map(({ id }) => id);
}

function later(arrivals: Arrivals, time: number): number[] {
  const events: LoopEvent[] = [];
  arrivals.offerLater(events, time);
  return events.map(({ id }) => id);
}

test("what comes at a given time waits for the clock, by its time and then in the order of asking", () => {
  const arrivals = new Arrivals();
  arrivals.add(arrival(1, { at: 7 }), 0);
  arrivals.add(arrival(2, { at: 5 }), 0);
  arrivals.add(arrival(3, { at: 7 }), 0);
  arrivals.add(arrival(4, { at: 5 }), 0);
  assertEquals([arrivals.hasReady, arrivals.hasLater, arrivals.nextAt], [false, true, 5]);
  assertEquals(later(arrivals, 5), [2, 4]);
  arrivals.mature(6);
  assertEquals([ready(arrivals), arrivals.nextAt], [[2, 4], 7]);
  arrivals.mature(7);
  assertEquals([ready(arrivals), arrivals.nextAt], [[2, 4, 1, 3], Infinity]);
});

test("what has a port in common is offered one at a time, ready or later", () => {
  const arrivals = new Arrivals();
  const first = arrival(1, { port: "a" });
  arrivals.add(first, 0);
  arrivals.add(arrival(2, { port: "a" }), 0);
  arrivals.add(arrival(3, { port: "b" }), 0);
  arrivals.add(arrival(4, { port: "a", at: 9 }), 0);
  arrivals.add(arrival(5, { port: "a", at: 9 }), 0);
  assertEquals(ready(arrivals), [1, 3]);
  assertEquals(later(arrivals, 9), [4]);
  arrivals.take(first);
  assertEquals(ready(arrivals), [2, 3]);
});

test("what is asked for in a phase of I/O waits for the next one, where it has to", () => {
  const arrivals = new Arrivals();
  arrivals.add(arrival(1), 0);
  arrivals.beginPhase(1);
  arrivals.add(arrival(2), 0);
  // A second arrival of the same phase moves no border.
  arrivals.beginPhase(2);
  assertEquals([ready(arrivals, true), ready(arrivals, false)], [[1], [1, 2]]);
  arrivals.endPhase();
  assertEquals([ready(arrivals, true), arrivals.isPolling], [[1, 2], false]);
});

test("the clock must not pass over what has come at its time, but over what may come at any", () => {
  const arrivals = new Arrivals();
  arrivals.add(arrival(1), 0);
  assertEquals(arrivals.offerReady([], false), false);
  arrivals.add(arrival(2, { at: 3 }), 0);
  arrivals.mature(3);
  assertEquals(arrivals.offerReady([], false), true);
});

test("an operation that is withdrawn never comes, and is unfinished no longer; messages are no operations", () => {
  const arrivals = new Arrivals();
  const [soon, late] = [arrival(2), arrival(1, { at: 5 })];
  arrivals.add(late, 0);
  arrivals.add(soon, 0);
  arrivals.add(arrival(3, { kind: "message" }), 0);
  assertEquals([arrivals.unfinished, arrivals.unfinishedCount], [[late, soon], 2]);
  assertEquals(arrivals.firstMessage?.id, 3);
  arrivals.withdraw(soon);
  arrivals.withdraw(late);
  arrivals.mature(5);
  assertEquals([ready(arrivals), arrivals.unfinishedCount], [[3], 0]);
});

test("of a batch the next one comes that no other of its port is before", () => {
  const arrivals = new Arrivals();
  const other = arrival(1, { port: "a" });
  arrivals.add(other, 0);
  arrivals.add(arrival(2, { port: "a", batch: "x" }), 0);
  assertEquals(arrivals.nextOf("x"), undefined);
  arrivals.add(arrival(3, { batch: "x" }), 0);
  assertEquals(arrivals.nextOf("x")?.id, 3);
  arrivals.take(other);
  assertEquals(arrivals.nextOf("x")?.id, 2);
});
