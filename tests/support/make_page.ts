/**
 * Makes the texts of the inspector's page: its script and its style as a browser takes them, in a module that the server imports. A
 * server that would look for files beside the library's own would not find them in a bundle or a single executable.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import esbuild from "esbuild";
import { root } from "./hosts.ts";

/** The file with the texts. */
export const pageTextFile = "io/inspector/page_text.ts";

const folder = join(root, "io/inspector/page");

/** The file with the texts as it should be. */
export async function makePageText(): Promise<string> {
  const charts = join(root, "node_modules/uplot");
  const { version } = JSON.parse(readFileSync(join(charts, "package.json"), "utf8")) as { version: string };
  const notice = `The charts are drawn by uPlot ${version}, whose licence is:\n\n${
    textOf(join(charts, "LICENSE")).trim()
  }`;
  const script = await bundle("page.ts", `/*!\n${notice}\n*/`);
  const style = await bundle("page.css", "/* With the style of uPlot, whose licence is at the head of the script. */");
  await esbuild.stop();
  return `// deno-fmt-ignore-file
/**
 * The inspector's page as texts. Made by \`npm run bootstrap\`: do not edit.
 *
 * ${notice.replaceAll("\n", "\n * ").replace(/ +$/gm, "")}
 *
 * @module
 */

/** The page itself. */
export const pageHtml: string = ${JSON.stringify(textOf(join(folder, "index.html")))};

/** Its icon, in SVG: without one a browser asks for one elsewhere. */
export const pageIcon: string = ${JSON.stringify(textOf(join(folder, "page.svg")))};

/** Its script. */
export const pageScript: string = ${JSON.stringify(script)};

/** Its style. */
export const pageStyle: string = ${JSON.stringify(style)};
`;
}

async function bundle(entry: string, banner: string): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(folder, entry)],
    bundle: true,
    format: "esm",
    platform: "browser",
    minify: true,
    target: "es2022",
    banner: { js: banner, css: banner },
    legalComments: "none",
    write: false,
  });
  return outputFiles[0]!.text;
}

/** A text without what an editor of Windows puts at the ends of its lines. */
function textOf(file: string): string {
  return `${readFileSync(file, "utf8").replaceAll("\r\n", "\n").trim()}\n`;
}
