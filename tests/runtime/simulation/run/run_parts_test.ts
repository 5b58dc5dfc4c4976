import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { RunParts } from "../../../../runtime/simulation/run/run_parts.ts";

/** Begins real work and a call of the world outside, and answers with what has come of them. */
function begunIn({ work, flights }: RunParts): string[] {
  const came: string[] = [];
  const ends = [work.begin("work"), flights.begin("call", { inOrder: true })];
  for (const [index, end] of ends.entries()) end(() => came.push(["work", "call"][index]!));
  return came;
}

test("what is begun in a run waits for its turn, and comes at the latest when the run is over", () => {
  const parts = new RunParts({} as never, {} as never);
  const came = begunIn(parts);
  assertEquals(came, []);
  assert(parts.hasWork && parts.hasFlights);
  parts.end();
  assertEquals(came, ["work", "call"]);
});

test("what left-over code begins after the end of a run that had used nothing comes all the same", () => {
  const parts = new RunParts({} as never, {} as never);
  parts.end();
  assertEquals(begunIn(parts), ["work", "call"]);
});

test("another run begins with nothing, and waits again", () => {
  const parts = new RunParts({} as never, {} as never);
  begunIn(parts);
  parts.end();
  parts.forget();
  assert(!parts.hasWork && !parts.hasFlights && !parts.hasOpenWork);
  assertEquals(begunIn(parts), []);
});
