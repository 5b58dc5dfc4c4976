/** The site. What is on it is made by `npm run docs`. */

import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

interface Part {
  readonly title: string;
  readonly pages: readonly { readonly title: string; readonly path: string }[];
}

interface Named {
  readonly title: string;
  readonly path?: string | null;
  readonly children?: readonly Named[];
}

interface Item {
  text: string;
  link?: string;
  collapsed?: boolean;
  items?: Item[];
}

const read = (path: string): unknown => JSON.parse(readFileSync(new URL(`../pages/${path}`, import.meta.url), "utf8"));

const guide: Item[] = (read("contents.json") as Part[]).map(({ title, pages }) => ({
  text: title,
  items: pages.map(({ title, path }) => ({ text: title, link: path })),
}));

/** The rooms of each import, not their symbols: those would be in each of four hundred files. */
function reference(modules: readonly Named[]): Item[] {
  return modules.flatMap(({ title, path, children = [] }) => {
    const link = `/reference/${path!.replace(/index\.md$/, "")}`;
    // What is imported from below another import comes among its rooms.
    const below = children.filter(({ path }) => path?.endsWith("index.md"));
    const rooms = children.filter((child) => !below.includes(child));
    const items = rooms.map(({ title }) => ({ text: title, link: `${link}#${slugOf(title)}` }));
    const name = link.slice("/reference/".length, -1);
    return [{ text: `@millrace/${name}`, link, collapsed: title !== "millrace", items }, ...reference(below)];
  });
}

/** The anchor of a heading as GitHub names it: the pages are read there too. */
function slugOf(title: string): string {
  return title.trim().toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

export default defineConfig({
  title: "Millrace",
  description: "Structured tasks on the loop you already have, for Node, Deno and Bun",
  srcDir: "pages",
  outDir: "out",
  cleanUrls: false,
  lastUpdated: false,
  markdown: { anchor: { slugify: slugOf } },
  // Files that are handed on as they are, which VitePress knows nothing of.
  ignoreDeadLinks: [/^\/source\//, /\/report\.html?$/, /\/report$/],
  head: [["link", { rel: "icon", href: "/mark.svg", type: "image/svg+xml" }]],
  themeConfig: {
    logo: "/mark.svg",
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      { text: "Guide", link: "/getting-started", activeMatch: "^/(?!reference|$)" },
      { text: "Reference", link: "/reference/", activeMatch: "^/reference/" },
    ],
    sidebar: {
      "/reference/": reference(read("reference/navigation.json") as Named[]),
      "/": guide,
    },
    footer: { message: "MIT licence. The pages are those of the package, for tools too: llms.txt, llms-full.txt." },
  },
});
