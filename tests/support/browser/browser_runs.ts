/**
 * The tests in Chromium: each portable file in a page that is isolated from other origins, and in one that is not.
 *
 * @module
 */

import { availableParallelism } from "node:os";
import { type Browser, chromium } from "playwright-core";
import { chromiumPath } from "../chromium.ts";
import { type Progress, tell, tellEnd } from "../runner/progress.ts";
import type { FileResult } from "../runner/reports.ts";
import { type Bundles, bundleTests } from "./bundle.ts";
import { notPortable } from "./not_portable.ts";
import { runPage } from "./run_page.ts";
import { type PageServer, servePages } from "./server.ts";

/** The longest that a file may take, and all of them, in ms. */
const longestFile = 120_000;
const longestRun = 600_000;

/** A kind of page, and how far it is. */
interface Kind extends Progress {
  readonly server: PageServer;
  /** How many tests were skipped, by what they need. */
  readonly skips: Map<string, number>;
}

/** Runs those of the test files that are portable; resolves to how each did in each kind of page. */
export async function runBrowser(files: readonly string[]): Promise<FileResult[]> {
  let executablePath: string;
  try {
    executablePath = chromiumPath();
  } catch (error) {
    console.log(`browser: ${(error as Error).message}`);
    return [failed("browser", "", (error as Error).message)];
  }
  const bundles = await bundleTests(files.filter((file) => notPortable[file] === undefined));
  const { others } = bundles;
  if (others.size > 0) {
    const needed = [...new Set([...others.values()].flat())].sort().join(", ");
    const count = others.size === 1 ? "1 file is" : `${others.size} files are`;
    console.log(`browser: ${count} not portable, for they need some of ${needed}`);
  }
  if (bundles.portable.length === 0) return [];
  const started = performance.now();
  const kinds: Kind[] = [];
  for (const isolated of [true, false]) {
    const server = await servePages(bundles.script, isolated);
    kinds.push({
      host: isolated ? "browser, isolated" : "browser",
      results: [],
      started: undefined,
      server,
      skips: new Map(),
    });
  }
  const jobs = kinds.flatMap((kind) => bundles.portable.map((file) => ({ kind, file })));
  let version = "";
  const lane = async (): Promise<void> => {
    // What a page does to its browser is no trouble of the pages of another lane.
    let browser: Browser | undefined;
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
      const { kind, file } = job;
      kind.started ??= performance.now();
      const left = started + longestRun - performance.now();
      let result: FileResult;
      if (left <= 0) result = failed(kind.host, file, "the time for all files was over");
      else {
        browser ??= await launch(executablePath);
        version = `Chromium ${browser.version()}`;
        result = await runFile(browser, kind, file, bundles, Math.min(left, longestFile));
      }
      kind.results.push(result);
      tell(kind, bundles.portable.length);
      if (kind.results.length === bundles.portable.length) tellEndOf(kind, version);
      // A page that does not end may keep its browser from working.
      if (!result.ok && browser !== undefined) browser = void await close(browser);
    }
    if (browser !== undefined) await close(browser);
  };
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, lane));
  } finally {
    for (const { server } of kinds) server.close();
  }
  return kinds.flatMap(({ results }) => results);
}

function tellEndOf(kind: Kind, version: string): void {
  tellEnd(kind, version);
  const reasons = [...kind.skips].sort(([, a], [, b]) => b - a).map(([why, count]) => `${count} (${why})`);
  if (reasons.length > 0) console.log(`${kind.host}: skipped ${reasons.join(", ")}`);
}

function launch(executablePath: string): Promise<Browser> {
  // Root has no sandbox. Memory in /dev/shm is scarce in containers. Garbage is collected where a test asks for it.
  const args = ["--no-sandbox", "--disable-dev-shm-usage", "--js-flags=--expose-gc"];
  return chromium.launch({ executablePath, args });
}

/** Ends a browser, one with a page that hangs too. */
async function close(browser: Browser): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, 10_000));
  await Promise.race([browser.close().catch(() => {}), late]);
  clearTimeout(timer);
}

async function runFile(
  browser: Browser,
  kind: Kind,
  file: string,
  bundles: Bundles,
  limit: number,
): Promise<FileResult> {
  try {
    // A context has a process of its own: what a file leaves behind ends with it.
    const context = await browser.newContext();
    const url = `${kind.server.origin}/page/${file}`;
    const result = await runPage(context, {
      host: kind.host,
      file,
      url,
      limit,
      mapped: bundles.mapped,
      onSkipped: (why) => void kind.skips.set(why, (kind.skips.get(why) ?? 0) + 1),
    });
    if (result.ok) await context.close();
    return result;
  } catch (error) {
    return failed(kind.host, file, String(error));
  }
}

function failed(host: string, file: string, report: string): FileResult {
  return { host, file, ok: false, counts: { passed: 0, failed: 1, skipped: 0 }, times: [], report };
}
