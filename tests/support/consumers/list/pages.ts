/**
 * Bundlers for browsers and servers: the pages run in Chromium.
 *
 * @module
 */

import type { Project } from "../consumer.ts";
import { pageFrom, pageOf } from "../in_page.ts";
import { command } from "../steps.ts";

/** Vite. */
export const vite: Project = {
  folder: "vite",
  program: { src: ["ts"] },
  consumers: [
    { name: "Vite, Chromium, isolated", builds: [command("vite build --logLevel=warn")], runs: [pageOf("dist", true)] },
    { name: "Vite, Chromium, not isolated", runs: [pageOf("dist", false)] },
    {
      name: "Vite's server, Chromium, isolated",
      runs: [pageFrom("node_modules/vite/bin/vite.js", "--host=127.0.0.1", "--port=0")],
    },
    {
      name: "Vite SSR, external",
      builds: [command("vite build -c vite.ssr.config.js --logLevel=warn", { env: { OUT: "external" } })],
      runs: ["node20", "node26"].map((node) => command(`${node} external/main.js`)),
    },
    {
      name: "Vite SSR, bundled",
      builds: [
        command("vite build -c vite.ssr.config.js --mode bundled --logLevel=warn", { env: { OUT: "{elsewhere}/ssr" } }),
        command("cp package.json {elsewhere}/ssr/package.json"),
      ],
      runs: ["node20", "node26"].map((node) => command(`${node} {elsewhere}/ssr/main.js`)),
    },
  ],
};

/** webpack: a browser's and a server's output. */
export const webpack: Project = {
  folder: "webpack",
  program: { src: ["js"] },
  consumers: [
    {
      name: "webpack, Chromium, isolated",
      builds: [command("webpack --fail-on-warnings --config-name web --env elsewhere={elsewhere}")],
      runs: [pageOf("page", true)],
    },
    { name: "webpack, Chromium, not isolated", runs: [pageOf("page", false)] },
    {
      name: "webpack, module",
      builds: [command("webpack --fail-on-warnings --config-name module --env elsewhere={elsewhere}")],
      runs: ["node20", "node26"].map((node) => command(`${node} {elsewhere}/module/main.mjs`)),
    },
    {
      name: "webpack, CommonJS",
      builds: [command("webpack --fail-on-warnings --config-name commonjs --env elsewhere={elsewhere}")],
      runs: ["node20", "node26"].map((node) => command(`${node} {elsewhere}/commonjs/main.cjs`)),
    },
  ],
};
