/** The page of the cluster in Chromium. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { chromium, type Page } from "playwright-core";
import { chromiumPath } from "../../support/chromium.ts";
import { withinTest } from "../../support/within.ts";
import { withCluster } from "./with_cluster.ts";

/** Opens the page; what it reports fails the test. */
async function withPage(url: string, body: (page: Page) => Promise<void>): Promise<void> {
  // Root has no sandbox. Memory in /dev/shm is scarce in containers.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(30_000);
    const seen: string[] = [];
    page.on("console", (message) => seen.push(message.text()));
    page.on("pageerror", (error) => seen.push(String(error)));
    await page.goto(url);
    await withinTest(body(page));
    assertEquals(seen, []);
  } finally {
    await browser.close();
  }
}

test("by keyboard: a search, a worker that is killed, another one; names and lines are texts, and all fits each width", () =>
  withCluster(["--pause", "2000"], async (cluster) => {
    await cluster.serving(2);
    await withPage(cluster.url, async (page) => {
      await page.locator(".worker.serves").nth(1).waitFor();
      await page.keyboard.type("needle");
      await page.keyboard.press("Enter");
      await page.locator(".lane.busy").nth(3).waitFor();
      // From the search field: its button, the one that starts a worker, the one that kills the first.
      for (let press = 0; press < 3; press++) await page.keyboard.press("Tab");
      assertEquals(await page.evaluate(() => document.activeElement!.getAttribute("aria-label")), "Kill worker-1");
      await page.keyboard.press("Enter");
      await page.locator(".worker.killed", { hasText: "worker-1" }).waitFor();
      await page.keyboard.press("Shift+Tab");
      await page.keyboard.press("Enter");
      await page.locator(".worker", { hasText: "worker-3" }).waitFor();
      await page.getByText(/1 matches in all files, from \d+ calls in .* ran again, none was lost/).waitFor();
      assertEquals(await page.locator("#results li").allInnerTexts(), [
        '<img src=x onerror="document.title=1">.txt\n1<b>needle</b>',
      ]);
      assertEquals([await page.locator("img").count(), await page.title()], [0, "Millrace cluster"]);
      for (const width of [320, 400, 768, 1280, 1920]) {
        await page.setViewportSize({ width, height: 800 });
        assertEquals(await page.evaluate(() => document.documentElement.scrollWidth), width);
      }
    });
  }, (folder) => {
    writeFileSync(join(folder, '<img src=x onerror="document.title=1">.txt'), "<b>needle</b>\n");
  }));
