/**
 * The server under the fuzzer, in a process of its own: it prints its port, then a line of JSON for each word of
 * `ReportKind` on its standard input, forgets what has happened at "forget", and ends when its input does.
 *
 * @module
 */

import process from "node:process";
import { createInterface } from "node:readline";
import { serve } from "../../../io/mod.ts";
import { collectGarbage } from "../garbage.ts";
import { hostOfThis } from "../hosts.ts";
import { act, type Run } from "./handlers.ts";
import { messageLimit, type Report, type ReportKind, timeouts } from "./report.ts";

let runs: Run[] = [];
/** Errors that `onError` was told of, each as the path and the message. */
let errors: [url: string, message: string][] = [];

const server = await serve((request, context) => {
  const { method, url, headers } = request;
  const run: Run = { method, url, id: headers.get("x-id"), body: undefined, ended: 0, timedOut: false };
  runs.push(run);
  return act(request, context, run);
}, {
  // So few that some have to wait, in a queue that holds all.
  maxConcurrent: 32,
  queueLimit: 100_000,
  timeout: timeouts[hostOfThis()],
  bodyTimeout: 2000,
  messageLimit,
  onError: (error, request) => errors.push([request.url, String(error)]),
  onRequest({ method, url }, { status }) {
    // The request of the handler may be another object than this one.
    const isOf = (run: Run): boolean => run.method === method && hrefOf(run.url) === hrefOf(url);
    const run = runs.find((run) => run.ended === 0 && isOf(run));
    if (run !== undefined) {
      run.ended++;
      run.timedOut = status === 504;
    } else errors.push([url, "onRequest was told of an end without a beginning"]);
  },
});

function hrefOf(url: string): string {
  return URL.parse(url)?.href ?? url;
}

async function report(kind: ReportKind): Promise<Report> {
  if (kind === "collected") await collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  const { active, queued, tasks } = server.statistics();
  const unended = runs.filter((run) => run.ended === 0).length;
  return {
    active,
    queued,
    tasks,
    unended,
    rss,
    heapUsed,
    ...(kind === "all" ? { runs, errors } : { runs: [], errors: [] }),
  };
}

console.log(`port ${server.port}`);
const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  if (line === "forget") {
    runs = [];
    errors = [];
  } else {
    void report(line as ReportKind).then((report) => process.stdout.write(`${JSON.stringify(report)}\n`));
  }
});
lines.on("close", () => process.exit(0));
