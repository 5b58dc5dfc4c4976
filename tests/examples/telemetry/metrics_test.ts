/** Metrics for Prometheus, through prom-client. */

import { test } from "node:test";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Metrics } from "../../../examples/telemetry/metrics.ts";
import { group, LoopMonitor, WorkerPool } from "../../../mod.ts";
import { withServer } from "../../io/serve/with_server.ts";
import { latch } from "../../support/latch.ts";
import { until, withinTest } from "../../support/within.ts";
import { listenedTo } from "./channels.ts";

/** What Prometheus makes of a text: the type of each metric, and the value of each series. */
interface Scrape {
  readonly types: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, number>;
}

/** Reads the text format strictly: what is no sample of a metric that was announced before is an error. */
function parse(text: string): Scrape {
  const types = new Map<string, string>();
  const series = new Map<string, number>();
  const helped = new Set<string>();
  let current = "";
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const [, comment, name, rest] = /^# (HELP|TYPE) ([a-z_]+) (.+)$/.exec(line) ?? [];
    if (comment === "HELP") helped.add(name!);
    else if (comment === "TYPE") types.set(current = name!, rest!);
    if (comment !== undefined) continue;
    const [, sample, labels = "", value] = /^([a-z_]+)(\{(?:[a-z_]+="[^"\\]*",?)+\})? (\S+)$/.exec(line) ?? [];
    assert(sample !== undefined && Number.isFinite(Number(value)), line);
    assert(helped.has(current) && new RegExp(`^${current}(_bucket|_sum|_count)?$`).test(sample), line);
    assert(!series.has(sample + labels), `twice: ${line}`);
    series.set(sample + labels, Number(value));
  }
  assertEquals([...helped], [...types.keys()]);
  return { types, series };
}

/** Collects while `body` runs; `scrape` asks as Prometheus does. */
async function withMetrics(
  sources: Omit<ConstructorParameters<typeof Metrics>[0], "monitor">,
  body: (scrape: () => Promise<Scrape>) => Promise<void>,
): Promise<void> {
  const monitor = new LoopMonitor();
  const metrics = new Metrics({ monitor, ...sources });
  const endpoint = await metrics.serve();
  try {
    await withinTest(body(async () => {
      const response = await fetch(new URL("/metrics", endpoint.url));
      assertEquals(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
      return parse(await response.text());
    }));
  } finally {
    await endpoint.drain();
    metrics.stop();
    monitor.close();
  }
}

test("the text is one that Prometheus reads, with the metrics of the conventions and those of the loop, servers, pools and tasks", async () => {
  const module = new URL("../../../examples/pool/tasks.ts", import.meta.url);
  const pool = new WorkerPool<typeof import("../../../examples/pool/tasks.ts")>(module, { size: 1 });
  try {
    await withServer(() => new Response("hello"), {}, async (server) => {
      await withMetrics({ servers: { web: server }, pools: { hashes: pool } }, async (scrape) => {
        await (await fetch(server.url)).text();
        await until(() => server.statistics().completed === 1, "the request has ended");
        await pool.run("hashPassword", [{ password: "owl", salt: "salt" }]);
        await assertRejects(() => pool.run("hashPassword", [{ password: 1 as unknown as string, salt: "" }]));
        const { types, series } = await scrape();
        assertEquals([...types].map((each) => each.join(" ")), [
          "http_server_active_requests gauge",
          "http_server_request_duration_seconds histogram",
          "millrace_tasks_spawned_total counter",
          "millrace_tasks_ended_total counter",
          "millrace_loop_delay_seconds summary",
          "millrace_loop_turns_total counter",
          "millrace_loop_slices_total counter",
          "millrace_loop_busy_seconds_total counter",
          "millrace_loop_long_turns_total counter",
          "millrace_server_active gauge",
          "millrace_server_queued gauge",
          "millrace_server_tasks gauge",
          "millrace_server_completed_total counter",
          "millrace_server_rejected_total counter",
          "millrace_server_shed_total counter",
          "millrace_server_disconnected_total counter",
          "millrace_server_timed_out_total counter",
          "millrace_server_stalled_total counter",
          "millrace_server_failed_total counter",
          "millrace_pool_workers gauge",
          "millrace_pool_runaway_workers gauge",
          "millrace_pool_live_calls gauge",
          "millrace_pool_calls_total counter",
          "millrace_pool_wait_seconds summary",
          "millrace_pool_run_seconds summary",
        ]);
        const expected: Record<string, number> = {
          'millrace_server_completed_total{server="web"}': 1,
          'millrace_pool_workers{pool="hashes"}': 1,
          'millrace_pool_calls_total{pool="hashes",state="completed"}': 1,
          'millrace_pool_calls_total{pool="hashes",state="failed"}': 1,
          'millrace_pool_live_calls{pool="hashes",state="running"}': 0,
          'millrace_pool_run_seconds_count{pool="hashes"}': 2,
        };
        for (const [name, value] of Object.entries(expected)) assertEquals(series.get(name), value, name);
        const p50 = series.get('millrace_pool_run_seconds{pool="hashes",quantile="0.5"}')!;
        assert(p50 > 0 && p50 < 10, `a call has taken ${p50} s`);
      });
    });
  } finally {
    await pool.close({ timeout: 0 });
  }
});

test("requests are counted as the conventions say, those of Prometheus itself not", async () => {
  const go = latch();
  await withServer(
    async (request) => {
      await go.promise;
      if (request.method === "PUT") throw new TypeError("bad");
      return new Response("hello", { status: request.method === "POST" ? 503 : 200 });
    },
    { onError() {} },
    async (server) => {
      await withMetrics({}, async (scrape) => {
        const active = (method: string): string =>
          `http_server_active_requests{http_request_method="${method}",url_scheme="http"}`;
        const asked = ["GET", "GET", "POST", "PUT"].map((method) => fetch(server.url, { method }));
        await until(() => server.statistics().active === 4, "the requests have come");
        const before = (await scrape()).series;
        assertEquals(["GET", "POST", "PUT"].map((method) => before.get(active(method))), [2, 1, 1]);
        go.open();
        for (const response of await Promise.all(asked)) await response.text();
        await until(() => server.statistics().completed === 4, "the requests have ended");
        const { series } = await scrape();
        const count = "http_server_request_duration_seconds_count";
        assertEquals([...series].filter(([name]) => name.startsWith(count)).sort(), [
          [`${count}{http_request_method="GET",url_scheme="http",http_response_status_code="200"}`, 2],
          [
            `${count}{http_request_method="POST",url_scheme="http",http_response_status_code="503",error_type="503"}`,
            1,
          ],
          [
            `${count}{http_request_method="PUT",url_scheme="http",http_response_status_code="500",error_type="TypeError"}`,
            1,
          ],
        ]);
        assertEquals([...series.keys()].filter((name) => name.startsWith("http_server_active_requests{")), []);
      });
    },
  );
});

test("tasks are counted by how they end", async () => {
  await withMetrics({}, async (scrape) => {
    await assertRejects(() =>
      group((g) => {
        g.spawn(() => {}).cancel();
        g.spawn(() => 1);
        g.spawn(() => Promise.reject(new Error("broken")));
      })
    );
    const { series } = await scrape();
    const ended = ["fulfilled", "rejected", "cancelled"].map((state) =>
      series.get(`millrace_tasks_ended_total{state="${state}"}`)
    );
    assertEquals([series.get("millrace_tasks_spawned_total"), ended], [3, [1, 1, 1]]);
  });
});

test("metrics that are stopped leave no subscriber behind", async () => {
  await withMetrics({}, () => {
    assertEquals(listenedTo(), ["task.spawn", "task.end", "request.start", "request.end"]);
    return Promise.resolve();
  });
  assertEquals(listenedTo(), []);
});
