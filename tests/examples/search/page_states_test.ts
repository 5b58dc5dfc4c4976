/** The page in the states that a server has seldom, against answers that are made up. */

import { test } from "node:test";
import type { Page } from "playwright-core";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Answer, answerWith, madeStatistics, madeUrl, withPage } from "./with_page.ts";

const longPath = `/project/${"a-folder-with-a-long-name/".repeat(8)}${"file".repeat(40)}.ts`;

/** A server with results of all kinds. */
function full({ pathname, searchParams }: URL): ReturnType<Answer> {
  switch (pathname) {
    case "/stats":
      return { body: madeStatistics({ disconnected: 1234 }) };
    case "/ping":
      return { body: "{}" };
    case "/search":
      return {
        body: JSON.stringify({
          files: 17_630,
          complete: true,
          ms: 12.3,
          results: [
            { path: longPath, score: 123.456, line: 123_456, text: "word ".repeat(40) },
            { path: "/project/a.ts", score: 1, line: 1, text: "x".repeat(200) },
            { path: "/project/gone.ts", score: 0.5 },
          ],
        }),
      };
    case "/grep": {
      const count = Number(searchParams.get("re")!.replace("word", "3"));
      const match = { path: longPath, text: `${"x".repeat(150)}found${"y".repeat(145)}`, from: 150, to: 155 };
      return {
        body: Array.from({ length: count }, (_, at) => JSON.stringify({ ...match, line: at + 1 }) + "\n").join(""),
      };
    }
  }
  return undefined;
}

/** What sticks out of its box or of the window. */
function cutParts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const cut: string[] = [];
    if (document.documentElement.scrollWidth > innerWidth) cut.push("the page is wider than the window");
    for (const part of document.querySelectorAll("main *, header *")) {
      if (part.closest(".unseen, canvas") !== null || part.checkVisibility() === false) continue;
      const { left, right } = part.getBoundingClientRect();
      const isCut = part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0 && part.tagName !== "INPUT";
      if (isCut || left < 0 || right > innerWidth) cut.push(`${part.tagName} ${part.id}: ${part.textContent}`);
    }
    return cut;
  });
}

/** Texts whose contrast with what is behind them is less than 4.5. */
function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const parse = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number);
    const light = (colour: number[]) => {
      const [red, green, blue] = colour.map((value) =>
        value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4
      );
      return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
    };
    const behind = (part: Element): number[] => {
      for (let at: Element | null = part; at !== null; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if ((colour[3] ?? 1) === 1) return colour;
      }
      return [255, 255, 255];
    };
    const faint: string[] = [];
    for (const part of document.querySelectorAll("body *")) {
      const hasText = [...part.childNodes].some((node) => node.nodeType === 3 && node.textContent!.trim() !== "");
      if (!hasText || part.closest("noscript") !== null || !part.checkVisibility()) continue;
      const both = [light(parse(getComputedStyle(part).color).slice(0, 3)), light(behind(part).slice(0, 3))];
      const contrast = (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
      if (contrast < 4.5) faint.push(`${contrast.toFixed(2)} ${part.tagName} ${part.className}: ${part.textContent}`);
    }
    return faint;
  });
}

test("at 400 and 1280 px, light and dark, nothing is cut and no text is faint, however long names and lines are", async () => {
  await withPage({ url: `${madeUrl}?q=word`, prepare: (page) => answerWith(page, full) }, async (page) => {
    await page.locator("#workers-text", { hasText: "free 12 ms after the last abandoned search" }).waitFor();
    await page.locator("#ping-text", { hasText: "slowest" }).waitFor();
    await page.locator("#inspect").click();
    for (const width of [400, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        await page.getByText("Words", { exact: true }).click();
        await page.locator("#note", { hasText: "The best 3 of 17,630 files" }).waitFor();
        assertEquals([await cutParts(page), await faintTexts(page)], [[], []], `words, ${width}, ${colorScheme}`);
        await page.getByText("Regex").click();
        await page.locator("#note", { hasText: "3 matches" }).waitFor();
        assertEquals([await cutParts(page), await faintTexts(page)], [[], []], `regex, ${width}, ${colorScheme}`);
      }
    }
  });
});

test("ten thousand matches are all there, each a link to its line, and the page says that there may be more", async () => {
  await withPage({
    url: `${madeUrl}?mode=grep&q=10000`,
    prepare: (page) => answerWith(page, full),
  }, async (page) => {
    await page.locator("#note", { hasText: "The first 10,000 matches, in " }).waitFor();
    const links = page.locator("#results a");
    assertEquals(await links.count(), 10_000);
    assert((await links.last().getAttribute("href"))!.endsWith("&line=10000#L10000"));
    assertEquals(await links.first().locator("mark").textContent(), "found");
    await page.locator("#query").fill("0");
    await page.locator("#note", { hasText: "Nothing found, in " }).waitFor();
    assertEquals(await links.count(), 0);
  });
});

test("figures while and after indexing are those that the server gives, and then the results are asked for anew", async () => {
  let done = false, asked = 0;
  await withPage({
    url: `${madeUrl}?q=word`,
    prepare: (page) =>
      answerWith(page, (url) => {
        if (url.pathname === "/stats") return { body: madeStatistics({ done }) };
        if (url.pathname !== "/search") return full(url);
        asked++;
        return { body: JSON.stringify({ files: done ? 17_630 : 4321, complete: done, ms: 1, results: [] }) };
      }),
  }, async (page) => {
    await page.locator("#note", { hasText: "Nothing found in 4,321 files, in 1.0 ms, still indexing" }).waitFor();
    const texts = () => page.locator(".figures dd, .figures dt").allInnerTexts();
    const first = (await texts()).slice(0, 8);
    assertEquals(first, [
      "files, of 20,838 found so far",
      "4,321",
      "of text, 25.8 MB/s",
      "188.8 MB",
      "requests now, 0 abandoned",
      "2",
      "workers busy",
      "1 of 2",
    ]);
    assertMatch(await page.locator("#bar").evaluate((bar: HTMLProgressElement) => String(bar.value)), /^0\.239/);
    done = true;
    await page.locator("#note", { hasText: /^Nothing found in 17,630 files, in 1.0 ms$/ }).waitFor();
    assertEquals(asked, 2);
    assertEquals((await texts())[0], "files indexed, 3,208 left out");
    assertEquals(await page.locator("#bar").evaluate((bar: HTMLProgressElement) => bar.value), 1);
  });
});

