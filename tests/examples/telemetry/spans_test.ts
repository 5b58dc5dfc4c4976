/** The recipe for OpenTelemetry, with its own packages. */

import { test } from "node:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type Context, context, diag, DiagLogLevel, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { type ReadableSpan, type Span, TracerProvider } from "@opentelemetry/sdk-trace";
import { startSpans } from "../../../examples/telemetry/otel.ts";
import { keepSpans, type SpanRecord } from "../../../examples/telemetry/tracing.ts";
import { Channel, group, sleep, type Task, WorkerPool } from "../../../mod.ts";
import { withServer } from "../../io/serve/with_server.ts";
import { root } from "../../support/hosts.ts";
import { latch } from "../../support/latch.ts";
import { until, withinTest } from "../../support/within.ts";
import { listenedTo } from "./channels.ts";

type Worker = typeof import("../../../examples/telemetry/worker.ts");
const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const parentId = "00f067aa0ba902b7";

/** The spans that are made while `body` runs, in the order in which they end. */
async function spansOf(body: () => PromiseLike<unknown>): Promise<SpanRecord[]> {
  const spans = keepSpans();
  try {
    await withinTest(body());
  } finally {
    spans.stop();
  }
  return spans.records();
}

/** The names of the spans around each span, outermost first, and its own. */
function paths(spans: readonly SpanRecord[]): string[] {
  const pathOf = ({ name, parent }: SpanRecord): string => {
    const above = spans.find(({ id }) => id === parent);
    return above === undefined ? name : `${pathOf(above)} > ${name}`;
  };
  return spans.map(pathOf).sort();
}

function find(spans: readonly SpanRecord[], name: string): SpanRecord {
  const found = spans.filter((span) => span.name === name);
  assertEquals(found.length, 1, `there are ${found.length} spans ${name}`);
  return found[0]!;
}

async function withPool(body: (pool: WorkerPool<Worker>) => Promise<void>): Promise<void> {
  const module = new URL("../../../examples/telemetry/worker.ts", import.meta.url);
  const pool = new WorkerPool<Worker>(module, { size: 1, name: "digests" });
  try {
    await body(pool);
  } finally {
    await pool.close({ timeout: 0 });
  }
}

function spanOfOwn(name: string, from: Context = context.active()): void {
  trace.getTracer("test").startSpan(name, {}, from).end();
}

test("the span of a task is in the one in which the task was spawned, and what the task does is in its own, after a sleep too", async () => {
  const spans = await spansOf(() =>
    group((g) => {
      g.spawn(async () => {
        await sleep(1);
        spanOfOwn("after a sleep");
        await group(async (inner) => {
          const child = inner.spawn(() => sleep(1).then(() => spanOfOwn("in the child")), { name: "child" });
          await child;
          spanOfOwn("after the child");
        });
      }, { name: "parent" });
      g.spawn(() => sleep(2), { name: "other" });
    })
  );
  assertEquals(paths(spans), [
    "other",
    "parent",
    "parent > after a sleep",
    "parent > after the child",
    "parent > child",
    "parent > child > in the child",
  ]);
  assertEquals(find(spans, "child").events, ["start"]);
  assertEquals(find(spans, "child").attributes, { "millrace.task.state": "fulfilled" });
});

test("who receives from a channel stays in its own span, and goes on in the sender's where that came along", async () => {
  const spans = await spansOf(() =>
    group((g) => {
      const channel = new Channel<Context>();
      g.spawn(async () => {
        for await (const of of channel) {
          spanOfOwn("of the receiver");
          context.with(of, () => spanOfOwn("of the sender"));
        }
      }, { name: "receiver" });
      g.spawn(async () => {
        await channel.send(context.active());
        channel.close();
      }, { name: "sender" });
    })
  );
  assertEquals(paths(spans), ["receiver", "receiver > of the receiver", "sender", "sender > of the sender"]);
});

