import { test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import { startTrace } from "../../../mod.ts";
import { thisHost } from "../../support/this_host.ts";

test("options of a trace that are wrong are refused at the call", () => {
  assertThrows(() => startTrace({ maxEvents: 0 }), RangeError);
  assertThrows(() => startTrace({ maxEvents: "many" as never }), TypeError);
  assertThrows(() => startTrace({ stacks: "all" as never }), TypeError);
  assertThrows(() => startTrace({ other: 1 } as never), TypeError);
});

test("where there are no diagnostics channels, as in a page, a trace is refused at the call and says why", () => {
  if (thisHost() === "browser") assertThrows(() => startTrace(), TypeError, "node:diagnostics_channel");
  else assert(startTrace().stop().startsWith("{"));
});
