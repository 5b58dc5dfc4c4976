/**
 * Looks at the site that `npm run docs` has made, as a reader does: no link leads nowhere, no page is wider than a phone, none has an error,
 * and the search finds a function. `npm test -- site` makes the site first.
 *
 * @module
 */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, posix } from "node:path";
import process from "node:process";
import { type Browser, chromium } from "playwright-core";
import { chromiumPath } from "../chromium.ts";
import { root } from "../hosts.ts";

const out = join(root, "site/out");
const widths = [1280, 400];

const types: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".woff2": "font/woff2",
};

const pages = readdirSync(out, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".html")).sort();
const wrong = [...deadLinks(), ...await look()];
for (const line of wrong) console.log(`site: ${line}`);
console.log(`site: ${pages.length} pages, ${wrong.length} faults`);
process.exit(wrong.length === 0 ? 0 : 1);

/** The links within the site, and their anchors. */
function deadLinks(): string[] {
  const anchors = new Map(pages.map((page) => {
    const text = readFileSync(join(out, page), "utf8");
    return [page, new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id!))];
  }));
  const found: string[] = [];
  for (const page of pages.filter((page) => page !== "404.html" && anchors.get(page)!.has("app"))) {
    const text = readFileSync(join(out, page), "utf8");
    for (const [, link] of new Set([...text.matchAll(/<a\s[^>]*?href="([^"]*)"/g)].map((match) => match))) {
      if (/^[a-z]+:/.test(link!)) continue;
      const [path = "", anchor] = decodeURI(link!.replaceAll("&amp;", "&")).split("#");
      const target = path === "" ? page : fileOf(posix.join("/", posix.resolve("/", posix.dirname(page), path)), path);
      if (target === undefined) found.push(`${page} links to ${link}, which is not there`);
      else if (anchor && anchors.has(target) && !anchors.get(target)!.has(anchor)) {
        found.push(`${page} links to ${link}: ${target} has no such place`);
      }
    }
  }
  return found;
}

/** The file that a path is answered with. */
function fileOf(path: string, link: string): string | undefined {
  const name = path.slice(1);
  const names = link.endsWith("/") || name === "" ? [posix.join(name, "index.html")] : [name, `${name}.html`];
  return names.find((each) => existsSync(join(out, each)) && statSync(join(out, each)).isFile());
}

/** Each page of the guide, and some of the reference, wide and narrow. */
async function look(): Promise<string[]> {
  const server = await serve();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const browser = await chromium.launch({ executablePath: chromiumPath(), args: ["--no-sandbox"] });
  try {
    const chosen = pages.filter((page, index) => !page.startsWith("reference/") || index % 20 === 0);
    const found = await Promise.all(widths.map((width) => lookAt(browser, origin, chosen, width)));
    return [...found.flat(), ...await search(browser, origin)];
  } finally {
    await browser.close();
    server.close();
  }
}

async function lookAt(browser: Browser, origin: string, chosen: readonly string[], width: number): Promise<string[]> {
  const found: string[] = [];
  const page = await browser.newPage({ viewport: { width, height: 900 } });
  let path = "";
  page.on("console", (message) => {
    if (message.type() === "error") found.push(`${path}: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => found.push(`${path}: ${error.message}`));
  for (path of chosen) {
    await page.goto(`${origin}/${path}`, { waitUntil: "load" });
    const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth") as number;
    // Reports of others are not laid out here.
    if (over > 0 && !path.endsWith("report.html")) found.push(`${path} is ${over} px wider than ${width} px`);
  }
  await page.close();
  return found;
}

/** Types a name into the search, and follows what it finds. */
async function search(browser: Browser, origin: string): Promise<string[]> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`${origin}/getting-started.html`, { waitUntil: "load" });
  await page.keyboard.press("Control+k");
  await page.locator("#localsearch-input").fill("withTimeout");
  const first = page.locator("#localsearch-list a").first();
  await first.waitFor({ timeout: 30_000 });
  await first.click();
  await page.waitForURL(/withTimeout|structured|semantics|getting/i, { timeout: 30_000 });
  const text = await page.locator("main").innerText();
  await page.close();
  return text.includes("withTimeout") ? [] : ["the search for withTimeout leads to a page without it"];
}

async function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = fileOf(posix.normalize(path), path);
    // Browsers ask for it on pages that name no picture of theirs.
    if (path === "/favicon.ico") return void response.writeHead(204).end();
    if (file === undefined) return void response.writeHead(404).end("There is no such file");
    response.writeHead(200, { "content-type": `${types[extname(file)] ?? "text/plain"}; charset=utf-8` });
    response.end(readFileSync(join(out, file)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