test("the span of a function in a worker is in the one of the call, with the tasks that it spawns", async () => {
  let made: SpanRecord[] = [];
  const spans = await spansOf(() =>
    withPool(async (pool) => {
      await group((g) => void g.spawn(() => pool.run("digest", ["owl"]), { name: "caller" }));
      await assertRejects(() => pool.run("digest", [""]), RangeError);
      made = await pool.run("takeSpans", []);
    })
  );
  const all = [...spans, ...made].filter(({ name }) => !name.includes("takeSpans"));
  assertEquals(paths(all), [
    "call digest",
    "call digest > digest",
    "caller",
    "caller > call digest",
    "caller > call digest > digest",
    "caller > call digest > digest > hash",
  ]);
  const [worked, failed] = all.filter(({ name }) => name === "call digest");
  assertEquals([worked!.failed, worked!.attributes["millrace.pool"]], [false, "digests"]);
  assert(Number(worked!.attributes["millrace.worker"]) > 0);
  assertEquals([failed!.failed, failed!.attributes["error.type"]], [true, "RangeError"]);
  assertEquals(made.map((span) => [span.name, span.failed]), [["hash", false], ["digest", false], ["digest", true]]);
});

test("the span of a request goes on with the trace of its client, and is what the handler passes on", async () => {
  let passedOn = "";
  const spans = await spansOf(() =>
    withServer(
      async (request, told) => {
        passedOn = told.traceparent;
        if (request.url.endsWith("/bad")) throw new TypeError("bad");
        await told.spawn(() => sleep(1), { name: "query" });
        return new Response("fine", { status: request.url.endsWith("/none") ? 404 : 503 });
      },
      { onError() {} },
      async (server) => {
        const headers = { traceparent: `00-${traceId}-${parentId}-01` };
        await (await fetch(new URL("/there?key=secret", server.url), { headers })).text();
        assertMatch(passedOn, new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
        await (await fetch(new URL("/none", server.url), { method: "POST" })).text();
        await (await fetch(new URL("/bad", server.url), { method: "PUT" })).text();
        await until(() => server.statistics().completed === 3, "the requests have ended");
      },
    )
  );
  assertEquals(paths(spans), ["GET", "GET > query", "POST", "POST > query", "PUT"]);
  const get = find(spans, "GET");
  assertEquals([get.traceId, get.parent], [traceId, parentId]);
  assertEquals(get.attributes, {
    "http.request.method": "GET",
    "url.scheme": "http",
    "url.path": "/there",
    "http.response.status_code": 503,
    "error.type": "503",
  });
  assertEquals([get.failed, find(spans, "POST").failed, find(spans, "POST").attributes["error.type"]], [
    true,
    false,
    undefined,
  ]);
  const put = find(spans, "PUT");
  assertEquals([put.failed, put.attributes["error.type"], put.parent], [true, "TypeError", undefined]);
  assertEquals(passedOn.split("-").slice(1, 3), [put.traceId, put.id]);
});

test("a request that had to wait for a slot has its own span, and not that of the one that made room", async () => {
  const go = latch();
  const spans = await spansOf(() =>
    withServer(
      async (request, told) => {
        if (request.method === "POST") await go.promise;
        await told.spawn(() => sleep(1), { name: `query of ${request.method}` });
        return new Response();
      },
      { maxConcurrent: 1, queueLimit: 1 },
      async (server) => {
        const first = fetch(server.url, { method: "POST" });
        await until(() => server.statistics().active === 1, "the first runs");
        const second = fetch(server.url);
        await until(() => server.statistics().queued === 1, "the second waits");
        go.open();
        for (const response of [await first, await second]) await response.text();
        await until(() => server.statistics().completed === 2, "the requests have ended");
      },
    )
  );
  assertEquals(paths(spans), ["GET", "GET > query of GET", "POST", "POST > query of POST"]);
});

test("the span of a task that failed says so, and so does that of one that was cancelled, which may never have started", async () => {
  const spans = await spansOf(() =>
    assertRejects(() =>
      group((g) => {
        g.spawn(() => sleep(60_000), { name: "sleeping" });
        g.spawn(() => Promise.reject(new TypeError("broken")), { name: "failing" });
        g.spawn(() => {}, { name: "early" }).cancel("not needed");
      })
    )
  );
  const ends = ["failing", "sleeping", "early"].map((name) => {
    const { failed, events, attributes } = find(spans, name);
    return [failed, attributes["millrace.task.state"], attributes["error.type"], events.length];
  });
  assertEquals(ends, [
    [true, "rejected", "TypeError", 1],
    [false, "cancelled", "AbortError", 1],
    [false, "cancelled", "AbortError", 0],
  ]);
});

test("each span is ended once: those of a call that is aborted, of a client that left, and those that stopping finds open", async () => {
  const counts = new Map<string, [began: number, ended: number]>();
  const count = (id: string, began: number, ended: number): void => {
    const [before, after] = counts.get(id) ?? [0, 0];
    counts.set(id, [before + began, after + ended]);
  };
  const complaints: string[] = [];
  const complain = (text: string): void => void complaints.push(text);
  diag.setLogger({ error: complain, warn: complain, info() {}, debug() {}, verbose() {} }, DiagLogLevel.WARN);
  const counting = {
    onStart: (span: Span) => count(span.spanContext().spanId, 1, 0),
    onEnd: (span: ReadableSpan) => count(span.spanContext().spanId, 0, 1),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [counting] }));
  const stop = startSpans();
  try {
    await withPool(async (pool) => {
      const controller = new AbortController();
      const call = assertRejects(() => pool.run("digest", ["owl"], { signal: controller.signal }));
      controller.abort();
      await call;
    });
    await withServer(() => sleep(60_000).then(() => new Response()), {}, async (server) => {
      const controller = new AbortController();
      const asked = assertRejects(() => fetch(server.url, { signal: controller.signal }));
      await until(() => server.statistics().active === 1, "the request has come");
      controller.abort();
      await asked;
      await until(() => server.statistics().completed === 1, "the request has ended");
    });
    let open: Task<unknown> | undefined;
    await group(async (g) => {
      open = g.spawn(() => sleep(60_000), { name: "open" });
      await sleep(1);
      stop();
      open.cancel();
    });
  } finally {
    stop();
    trace.disable();
    diag.disable();
  }
  assertEquals(complaints, []);
  assertEquals([...counts.values()], Array.from(counts, () => [1, 1]));
  assertEquals(counts.size, 3);
});

