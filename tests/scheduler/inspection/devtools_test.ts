/** Traces, as the Performance panel of Chrome's DevTools reads them: by its own engine, in Chromium, without a network. */

import { createServer } from "node:net";
import { test } from "node:test";
import { chromium } from "playwright-core";
import { assert, assertEquals } from "@std/assert";
import { Channel, group, sleep, startTrace, WorkerPool } from "../../../mod.ts";
import { serve } from "../../../io/mod.ts";
import { chromiumPath } from "../../support/chromium.ts";
import { withinTest } from "../../support/within.ts";

/** What the engine makes of a trace. */
interface Read {
  /** The names of the entries, by group and track. */
  readonly tracks: Record<string, string[]>;
  /** How many entries each thread has, by name. */
  readonly threads: Record<string, number>;
  /** What is found to be wrong with the page, of what the engine looks for. */
  readonly warnings: string[];
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Has DevTools read a trace. */
async function readByDevTools(json: string): Promise<Read> {
  const port = await freePort();
  const args = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    `--remote-debugging-port=${port}`,
    "--remote-allow-origins=*",
  ];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/devtools/devtools_app.html`);
    return await withinTest(page.evaluate(async ({ text, engine }) => {
      const models = await import(engine);
      const model = models.TraceModel.Model.createWithAllHandlers();
      await model.parse(JSON.parse(text).traceEvents);
      const { data } = model.parsedTrace(0);
      const tracks: Record<string, string[]> = {};
      for (const { name, entriesByTrack } of data.ExtensionTraceData.extensionTrackData) {
        for (const [track, entries] of Object.entries(entriesByTrack) as [string, { name: string }[]][]) {
          tracks[`${name} / ${track}`] = entries.map((entry) => entry.name);
        }
      }
      const threads: Record<string, number> = {};
      for (const process of data.Renderer.processes.values()) {
        for (const thread of process.threads.values()) threads[thread.name] = thread.entries.length;
      }
      return { tracks, threads, warnings: [...data.Warnings.perWarning.keys()] };
    }, { text: json, engine: "./models/trace/trace.js" }));
  } finally {
    await browser.close();
  }
}

const plain = (names: readonly string[]): string[] => names.map((name) => name.replace(/#\d+$/, ""));

test("DevTools reads a trace: tasks by group with their waits, turns, slices, calls, requests, long turns; each span has both ends", async () => {
  const trace = startTrace();
  const module = new URL("../workers/tasks.ts", import.meta.url);
  const pool = new WorkerPool<typeof import("../workers/tasks.ts")>(module, { size: 1, name: "math" });
  const server = await serve(async (_request, context) => {
    await context.spawn(() => sleep(3), { name: "query" });
    return new Response("hello");
  });
  await group((g) => {
    const channel = new Channel<number>();
    g.spawn(async () => {
      for (let number = 0; number < 3; number++) await channel.send(number);
      channel.close();
    }, { name: "producer" });
    g.spawn(async () => {
      for await (const number of channel) await pool.run("double", [number]);
    }, { name: "consumer" });
    g.spawn(() => {
      const end = performance.now() + 60;
      while (performance.now() < end) { /* as a long computation does */ }
    }, { name: "greedy" });
    g.spawn(() => fetch(new URL("/cats", server.url)).then((response) => response.text()), {
      name: "<img src=x onerror=alert(1)>",
    });
  }, { name: "main" });
  await server.drain();
  await pool.close();
  const json = trace.stop();
  const { tracks, threads, warnings } = await readByDevTools(json);
  const tasks = Object.entries(tracks).filter(([name]) => name.startsWith("Tasks of main / ")).flatMap(([, names]) =>
    names
  );
  for (const name of ["producer", "consumer", "greedy", "<img src=x onerror=alert(1)>"]) {
    assert(plain(tasks).includes(name), `${name} is in ${tasks}`);
  }
  assert(tasks.includes("waits for room in a channel") && tasks.includes("waits for double"), String(tasks));
  assertEquals(plain(tracks["Tasks of GET /cats / GET /cats"]!), ["query", "waits for sleep"]);
  assertEquals(tracks["Servers / Requests"], ["GET /cats"]);
  const [calls] = Object.entries(tracks).filter(([name]) => name.startsWith("Pools / math, worker "));
  assertEquals(calls![1], ["double", "double", "double"]);
  assert(tracks["Loop / Turns"]!.some((name) => name.includes("greedy")));
  assert(tracks["Loop / Slices"]!.length > 0);
  assert(threads["CrRendererMain"]! > 10, JSON.stringify(threads));
  // The turn of 60 ms is one of those that DevTools itself finds too long.
  assert(warnings.includes("LONG_TASK"), String(warnings));
  const read = Object.values(tracks).reduce((sum, names) => sum + names.length, 0);
  const written = (JSON.parse(json) as { traceEvents: { ph: string }[] }).traceEvents.filter(({ ph }) => ph === "b");
  assertEquals(read, written.length, "none is orphaned");
});
