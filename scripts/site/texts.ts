/**
 * The guide for tools that read: `llms.txt`, a list of the pages, and `llms-full.txt`, all of them in one file.
 *
 * @module
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../tests/support/hosts.ts";
import { addressOf, contents } from "./pages.ts";

/** Writes both. */
export function writeTexts(folder: string): void {
  const readme = readFileSync(join(root, "README.md"), "utf8");
  const [, about = ""] = readme.split("\n\n");
  const parts = contents();
  const list = parts.map(({ title, pages }) => {
    const items = pages.map((page) => `- [${page.title}](${addressOf(page)}.html): ${page.says}`);
    return [`## ${title}`, "", ...items].join("\n");
  });
  const head = `# Millrace\n\n> ${about.replace(/\s+/g, " ")}`;
  const full = "- [All pages in one file](/llms-full.txt)\n- [Reference](/reference/index.html)";
  writeFileSync(join(folder, "public/llms.txt"), `${[head, ...list, `## Whole\n\n${full}`].join("\n\n")}\n`);
  const pages = parts.flatMap(({ pages }) => pages).filter(({ path }) => path.endsWith(".md"));
  const texts = pages.map(({ path }) => readFileSync(join(root, whereIs(path)), "utf8").trim());
  writeFileSync(join(folder, "public/llms-full.txt"), `${[readme.trim(), ...texts].join("\n\n---\n\n")}\n`);
}

function whereIs(path: string): string {
  return /^[A-Z]+\.md$/.test(path) ? path : `docs/${path}`;
}
