import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { kindOfFailure } from "../../../../scheduler/exploration/soak/failure_kind.ts";
import { UnhandledRejectionError } from "../../../../testing.ts";

test("the kind of a failure has what was violated, and nothing that differs from run to run or from engine to engine", () => {
  class InvariantError extends Error {
    override name = "InvariantError";
    invariant = "one leader in a term";
  }
  const kinds: [unknown, string][] = [
    [new Error("acknowledged and lost: 3, 4"), "Error: acknowledged and lost"],
    [new Error('17 of 20 at "db-1"'), "Error: # of # at #"],
    [new Error("\nfirst line\nsecond line"), "Error: first line"],
    [new InvariantError("db-1 and db-3"), "InvariantError: one leader in a term"],
    [new TypeError("x is not a function"), "TypeError"],
    [new UnhandledRejectionError(new Error("lost: 7"), "turn 5"), "UnhandledRejectionError: Error: lost"],
    ["a text with 5", "a text with #"],
    [undefined, "undefined"],
  ];
  assertEquals(kinds.map(([error]) => kindOfFailure(error)), kinds.map(([, kind]) => kind));
});
