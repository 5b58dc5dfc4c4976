import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type Flight, InFlight } from "../../../../runtime/simulation/loop/in_flight.ts";

/** How many times `after` answers no, in turns of the host. */
async function until(after: () => boolean): Promise<void> {
  while (!after()) await new Promise((resolve) => setTimeout(resolve, 1));
}

function flight(patience: number): { -readonly [K in keyof Flight]: Flight[K] } {
  return { patience, signs: 0, isOver: false, port: undefined };
}

test("results of calls in order come in the order in which they were begun, others as they are there", () => {
  const flights = new InFlight();
  const log: string[] = [];
  const first = flights.begin("first", { inOrder: true });
  const second = flights.begin("second", { inOrder: true });
  const other = flights.begin("other", { inOrder: false });
  second(() => log.push("second"));
  assertEquals(flights.next(), undefined);
  other(() => log.push("other"));
  first(() => log.push("first"));
  for (let next = flights.next(); next !== undefined; next = flights.next()) next.come();
  assertEquals(log, ["first", "second", "other"]);
  assert(!flights.isOn);
});

test("a call holds the clock until its result has been taken, but not for ever; then those after it may come", async () => {
  const flights = new InFlight(20);
  const done = flights.begin("slow", { inOrder: true });
  flights.begin("quick", { inOrder: true })(() => {});
  assert(flights.holds);
  assertEquals(flights.next(), undefined);
  await until(() => flights.next()?.label === "quick");
  assert(!flights.holds);
  done(() => {});
  assert(flights.holds);
  assertEquals(flights.next()?.label, "slow");
  assert(!flights.holds);
});

test("a flight holds the clock for as long as it may be quiet; a sign of life begins that anew, its end ends it", async () => {
  const flights = new InFlight();
  const idle = flight(0);
  const busy = flight(20);
  flights.add(idle);
  flights.add(busy);
  assert(flights.holds);
  await until(() => !flights.holds);
  busy.signs++;
  assert(flights.holds);
  busy.isOver = idle.isOver = true;
  assert(!flights.holds);
  assert(!flights.isOn);
});

test("a request to a server of the same run does not hold the clock while that works on it; no run outlives its end", () => {
  const flights = new InFlight();
  flights.served.set(80, 0);
  const done = flights.begin("fetch", { inOrder: false, port: 80 });
  assert(flights.holds);
  flights.serve(80, 1);
  assert(!flights.holds);
  flights.add({ ...flight(1000), port: 81 });
  assert(flights.holds);
  flights.end();
  assert(!flights.isOn);
  let isTold = false;
  done(() => isTold = true);
  assert(isTold, "who waited for it is left waiting");
});
