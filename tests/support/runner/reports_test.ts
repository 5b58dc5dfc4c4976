/** What the test runners report, and when a file has failed. */

import { test } from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { MatrixHost } from "../hosts.ts";
import type { Ended } from "./process.ts";
import { judge, slowest } from "./reports.ts";

/** The summaries of the runtimes for three tests that passed, one that failed and two that were skipped. */
const summaries: Record<MatrixHost, string> = {
  node: "1..6\n# tests 6\n# suites 0\n# pass 3\n# fail 0\n# cancelled 1\n# skipped 1\n# todo 1\n# duration_ms 5\n",
  node26: "1..6\n# tests 6\n# suites 0\n# pass 3\n# fail 1\n# cancelled 0\n# skipped 1\n# todo 1\n# duration_ms 5\n",
  deno: "\nFAILED | 3 passed (2 steps) | 1 failed | 2 ignored (130ms)\n\n",
  bun: "\n 3 pass\n 1 skip\n 1 todo\n 1 fail\nRan 6 tests across 1 file. [130.00ms]\n",
};

const good = "# tests 1\n# pass 1\n# fail 0\n";

function ended(output: string, code: number | null = 0, late = false): Ended {
  return { output, code, late };
}

test("the counts are those of each runtime's summary", () => {
  for (const host of Object.keys(summaries) as MatrixHost[]) {
    const { ok, counts } = judge(host, "a_test.ts", ended(summaries[host], 1), "", summaries[host]);
    assertEquals([ok, counts], [false, { passed: 3, failed: 1, skipped: 2 }], host);
  }
});

test("a file has passed when its summary says so and its process ended well", () => {
  assertEquals(judge("node", "a_test.ts", ended("printed"), "", good), {
    host: "node",
    file: "a_test.ts",
    ok: true,
    counts: { passed: 1, failed: 0, skipped: 0 },
    times: [],
    report: "",
  });
});

test("a process that ends with another code, without a summary, without a test or late has failed, as one test", () => {
  const none = good.replace("pass 1", "pass 0");
  const cases: [Ended, string, RegExp][] = [
    [ended("the last words", 7), good, /^the last words\nexit code 7$/],
    [ended("killed", null), good, /exit code null$/],
    [ended("crashed"), "", /^crashed\nno summary, exit code 0$/],
    [ended("nothing"), none, /exit code 0$/],
    [ended("hangs", 0, true), good, /^hangs\nit did not end in time$/],
  ];
  for (const [end, summary, report] of cases) {
    const result = judge("node26", "a_test.ts", end, "", summary);
    assertEquals([result.ok, result.counts.failed], [false, 1], end.output);
    assertMatch(result.report, report);
  }
});

test("of a TAP report the tests that failed are shown, with what the process printed", () => {
  const tap = [
    "TAP version 13",
    "# Subtest: good",
    "ok 1 - good",
    "  ---",
    "  duration_ms: 3",
    "  ...",
    "# Subtest: bad",
    "not ok 2 - bad",
    "  ---",
    "  error: 'one is not two'",
    "  ...",
    "# Subtest: good again",
    "ok 3 - good again",
    "  ---",
    "  ...",
    "1..3",
    "# Error: something came late",
    "# tests 3",
    "# pass 2",
    "# fail 1",
  ].join("\n");
  const { report } = judge("node", "a_test.ts", ended("printed\n", 1), "", tap);
  assertEquals(
    report,
    "not ok 2 - bad\n  ---\n  error: 'one is not two'\n  ...\n# Error: something came late\nprinted\nexit code 1",
  );
});

test("of Deno and Bun all is shown that they printed", () => {
  const { report } = judge("deno", "a_test.ts", ended(`AssertionError: no\n${summaries.deno}`, 1), "", summaries.deno);
  assertStringIncludes(report, "AssertionError: no\n\nFAILED | 3 passed");
});

test("the slowest tests of all runtimes come first, with their names as they are", () => {
  const node = `<testsuites>
	<testcase name="waits &lt;long&gt; &quot;here&quot; &amp; there" time="1.25" classname="test" file="/x/a_test.ts"/>
	<testcase name="is quick" time="0.000386" classname="test">
		<failure type="testCodeFailure" message="x">time="9"</failure>
	</testcase>
</testsuites>`;
  const deno = `<testcase name="a chunk&apos;s memory &#955;" classname="./a_test.ts" time="2.5" line="1" col="1">
        </testcase>`;
  const times = [
    ...judge("node", "tests/a_test.ts", ended(""), node, good).times,
    ...judge("deno", "tests/b_test.ts", ended(""), deno, "").times,
  ];
  assertEquals(slowest(times, 2), [
    "   2.5 s  deno    tests/b_test.ts: a chunk's memory λ",
    `   1.3 s  node    tests/a_test.ts: waits <long> "here" & there`,
  ]);
  assertEquals(times.length, 3);
  assertEquals(slowest(times).length, 2);
  assertEquals(slowest([]), []);
});
