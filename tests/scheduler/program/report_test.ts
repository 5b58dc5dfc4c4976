import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { group, sleep } from "../../../mod.ts";
import { reportOf } from "../../../scheduler/program/report.ts";
import { originOf } from "../../../scheduler/scopes/unhandled.ts";
import { wanted } from "../../../scheduler/tasks/places.ts";
import { testWith } from "../../support/needs.ts";

const plainReport = (error: unknown): string => reportOf(error, originOf(error), false);

test("a report has the error with its stack, all its causes, and what it is made of", () => {
  const root = new RangeError("the root");
  const error = new Error("the top", { cause: new TypeError("between", { cause: root }) });
  const report = plainReport(error);
  assert(report.startsWith("Error: the top\n"), report);
  assertMatch(report, /\n {2}caused by TypeError: between\n[^]*\n {4}caused by RangeError: the root\n/);
  assertMatch(report, /report_test\.ts:\d+/);
  assertMatch(
    plainReport(new AggregateError([root, "text"], "both")),
    /\n {2}made of RangeError: the root\n[^]*\n {2}made of "text"/,
  );
  assertEquals(plainReport("only a text"), '"only a text"');
});

testWith(
  "async context",
  "a report says in which task the error was thrown, what else failed, and where the tasks around it were spawned",
  async () => {
    wanted.places = Infinity;
    const error = await group((g) => {
      g.spawn(() =>
        group((inner) => {
          inner.spawn(async () => {
            try {
              await sleep(60_000);
            } finally {
              // deno-lint-ignore no-unsafe-finally
              throw new Error("second");
            }
          }, { name: "other" });
          inner.spawn(() => sleep(1).then(() => Promise.reject(new Error("first"))), { name: "query" });
        }, { name: "lookup" }), { name: "server" });
    }, { name: "main" }).catch((error) => error);
    wanted.places = 0;
    const report = plainReport(error).replaceAll(/#\d+/g, "");
    assertStringIncludes(report, "\n    in main > server > lookup > query\n");
    assertMatch(
      report,
      /\n {4}query spawned at .*report_test\.ts:\d+:\d+\)?\n {4}server spawned at .*report_test\.ts:\d+:\d+\)?$/,
    );
    assertStringIncludes(report, "followed by Error: second");
  },
);

test("a report ends, whatever the causes are: a circle, thousands in a row, what cannot be read", () => {
  const circle: Error & { cause?: unknown } = new Error("round");
  circle.cause = circle;
  assertStringIncludes(plainReport(circle), "caused by Error: round (see above)");
  let deep: Error = new Error("deepest");
  for (let level = 0; level < 5000; level++) deep = new Error(`level ${level}`, { cause: deep });
  assert(plainReport(deep).length < 100_000);
  const hostile = new Error("hostile");
  Object.defineProperty(hostile, "message", {
    get: () => {
      throw new Error("not to be read");
    },
  });
  assertEquals(plainReport(hostile), "an error that cannot be read");
  assertMatch(
    plainReport(new AggregateError(Array.from({ length: 20 }, () => new Error("one")), "many")),
    /and 12 more/,
  );
});

test("only where colours are wanted has a report any: the error stands out, frames of the library and the host do not", () => {
  const error = new Error("broken");
  assert(!plainReport(error).includes("\x1b"));
  assertStringIncludes(reportOf(error, undefined, true), "\x1b[1;31mError: broken\x1b[0m");
});
