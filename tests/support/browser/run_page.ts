/**
 * One test file in one page.
 *
 * @module
 */

import type { BrowserContext } from "playwright-core";
import type { FileResult, TestTime } from "../runner/reports.ts";
import type { Told } from "./page/test.ts";

/** What is to be run, and for how long at most. */
export interface PageRun {
  /** The host as the results call it. */
  readonly host: string;
  readonly file: string;
  readonly url: string;
  /** In ms. */
  readonly limit: number;
  /** Is told why a test was skipped. */
  readonly onSkipped: (why: string) => void;
  /** A stack with its places in the sources. */
  readonly mapped: (stack: string) => string;
}

/** Runs a file in a page of its own; a page that crashes, hangs or has no test is a failure. */
export async function runPage(context: BrowserContext, run: PageRun): Promise<FileResult> {
  const { host, file, mapped } = run;
  const page = await context.newPage();
  const failures: string[] = [];
  const printed: string[] = [];
  const times: TestTime[] = [];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  let running: string | undefined;
  let end!: (why: string | undefined) => void;
  const ended = new Promise<string | undefined>((resolve) => end = resolve);
  function fail(name: string, error: string): void {
    counts.failed++;
    failures.push(`not ok ${name}\n${mapped(error).replace(/^/gm, "  ")}`);
  }
  function take(told: Told): void {
    switch (told.kind) {
      case "begun":
        running = told.name;
        break;
      case "skipped":
        counts.skipped++;
        run.onSkipped(told.why);
        break;
      case "ended":
        times.push({ host, file, name: told.name, seconds: told.seconds });
        if (told.error === undefined) counts.passed++;
        else fail(told.name, told.error);
        break;
      case "stray":
        fail(running ?? "before the first test", `Nobody handled this:\n${told.error}`);
        break;
      case "done":
        end(undefined);
    }
  }
  await page.exposeFunction("tellHarness", take);
  page.on("console", (message) => printed.length < 100 && printed.push(`# ${message.type()}: ${message.text()}`));
  page.on("crash", () => end("the page crashed"));
  const timer = setTimeout(() => end(`the page did not end in ${(run.limit / 1000).toFixed(0)} s`), run.limit);
  // A page whose script never yields does not load either.
  page.goto(run.url).catch((error) => end(`the page could not be loaded: ${error}`));
  const why = await ended;
  clearTimeout(timer);
  if (why !== undefined) fail(running ?? "before the first test", why);
  else if (counts.passed + counts.failed + counts.skipped === 0) fail(file, "the file has no test");
  const ok = counts.failed === 0;
  return { host, file, ok, counts, times, report: ok ? "" : [...failures, ...printed].join("\n") };
}
