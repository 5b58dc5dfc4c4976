/** The page of a report in Chromium: it opens from the disk, fits each width, and can be read in light and dark. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { chromium, type Page } from "playwright-core";
import { soak } from "../../../../testing.ts";
import { chromiumPath } from "../../../support/chromium.ts";
import { withinTest } from "../../../support/within.ts";
import { written } from "./bodies.ts";

/** Opens a page from the disk in a browser of this width and scheme; what it asks for, and what it reports, fails the test. */
async function withReport(html: string, body: (page: Page) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-soak-"));
  const file = join(folder, "report.html");
  writeFileSync(file, html);
  // Root has no sandbox. Memory in /dev/shm is scarce in containers.
  const args = ["--no-sandbox", "--disable-dev-shm-usage"];
  const browser = await chromium.launch({ executablePath: chromiumPath(), args });
  try {
    const page = await browser.newPage();
    const seen: string[] = [];
    page.on("console", (message) => seen.push(message.text()));
    page.on("pageerror", (error) => seen.push(String(error)));
    page.on("request", (request) => {
      const url = request.url();
      if (url !== pathToFileURL(file).href && !url.startsWith("data:")) seen.push(url);
    });
    await page.goto(pathToFileURL(file).href);
    await withinTest(body(page));
    assertEquals(seen, []);
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

/** The texts that stand out too little from what is behind them. */
function faint(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const light = (colour: string): number => {
      const parts = colour.match(/[\d.]+/g)!.map(Number).slice(0, 3).map((part) => part / 255);
      const [red, green, blue] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const behind = (element: Element): string => {
      const colour = getComputedStyle(element).backgroundColor;
      const isClear = colour === "rgba(0, 0, 0, 0)";
      return isClear && element.parentElement !== null ? behind(element.parentElement) : colour;
    };
    const texts = [...document.querySelectorAll("main *")].filter((element) =>
      [...element.childNodes].some(({ nodeType, nodeValue }) => nodeType === 3 && nodeValue!.trim() !== "")
    ).filter((element) => element.closest("title") === null);
    return texts.flatMap((element) => {
      const { color, fill } = getComputedStyle(element);
      const [one, other] = [light(element instanceof SVGElement ? fill : color), light(behind(element))];
      const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
      return contrast >= 4.5 ? [] : [`${contrast.toFixed(2)}: ${element.textContent}`];
    });
  });
}

test("the page opens from the disk, asks for nothing, fits each width, and each of its texts can be read in light and dark", async () => {
  const report = await soak(written, { seeds: 200, stopAtFailure: false });
  assertEquals(report.failures.length, 1);
  await withReport(report.html(), async (page) => {
    for (const width of [320, 400, 768, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert(wide <= width, `the page is ${wide} wide in a window of ${width}`);
    }
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      assertEquals(await faint(page), [], colorScheme);
    }
  });
});

test("the page shows the failure with its fault, its token and its run in lanes, and all figures to those who listen", async () => {
  const report = await soak(written, { seeds: 200, stopAtFailure: false });
  const [failure] = report.failures;
  await withReport(report.html(), async (page) => {
    const section = page.locator("section.failure");
    assertEquals(await section.locator("ol.faults li").allTextContents(), failure!.schedule);
    assertEquals(await section.locator("code.token").textContent(), `MILLRACE_REPLAY=${failure!.token}`);
    assertEquals(await section.locator("table.run th").allTextContents(), ["time", "world", "store", "writer"]);
    assertEquals(await section.locator("tr.fault").count(), 1);
    const label = await section.locator("svg.lanes[role=img]").getAttribute("aria-label");
    assert(/^\d+ events in 3 lanes, with 1 fault$/.test(label!), label!);
    assertEquals(
      await page.locator("svg:not([role=img]):not([aria-hidden])").evaluateAll((all) =>
        all.filter((svg) => svg.closest("[role=img]") === null).length
      ),
      0,
    );
    const kinds = await page.locator("section", { hasText: "How often each kind came" }).locator(".name")
      .allTextContents();
    assertEquals(kinds, report.faults.map(({ kind }) => kind));
  });
});
