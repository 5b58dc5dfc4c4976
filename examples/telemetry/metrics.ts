/**
 * What a program does, for Prometheus, by prom-client. The metrics of HTTP are those of OpenTelemetry's semantic conventions, named
 * as Prometheus writes them; what only Millrace has is named `millrace_...`.
 *
 * @module
 */

import { channel } from "node:diagnostics_channel";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { type RequestTrace, serve, type ServeOptions, type Server, type ServerStatistics } from "../../io/mod.ts";
import type { HistogramSummary, LoopMonitor, TaskTrace, WorkerPool, WorkerPoolStatistics } from "../../mod.ts";
import { type Labels, ReadSummary, type Sample } from "./read_summary.ts";

/** Whose figures are told. The names are the values of the labels `server` and `pool`. */
export interface MetricSources {
  readonly monitor: LoopMonitor;
  readonly servers?: Readonly<Record<string, Pick<Server, "statistics">>>;
  readonly pools?: Readonly<Record<string, Pick<WorkerPool, "statistics" | "histograms">>>;
}

/** What a scrape reads. */
type Read<T = number> = () => Iterable<Sample<T>>;

/** The boundaries that the conventions advise for durations of requests, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Collects figures until it is stopped. */
export class Metrics {
  readonly registry: Registry = new Registry();
  /** The requests that are under way, with their labels. */
  readonly #active = new Map<RequestTrace, Labels>();
  readonly #leave: (() => void)[] = [];

  constructor({ monitor, servers = {}, pools = {} }: MetricSources) {
    this.#addRequests();
    this.#addTasks();
    this.#addLoop(monitor);
    this.#addServers(Object.entries(servers));
    this.#addPools(Object.entries(pools));
  }

