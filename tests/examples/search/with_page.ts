/**
 * The search page in a real Chromium.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { assertEquals } from "@std/assert";
import { chromiumPath } from "../../support/chromium.ts";
import { root } from "../../support/hosts.ts";
import { withinTest } from "../../support/within.ts";

/** The longest that anything in the page is waited for, in ms. */
const longest = 30_000;

/** How a page is opened. */
export interface PageOptions {
  readonly url: string;
  readonly context?: BrowserContextOptions;
  /** Is called before the page is opened, to answer in the place of a server. */
  readonly prepare?: (page: Page) => Promise<void>;
  /** Parts of errors of the console that are to be; any other one fails the test. */
  readonly errors?: readonly string[];
}

/**
 * Opens a page, and closes it after `body`. An error in it or in its console, which is where Chromium tells what the policy
 * forbids, fails the test, and so does a dialog.
 */
export async function withPage(
  { url, context: contextOptions, prepare, errors = [] }: PageOptions,
  body: (page: Page) => Promise<void>,
): Promise<void> {
  // Root has no sandbox. Memory in /dev/shm is scarce in containers.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, ...contextOptions });
    page.setDefaultTimeout(longest);
    const seen: string[] = [];
    page.on("console", (message) => message.type() === "error" && seen.push(message.text()));
    page.on("pageerror", (error) => seen.push(String(error)));
    page.on("dialog", (dialog) => {
      seen.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await prepare?.(page);
    await page.goto(url);
    await withinTest(body(page));
    assertEquals(seen.filter((text) => !errors.some((part) => text.includes(part))), []);
  } finally {
    await browser.close();
  }
}

/** What a made server answers to a path; `undefined` if it is not there. */
export type Answer = (url: URL) => { status?: number; body: string } | undefined;

/** Where a made server is. */
export const madeUrl = "http://search.test/";

/** Answers in the place of a server, with the files of the page and with what is given. */
export async function answerWith(page: Page, answer: Answer): Promise<void> {
  const types: Record<string, string> = { html: "text/html", css: "text/css", js: "text/javascript" };
  await page.route("**/*", async (route) => {
    const url = new URL(route.request().url());
    const file = url.pathname === "/" ? "page.html" : url.pathname.slice(1);
    const type = types[file.slice(file.lastIndexOf(".") + 1)];
    if (type !== undefined) {
      const body = readFileSync(join(root, "examples/search/page", file), "utf8");
      return await route.fulfill({ body, contentType: `${type}; charset=utf-8` });
    }
    const made = answer(url);
    if (made === undefined) return await route.abort("connectionrefused");
    return await route.fulfill({ contentType: "application/json", status: 200, ...made });
  });
}

/** Statistics, as the server gives them. */
export function madeStatistics(changes: { done?: boolean; recent?: number; disconnected?: number } = {}): string {
  const { done = true, recent = 1.5, disconnected = 0 } = changes;
  return JSON.stringify({
    now: 1000,
    indexing: {
      folders: ["/project"],
      done,
      found: 20_838,
      finished: done ? 20_838 : 5000,
      files: done ? 17_630 : 4321,
      bytes: 188_829_580,
      seconds: 7.31,
      megabytesPerSecond: 25.8,
    },
    loop: { delay: 1, recent, p50: 1, p99: 4.2, longest: 1234, slowItems: 0 },
    pool: { workers: 2, running: 1, queued: 0 },
    grep: { files: 0, abandoned: disconnected, freedAfter: 12.34, longestFreedAfter: 12.34 },
    server: { active: 3, disconnected },
  });
}

/** The id, or the text, of what has the focus. */
export function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent);
}
