/**
 * The pages of the guide as a site has them: copied, with links that lead somewhere on it.
 *
 * @module
 */

import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, extname, join, posix } from "node:path";
import { root } from "../../tests/support/hosts.ts";

/** What browsers show as it is; other files are shown as text. */
const shown: ReadonlySet<string> = new Set([".html", ".svg", ".png"]);

/** Pages that are beside the guide in the repository, and beside it on the site. */
const beside: Record<string, string> = {
  "ARCHITECTURE.md": "architecture.md",
  "CHANGELOG.md": "changelog.md",
  "CONTRIBUTING.md": "contributing.md",
  "README.md": "tour.md",
  "SECURITY.md": "security-policy.md",
};

/** A page of the table of contents. */
export interface Page {
  readonly title: string;
  /** Where it is, such as "testing.md". */
  readonly path: string;
  /** What is said of it there. */
  readonly says: string;
}

/** A part of the table of contents. */
export interface Part {
  readonly title: string;
  readonly pages: readonly Page[];
}

/** The table of contents: that of `docs/README.md`, which is for people who read the repository. */
export function contents(): Part[] {
  const text = readFileSync(join(root, "docs/README.md"), "utf8");
  return text.split(/^## /m).slice(1).map((part) => {
    const [title = "", ...lines] = part.split("\n");
    const pages = lines.join("\n").split(/^- /m).slice(1).flatMap((item) => {
      const [, name = "", path = "", says = ""] = /^\[([^\]]+)\]\(([^)]+)\)[:.]?\s*([^]*)$/.exec(item) ?? [];
      return path === "" ? [] : [{ title: name, path: path.replace(/^\.\.\//, ""), says: oneLine(says) }];
    });
    return { title, pages };
  });
}

/** Writes all pages into a folder, with the pictures that they show beside them. */
export function writePages(folder: string): void {
  const docs = join(root, "docs");
  for (const name of readdirSync(docs, { recursive: true, encoding: "utf8" })) {
    if (name.endsWith(".md") && name !== "README.md") writePage(folder, `docs/${name}`, name);
    else if (name.endsWith(".svg") || name.endsWith(".png")) cpSync(join(docs, name), join(folder, name));
  }
  for (const [from, to] of Object.entries(beside)) writePage(folder, from, to);
  writePage(folder, "docs/README.md", "guide.md");
}

function writePage(folder: string, from: string, to: string): void {
  const text = readFileSync(join(root, from), "utf8");
  mkdirSync(dirname(join(folder, to)), { recursive: true });
  writeFileSync(join(folder, to), inSite(text, from, to, folder));
}

/** The text of a page with its links turned: to pages, to whole pages of others, to files of the repository as text. */
function inSite(text: string, from: string, to: string, folder: string): string {
  // What is in a program may look like a link, and is to stay as it is.
  const parts = text.split(/^(```[^]*?^```$)/m);
  return parts.map((part) => part.startsWith("```") ? part : withLinks(part, from, to, folder)).join("");
}

function withLinks(text: string, from: string, to: string, folder: string): string {
  const links = /(!?\[[^\]]*\]\(|^\[[^\]]+\]: )((?!https?:|mailto:|#)[^)\s]+)/gm;
  return text.replace(links, (_, before: string, link: string) => {
    const [path = "", anchor] = link.split("#");
    const target = posix.normalize(posix.join(posix.dirname(from), path));
    const place = before.startsWith("!") ? fromPage(to, target.slice("docs/".length)) : placeOf(target, to, folder);
    return `${before}${place}${anchor === undefined ? "" : `#${anchor}`}`;
  });
}

function placeOf(target: string, to: string, folder: string): string {
  const page = beside[target] ?? (target === "docs/README.md" ? "guide.md" : undefined);
  if (page !== undefined) return fromPage(to, page);
  if (target.startsWith("docs/")) {
    const path = target.slice("docs/".length);
    return path.endsWith(".md") ? fromPage(to, path) : asItIs(target, folder, path);
  }
  return textOf(target, folder);
}

/** A path as a page links to it. */
function fromPage(page: string, path: string): string {
  const found = posix.relative(posix.dirname(page), path);
  return found.startsWith(".") ? found : `./${found}`;
}

/** Something beside the pages that a browser is sent to. */
function asItIs(target: string, folder: string, path: string): string {
  if (!shown.has(extname(path))) return textOf(target, folder);
  mkdirSync(dirname(join(folder, "public", path)), { recursive: true });
  copyFileSync(join(root, target), join(folder, "public", path));
  return `/${path}`;
}

/** A file of the repository that a page names, as text; of a folder, its list. */
function textOf(target: string, folder: string): string {
  const path = join(root, target);
  if (!existsSync(path)) throw new Error(`A page links to ${target}, which is not there`);
  const isFolder = statSync(path).isDirectory();
  const place = `source/${target.replace(/\/$/, "")}${isFolder ? "/index" : ""}.txt`;
  mkdirSync(dirname(join(folder, "public", place)), { recursive: true });
  const text = isFolder ? `${readdirSync(path).sort().join("\n")}\n` : readFileSync(path, "utf8");
  writeFileSync(join(folder, "public", place), text);
  return `/${place}`;
}

/** The sources that the reference names, as text. */
export function writeSources(folder: string): void {
  for (const path of filesBelow(join(folder, "reference"))) {
    if (!path.endsWith(".md")) continue;
    for (const [, target] of readFileSync(path, "utf8").matchAll(/\(\/source\/([^)]+)\.txt\)/g)) {
      textOf(target!.replaceAll("\\", ""), folder);
    }
  }
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}

/** Where a page of the site is, from the root of it. */
export function addressOf(page: Page): string {
  const path = beside[page.path] ?? page.path;
  return `/${path.replace(/\.md$/, "")}`;
}