  /**
   * Opens a server that answers `/metrics`. It does not hold the process, and its own requests are not counted. Open it outside of groups:
   * they would wait for its end.
   */
  serve(options: ServeOptions = {}): Promise<Server> {
    return serve(async (request, { traceparent }) => {
      for (const own of this.#active.keys()) if (own.traceparent === traceparent) this.#active.delete(own);
      if (new URL(request.url).pathname !== "/metrics") return new Response("Look at /metrics\n", { status: 404 });
      return new Response(await this.registry.metrics(), { headers: { "content-type": this.registry.contentType } });
    }, { name: "metrics", hold: false, ...options });
  }

  /** Ends it, and leaves nothing behind. */
  stop(): void {
    for (const leave of this.#leave.splice(0)) leave();
    this.#active.clear();
    this.registry.clear();
  }

  #addRequests(): void {
    const labelNames = ["http_request_method", "url_scheme"];
    this.#gauge("http_server_active_requests", "Number of active HTTP server requests.", labelNames, () => {
      const counts = new Map<string, [labels: Labels, count: number]>();
      for (const labels of this.#active.values()) {
        const key = Object.values(labels).join(" ");
        counts.set(key, [labels, (counts.get(key)?.[1] ?? 0) + 1]);
      }
      return counts.values();
    });
    const durations = new Histogram({
      name: "http_server_request_duration_seconds",
      help: "Duration of HTTP server requests.",
      labelNames: [...labelNames, "http_response_status_code", "error_type"],
      buckets,
      registers: [this.registry],
    });
    this.#on("request.start", (trace: RequestTrace) => {
      const { method, url } = trace.request;
      this.#active.set(trace, { http_request_method: method, url_scheme: url.slice(0, url.indexOf(":")) });
    });
    this.#on("request.end", (trace: RequestTrace) => {
      const labels = this.#active.get(trace);
      // One that began before, or that came from Prometheus.
      if (!this.#active.delete(trace)) return;
      const { status, duration } = trace.record!;
      const error = trace.error === undefined ? undefined : trace.error instanceof Error ? trace.error.name : "_OTHER";
      const error_type = error ?? (status < 500 ? undefined : `${status}`);
      const all = { ...labels, http_response_status_code: status, ...(error_type !== undefined && { error_type }) };
      durations.observe(all, duration / 1000);
    });
  }

  #addTasks(): void {
    let spawned = 0;
    const ended = { fulfilled: 0, rejected: 0, cancelled: 0 };
    this.#on("task.spawn", () => void spawned++);
    this.#on("task.end", ({ task }: TaskTrace) => void ended[task.state as keyof typeof ended]++);
    this.#counter("millrace_tasks_spawned_total", "Tasks that were spawned.", [], () => [[{}, spawned]]);
    const states = () => Object.entries(ended).map(([state, count]): Sample => [{ state }, count]);
    this.#counter("millrace_tasks_ended_total", "Tasks that have ended, by their last state.", ["state"], states);
  }

  #addLoop(monitor: LoopMonitor): void {
    const delays: Read<HistogramSummary> = () => [[{}, monitor.snapshot().delay]];
    this.#summary("millrace_loop_delay_seconds", "How late the loop was for a timer.", delays);
    const counters = [
      ["turns", "Turns of the run queue.", () => monitor.snapshot().turns],
      ["slices", "Slices of the run queue.", () => monitor.snapshot().slices],
      ["busy_seconds", "How long turns of the run queue ran.", () => monitor.snapshot().busy / 1000],
      ["long_turns", "Turns that were long.", () => monitor.snapshot().longTurnCount],
    ] as const;
    for (const [name, help, read] of counters) {
      this.#counter(`millrace_loop_${name}_total`, help, [], () => [[{}, read()]]);
    }
  }

  #addServers(servers: readonly [string, Pick<Server, "statistics">][]): void {
    const each = (key: keyof ServerStatistics): Read => () =>
      servers.map(([server, it]) => [{ server }, it.statistics()[key]]);
    const gauges = [
      ["active", "Requests that have a slot."],
      ["queued", "Requests that wait for a slot."],
      ["tasks", "Tasks of requests that have not ended."],
    ] as const;
    for (const [key, help] of gauges) this.#gauge(`millrace_server_${key}`, help, ["server"], each(key));
    const counters = [
      ["completed", "completed", "Requests that have ended, in whichever way."],
      ["rejected", "rejected", "Requests answered 503 because the server was full or draining."],
      ["shed", "shed", "Requests answered 503 because the loop was late."],
      ["disconnected", "disconnected", "Requests whose client left."],
      ["timed_out", "timedOut", "Requests answered 504."],
      ["stalled", "stalled", "Requests given up because their client was too slow."],
      ["failed", "failed", "Requests that failed."],
    ] as const;
    for (const [name, key, help] of counters) {
      this.#counter(`millrace_server_${name}_total`, help, ["server"], each(key));
    }
  }

  #addPools(pools: readonly [string, Pick<WorkerPool, "statistics" | "histograms">][]): void {
    const each = (key: "workers" | "runaway"): Read => () =>
      pools.map(([pool, it]) => [{ pool }, it.statistics()[key]]);
    const byState = (...states: (keyof WorkerPoolStatistics)[]): Read => () =>
      pools.flatMap(([pool, it]) => {
        const statistics = it.statistics();
        return states.map((state): Sample => [{ pool, state }, statistics[state]!]);
      });
    const labelNames = ["pool", "state"];
    this.#gauge("millrace_pool_workers", "Threads of the pool.", ["pool"], each("workers"));
    this.#gauge("millrace_pool_runaway_workers", "Threads that the host cannot stop.", ["pool"], each("runaway"));
    this.#gauge("millrace_pool_live_calls", "Calls that run or wait.", labelNames, byState("running", "queued"));
    const ends = byState("completed", "failed", "cancelled");
    this.#counter("millrace_pool_calls_total", "Calls that have ended, by how.", labelNames, ends);
    const waits: Read<HistogramSummary> = () => pools.map(([pool, it]) => [{ pool }, it.histograms().wait]);
    const runs: Read<HistogramSummary> = () => pools.map(([pool, it]) => [{ pool }, it.histograms().run]);
    this.#summary("millrace_pool_wait_seconds", "How long calls waited to be started.", waits);
    this.#summary("millrace_pool_run_seconds", "How long calls ran.", runs);
  }

  #on<M>(name: string, listener: (message: M) => void): void {
    const told = channel(`millrace.${name}`);
    told.subscribe(listener as (message: unknown) => void);
    this.#leave.push(() => told.unsubscribe(listener as (message: unknown) => void));
  }

  #gauge(name: string, help: string, labelNames: string[], read: Read): void {
    const collect = function (this: Gauge): void {
      this.reset();
      for (const [labels, value] of read()) this.set(labels, value);
    };
    new Gauge({ name, help, labelNames, registers: [this.registry], collect });
  }

  /** A counter of what is counted elsewhere. */
  #counter(name: string, help: string, labelNames: string[], read: Read): void {
    const collect = function (this: Counter): void {
      this.reset();
      for (const [labels, value] of read()) this.inc(labels, value);
    };
    new Counter({ name, help, labelNames, registers: [this.registry], collect });
  }

  #summary(name: string, help: string, read: Read<HistogramSummary>): void {
    this.registry.registerMetric(new ReadSummary(name, help, read));
  }
}
