/** The program that is watched, as its users run it. */

import { assert, assertEquals } from "@std/assert";
import { run } from "../../support/child.ts";
import { testWith } from "../../support/needs.ts";

testWith(
  "programs",
  "the program prints its log with names of tasks, its metrics, and its spans as a tree across threads",
  async () => {
    const { code, stdout, stderr } = await run("examples/telemetry/main.ts");
    assertEquals([code, stderr], [0, ""]);
    const lines = stdout.trimEnd().split("\n");
    const logged = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
    assertEquals(logged.map(({ msg, task }) => `${msg} by ${task?.replace(/#\d+$/, "")}`).sort(), [
      "There is nothing to digest by undefined",
      "digested by GET /digest/dog",
      "digested by GET /digest/owl",
      "kept by keeper",
      "kept by keeper",
    ]);
    assert(logged.every(({ trace_id, span_id }) => /^[0-9a-f]{32}$/.test(trace_id) && /^[0-9a-f]{16}$/.test(span_id)));
    assert(lines.includes('millrace_server_completed_total{server="digests"} 3'), stdout);
    const ofRequest = ["GET", "  call digest", "    digest", "      hash", "  keep"];
    assertEquals(lines.slice(lines.indexOf("Spans:") + 1), [
      "patient",
      ...ofRequest,
      ...ofRequest,
      "GET (failed)",
      "  call digest (failed)",
      "    digest (failed)",
      "keeper",
    ]);
  },
);
