/** The links of the documentation lead somewhere. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { root } from "./support/hosts.ts";

/** The anchors that the headings of a page make, in the way of code hosts. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

/** The pages below `docs`, by their paths in it. */
function guidePages(): string[] {
  const names = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  return names.map((name) => name.replaceAll("\\", "/")).filter((name) => name.endsWith(".md")).sort();
}

test("every link to a file or a heading leads to one that is there", () => {
  const guide = guidePages().map((name) => `docs/${name}`);
  const pages = ["README.md", "CHANGELOG.md", "ARCHITECTURE.md", "CONTRIBUTING.md", ...guide];
  const broken: string[] = [];
  let links = 0;
  for (const page of pages) {
    const text = readFileSync(join(root, page), "utf8").replace(/^```[^]*?^```/gm, "");
    for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      links++;
      const [path, anchor] = target!.split("#");
      const file = path === "" ? join(root, page) : join(root, dirname(page), path!);
      if (!existsSync(file)) broken.push(`${page}: ${target}`);
      else if (anchor !== undefined && !anchorsOf(readFileSync(file, "utf8")).includes(anchor)) {
        broken.push(`${page}: ${target}`);
      }
    }
  }
  assertEquals(broken, []);
  assert(links >= 5, `there are ${links}`);
});

test("every page of the guide is in its index", () => {
  const index = readFileSync(join(root, "docs/README.md"), "utf8");
  for (const name of guidePages()) {
    if (name !== "README.md") assert(index.includes(`](${name})`), `${name} is missing`);
  }
});
