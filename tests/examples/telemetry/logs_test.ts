/** Lines of pino with the task and the trace that they belong to. */

import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { makeLogger } from "../../../examples/telemetry/logs.ts";
import { keepSpans } from "../../../examples/telemetry/tracing.ts";
import { group, sleep } from "../../../mod.ts";

interface Line {
  readonly msg: string;
  readonly task?: string;
  readonly trace_id?: string;
  readonly span_id?: string;
}

function logger(): { log: ReturnType<typeof makeLogger>; lines: Line[] } {
  const lines: Line[] = [];
  return { lines, log: makeLogger({ write: (line) => void lines.push(JSON.parse(line)) }) };
}

test("a line of a log has the name of the task that has written it, and none outside", async () => {
  const { log, lines } = logger();
  log.info("outside");
  await group((g) => void g.spawn(() => sleep(1).then(() => log.info("inside")), { name: "reader" }));
  assertEquals(lines.map(({ msg, task }) => [msg, task?.replace(/#\d+$/, "")]), [
    ["outside", undefined],
    ["inside", "reader"],
  ]);
  assertEquals(lines.map(({ trace_id }) => trace_id), [undefined, undefined]);
});

test("a line of a log has the ids of the span that it was written in", async () => {
  const spans = keepSpans();
  const { log, lines } = logger();
  try {
    await group((g) => void g.spawn(() => sleep(1).then(() => log.info("inside")), { name: "reader" }));
  } finally {
    spans.stop();
  }
  const [span] = spans.records();
  assertMatch(span!.traceId, /^[0-9a-f]{32}$/);
  assertEquals([lines[0]!.trace_id, lines[0]!.span_id], [span!.traceId, span!.id]);
});
