/**
 * A program that is watched: `node examples/telemetry/main.ts`. It answers `/digest/TEXT` with a digest that a pool makes and a task keeps,
 * which gets it through a channel. It asks itself a few times, logs as it goes, and prints its metrics and its spans.
 */

import { type Context, context, trace } from "@opentelemetry/api";
import { serve } from "../../io/mod.ts";
import { Channel, group, LoopMonitor, sleep, WorkerPool } from "../../mod.ts";
import { makeLogger } from "./logs.ts";
import { Metrics } from "./metrics.ts";
import { formatSpans, keepSpans } from "./tracing.ts";

/** What a request hands to the task that keeps results. Its context goes along: what is done for it belongs to its trace. */
interface Result {
  readonly text: string;
  readonly digest: string;
  readonly of: Context;
}

const spans = keepSpans();
const log = makeLogger();
const monitor = new LoopMonitor();
const pool = new WorkerPool<typeof import("./worker.ts")>(new URL("./worker.ts", import.meta.url), { size: 1 });
const results = new Channel<Result>(8);
const kept = new Map<string, string>();

async function keep(): Promise<void> {
  const tracer = trace.getTracer("example");
  for await (const { text, digest, of } of results) {
    await tracer.startActiveSpan("keep", {}, of, async (span) => {
      await sleep(1);
      kept.set(text, digest);
      log.info({ text }, "kept");
      span.end();
    });
  }
}

const server = await serve(async (request) => {
  const text = decodeURIComponent(new URL(request.url).pathname.slice("/digest/".length));
  const digest = await pool.run("digest", [text]);
  log.info({ text }, "digested");
  await results.send({ text, digest, of: context.active() });
  return new Response(`${digest}\n`);
}, { onError: (error) => log.error(error) });
const metrics = new Metrics({ monitor, servers: { digests: server }, pools: { digests: pool } });
const endpoint = await metrics.serve();

await group(async (g) => {
  g.spawn(keep, { name: "keeper" });
  g.spawn(() => sleep(60_000), { name: "patient" }).cancel("not needed any more");
  for (const text of ["owl", "dog", ""]) {
    const response = await fetch(new URL(`/digest/${text}`, server.url));
    console.log(response.status, await response.text());
  }
  await server.drain();
  results.close();
});
spans.stop();

const scraped = await (await fetch(new URL("/metrics", endpoint.url))).text();
console.log("Metrics:");
console.log(
  scraped.split("\n").filter((line) => /^(http|millrace)_(server|pool|tasks)\w*_(total|count)/.test(line)).join("\n"),
);
await endpoint.drain();
metrics.stop();
monitor.close();
console.log("Spans:");
console.log(formatSpans([...spans.records(), ...await pool.run("takeSpans", [])]));
await pool.close();
