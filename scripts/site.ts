/**
 * Makes the site of the guide: `npm run docs`, in `site/out`. With `--serve` it is served too, on a port of this machine.
 *
 * The pages are those of `docs/`, in the order of `docs/README.md`; the reference is made from the docstrings. VitePress fails where a link
 * leads nowhere.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "../tests/support/hosts.ts";
import { writeTexts } from "./site/texts.ts";
import { addressOf, contents, type Part, writePages, writeSources } from "./site/pages.ts";

const site = join(root, "site");
const pages = join(site, "pages");

const args = process.argv.slice(2);
const unknown = args.find((arg) => arg !== "--serve");
if (unknown !== undefined) {
  console.error(`npm run docs [-- --serve]: received ${JSON.stringify(unknown)}`);
  process.exit(2);
}

step("the packages", () => {
  if (!existsSync(join(site, "node_modules/vitepress"))) run("npm", ["ci", "--no-audit", "--no-fund"]);
});
step("the reference", () => {
  rmSync(pages, { recursive: true, force: true });
  mkdirSync(join(pages, "public"), { recursive: true });
  run(process.execPath, ["node_modules/typedoc/bin/typedoc", "--logLevel", "Error"]);
});
step("the pages", () => {
  writePages(pages);
  writeSources(pages);
  copyFileSync(join(site, "index.md"), join(pages, "index.md"));
  copyFileSync(join(site, "mark.svg"), join(pages, "public/mark.svg"));
  writeTexts(pages);
  writeFileSync(join(pages, "contents.json"), JSON.stringify(contents().map(linked)));
});
step("the site", () => run(process.execPath, ["node_modules/vitepress/bin/vitepress.js", "build"]));
console.log("docs: site/out/index.html");
if (args.includes("--serve")) {
  spawnSync(process.execPath, ["node_modules/vitepress/bin/vitepress.js", "preview"], { cwd: site, stdio: "inherit" });
}

/** A part with the places of its pages on the site. */
function linked({ title, pages }: Part): object {
  return { title, pages: pages.map((page) => ({ title: page.title, path: addressOf(page) })) };
}

function step(what: string, work: () => void): void {
  const started = performance.now();
  work();
  console.log(`docs: ${what}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** Runs a program in the folder of the site; what it prints is shown where it fails. */
function run(command: string, args: readonly string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: site, encoding: "utf8" });
  if (status === 0) return;
  console.error(error?.message ?? `${stdout}${stderr}`.trimEnd());
  process.exit(1);
}