test("the chart draws the delay that the server gives, on a scale that has room for it", async () => {
  let recent = 1.5;
  const prepare = (page: Page) =>
    answerWith(page, (url) => url.pathname === "/stats" ? { body: madeStatistics({ recent }) } : full(url));
  await withPage({ url: madeUrl, prepare }, async (page) => {
    /** How far up the line reaches, of 1. */
    const height = () =>
      page.locator("#chart").evaluate((canvas: HTMLCanvasElement) => {
        const { data, width, height } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        for (let at = 0; at < data.length; at += 4) {
          // The line is blue, and nothing else is.
          const isLine = data[at + 3]! > 200 && data[at + 2]! - data[at]! > 60;
          if (isLine) return 1 - Math.floor(at / 4 / width) / height;
        }
        return 0;
      });
    const caption = page.locator("#delay");
    await page.waitForFunction(() => document.getElementById("chart")!.ariaLabel !== "Loop delay");
    await caption.getByText("Loop delay 1.5 ms, longest in this minute 1.5 ms, 99 of 100 within 4.2 ms").waitFor();
    // A second value makes a line of the point.
    await page.waitForResponse(/stats/);
    await page.waitForResponse(/stats/);
    const low = await height();
    assert(low > 0 && low < 0.4, `${low}`);
    recent = 432;
    await caption.getByText("Loop delay 432 ms, longest in this minute 432 ms").waitFor();
    assert(await height() > 0.9);
    recent = 2;
    await caption.getByText("Loop delay 2.0 ms, longest in this minute 432 ms").waitFor();
  });
});

test("a server that is gone is said to be, its figures are dimmed; when it is back both end, and it is asked again", async () => {
  let isThere = true;
  const prepare = (page: Page) => answerWith(page, (url) => isThere ? full(url) : undefined);
  await withPage({ url: madeUrl, prepare, errors: ["ERR_CONNECTION_REFUSED"] }, async (page) => {
    const lost = page.getByRole("alert");
    await page.locator("#files", { hasText: "17,630" }).waitFor();
    assert(await lost.isHidden());
    isThere = false;
    await lost.getByText("The server does not answer. Trying again").waitFor();
    assertEquals(await page.locator("#figures").getAttribute("class"), "stale");
    await page.locator("#query").fill("word");
    await page.locator("#note.bad", { hasText: "The server does not answer." }).waitFor();
    isThere = true;
    await lost.waitFor({ state: "hidden" });
    assertEquals(await page.locator("#figures").getAttribute("class"), "");
    await page.locator("#note:not(.bad)", { hasText: "The best 3 of 17,630 files" }).waitFor();
  });
});

test("every control has a name, results are announced politely, and the way to the inspector is said or given", async () => {
  const prepare = (page: Page) => answerWith(page, full);
  await withPage({ url: madeUrl, prepare }, async (page) => {
    await page.getByRole("searchbox", { name: "Search for" }).waitFor();
    await page.getByRole("group", { name: "How to search" }).getByRole("radio", { name: "Words" }).waitFor();
    await page.getByRole("radio", { name: "Regex" }).waitFor();
    await page.getByRole("switch", { name: "Block the loop for 4 seconds" }).waitFor();
    await page.getByRole("progressbar", { name: "Indexing" }).waitFor();
    await page.getByRole("region", { name: "What the server does" }).waitFor();
    await page.getByRole("img", { name: /^Loop delay/ }).waitFor();
    await page.getByRole("status").getByText("Type words").waitFor();
    const controls = await page.locator("button, input, a, [tabindex]").count();
    assertEquals(controls, 6, "a control was added: give it a name, and a line here");
    // Whoever opens the address without its secret part is told how.
    const inspect = page.getByRole("button", { name: "Inspector", expanded: false });
    await inspect.click();
    await page.getByText("npm start -- --inspect").waitFor();
    await page.getByRole("button", { name: "Inspector", expanded: true }).waitFor();
  });
});

test("behind the # of the address is the way to the inspector, and only a port and a token are taken from it", async () => {
  await withPage({ url: madeUrl, prepare: (page) => answerWith(page, full) }, async (page) => {
    const link = page.getByRole("link", { name: "Inspector" });
    for (const trick of ["javascript:alert(1)", "1/x@evil.example/", "1@evil.example/x/", "999999/x/", "1/x/../y/"]) {
      await page.goto(`${madeUrl}?${Math.random()}#inspector=${trick}`);
      await page.getByRole("button", { name: "Inspector" }).waitFor();
      assertEquals(await link.count(), 0);
    }
    await page.goto(madeUrl);
    // A page that is open already is told by the change alone.
    await page.goto(`${madeUrl}#inspector=4321/abc-def_1/`);
    assertEquals(await link.getAttribute("href"), "http://127.0.0.1:4321/abc-def_1/");
    assertMatch(await link.getAttribute("rel") ?? "", /noreferrer/);
    // The address in the bar is one that can be shown to others; this tab knows the rest.
    assertEquals(page.url(), madeUrl);
    await page.reload();
    await link.waitFor();
  });
});
