/**
 * The page in a real Chromium.
 *
 * @module
 */

import { type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { assertEquals } from "@std/assert";
import type { Hello, State } from "../../../../io/inspector/protocol.ts";
import { chromiumPath } from "../../../support/chromium.ts";
import { withinTest } from "../../../support/within.ts";
import { type FakeProgram, startFakeProgram } from "./fake_program.ts";

/** The longest that anything in the page is waited for, in ms. */
const longest = 15_000;

/** How a page is opened. */
export interface PageOptions {
  /** What the program says of itself. */
  readonly hello?: Partial<Hello>;
  readonly context?: BrowserContextOptions;
  /** The first state. */
  readonly state: State;
  /** Parts of errors of the console that are to be; any other one fails the test. */
  readonly errors?: readonly string[];
}

/**
 * Opens the page of a program that is made up, and closes both after `body`. An error in the page or in its console, which is where
 * Chromium tells what the policy forbids, fails the test.
 */
export async function withPage(
  { hello, context: contextOptions, state, errors = [] }: PageOptions,
  body: (page: Page, program: FakeProgram) => Promise<void>,
): Promise<void> {
  const program = await startFakeProgram(hello);
  // Root has no sandbox. Memory in /dev/shm is scarce in containers.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, ...contextOptions });
    page.setDefaultTimeout(longest);
    const seen: string[] = [];
    page.on("console", (message) => message.type() === "error" && seen.push(message.text()));
    page.on("pageerror", (error) => seen.push(String(error)));
    program.send(state);
    await page.goto(program.url);
    await page.locator("#link[data-state=live]").waitFor();
    await page.locator("#tree [role=treeitem]").first().waitFor();
    await withinTest(body(page, program));
    assertEquals(seen.filter((text) => !errors.some((part) => text.includes(part))), []);
  } finally {
    await browser.close();
    program.close();
  }
}

/** What has the focus: an id, or the label. */
export function focused(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => document.activeElement?.id || document.activeElement?.getAttribute("aria-label"));
}
