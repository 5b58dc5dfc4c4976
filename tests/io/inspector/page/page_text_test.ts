/** The texts that the server sends. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { pageHtml, pageScript, pageStyle } from "../../../../io/inspector/page_text.ts";
import { root } from "../../../support/hosts.ts";
import { makePageText, pageTextFile } from "../../../support/make_page.ts";

test("the texts of the page are made from its sources as they are: npm run bootstrap", async () => {
  assertEquals(await readFile(join(root, pageTextFile), "utf8") === await makePageText(), true);
});

test("the script carries the licence of the charts that are in it", () => {
  assertMatch(pageScript, /^\/\*![^]*uPlot 1\.6\.32[^]*MIT License[^]*Permission is hereby granted, free of charge/);
});

test("the page has nothing in it that its policy forbids: no script, no style and no address but its own files", () => {
  assert(!/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|data:/i.test(pageHtml));
  assertEquals([...pageHtml.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, url]) => url), [
    "page.svg",
    "page.css",
    "page.js",
    "#tasks",
  ]);
  assert(!/@import|url\(/.test(pageStyle));
});

test("no text of the page is ever read as markup", () => {
  const [, ownScript] = pageScript.split("*/");
  assertStringIncludes(ownScript!, "createElement");
  assert(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(/.test(pageScript));
});