test("who stops leaves no subscriber behind, nor a context, and can start again", async () => {
  for (let round = 0; round < 2; round++) {
    const spans = keepSpans();
    assertEquals(listenedTo(), [
      "task.spawn",
      "task.start",
      "task.end",
      "call.start",
      "call.end",
      "worker.start",
      "worker.end",
      "request.start",
      "request.end",
    ]);
    await group((g) => void g.spawn(() => sleep(1), { name: "task" }));
    spans.stop();
    assertEquals(listenedTo(), []);
    assertEquals(paths(spans.records()), ["task"]);
    assertEquals(context.active(), ROOT_CONTEXT);
    assertEquals(propagation.fields(), []);
  }
});

test("spans are refused where there is a context manager already, which would hide who is the parent of whom", () => {
  const spans = keepSpans();
  const before = listenedTo().length;
  try {
    assertThrows(() => startSpans(), Error, "There is a context manager");
    assertEquals(listenedTo().length, before);
  } finally {
    spans.stop();
  }
});

test("the recipe has at most 60 lines, and the one in the guide is this one", () => {
  const recipe = readFileSync(join(root, "examples/telemetry/otel.ts"), "utf8");
  assert(recipe.trimEnd().split("\n").length <= 60);
  const guide = readFileSync(join(root, "docs/observability.md"), "utf8")
    .replaceAll(`"@millrace/millrace/io"`, `"../../io/mod.ts"`)
    .replaceAll(`"@millrace/millrace/worker"`, `"../../worker.ts"`)
    .replaceAll(`"@millrace/millrace"`, `"../../mod.ts"`);
  assert(guide.includes("```ts\n" + recipe + "```"), "they differ");
});
