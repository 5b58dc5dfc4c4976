/** The pages to look things up on name what there is, all of it and once. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import * as io from "../io/mod.ts";
import * as mod from "../mod.ts";
import * as remote from "../remote.ts";
import * as testing from "../testing.ts";
import * as worker from "../worker.ts";
import { root } from "./support/hosts.ts";

/** The headings of a page that are a name. */
function namesOn(page: string, level: number): string[] {
  const text = readFileSync(join(root, "docs", page), "utf8");
  return [...text.matchAll(new RegExp(`^#{${level}} (.+)$`, "gm"))].map(([, name]) => name!);
}

test("the page of errors has every class of error that an entry point exports, and no other", () => {
  const classes = [mod, io, remote, testing, worker].flatMap((entry) =>
    Object.entries(entry as Record<string, unknown>).filter(([, value]) => isErrorClass(value)).map(([name]) => name)
  );
  const [ours = ""] = readFileSync(join(root, "docs/errors.md"), "utf8").split("\n## Errors that are not ours");
  const listed = [...ours.matchAll(/^### (\w+)$/gm)].map(([, name]) => name!);
  assertEquals(listed.toSorted(), [...new Set(classes)].toSorted());
  assert(listed.length >= 35, `${listed.length} classes`);
});

test("each error on its page says when it is thrown, why, and what to do", () => {
  const [ours = ""] = readFileSync(join(root, "docs/errors.md"), "utf8").split("\n## Reports without");
  const parts = ours.split(/^### /m).slice(1).map((part) => part.split(/^## /m)[0]!);
  const short = parts.filter((part) => !/^\*\*When\.\*\*[^]*^\*\*Why\.\*\*[^]*^\*\*What to do\.\*\*/m.test(part));
  assertEquals(short.map((part) => part.split("\n")[0]), []);
});

function isErrorClass(value: unknown): boolean {
  return typeof value === "function" && value.prototype instanceof Error;
}

test("the glossary has each word once, in order, and only words that the guide uses", () => {
  const words = namesOn("glossary.md", 3);
  assertEquals(words, [...new Set(words)].sort((a, b) => a.toLowerCase() < b.toLowerCase() ? -1 : 1));
  const guide = readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md") && name !== "glossary.md")
    .map((name) => readFileSync(join(root, "docs", name), "utf8")).join("\n").toLowerCase();
  assertEquals(words.filter((word) => !guide.includes(word.toLowerCase())), []);
  assert(words.length >= 50, `${words.length} words`);
});

test("what the glossary says of a word is short, and leads to where it is explained", () => {
  const parts = readFileSync(join(root, "docs/glossary.md"), "utf8").split(/^### /m).slice(1);
  const poor = parts.filter((part) => !/\]\([\w.#-]+\)/.test(part) || part.split(/\s+/).length > 60);
  assertEquals(poor.map((part) => part.split("\n")[0]), []);
});
