/**
 * Makes the texts that threads are started from, and those of the inspector's page: `npm run bootstrap`, after every change of the
 * worker's side, of the watchdog's thread or of the page. A thread that would look for a file beside the library's own would not find it in a bundle, a trace or a single executable.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import esbuild from "esbuild";
import { threadName } from "../../scheduler/workers/wire/error_codec.ts";
import { root } from "./hosts.ts";
import { makePageText, pageTextFile } from "./make_page.ts";

/** A thread, and the file with its text. */
interface ThreadText {
  readonly entry: string;
  readonly file: string;
  /** What the text is, and the name it is exported by. */
  readonly says: string;
  readonly name: string;
}

/** The threads that the library starts. */
export const threadTexts: readonly ThreadText[] = [
  {
    entry: "scheduler/workers/thread/worker_entry.ts",
    file: "scheduler/workers/thread/bootstrap.ts",
    says: "The worker's side as a text",
    name: "bootstrap",
  },
  {
    entry: "runtime/monitor/watchdog_thread.ts",
    file: "runtime/monitor/watchdog_text.ts",
    says: "The watchdog's thread as a text",
    name: "watchdogText",
  },
];

/** The file of a thread's text as it should be. */
export async function makeText({ entry, says, name }: ThreadText): Promise<string> {
  const { outputFiles } = await esbuild.build({
    entryPoints: [join(root, entry)],
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    write: false,
  });
  await esbuild.stop();
  // By this name V8 shows the text in stacks; by its URL, in each frame all of it, the stack of an error would take half a millisecond.
  const named = `${outputFiles[0]!.text.trimEnd()}\n//# sourceURL=${threadName}\n`;
  const text = Buffer.from(named).toString("base64");
  return `/**
 * ${says}. Made by \`npm run bootstrap\`: do not edit.
 *
 * @module
 */

/** The text, as a URL. */
export const ${name}: string =
  "data:text/javascript;base64,${text}";
`;
}

if (process.argv[1]?.endsWith("make_bootstrap.ts")) {
  const texts = threadTexts.map((thread) => ({ file: thread.file, make: () => makeText(thread) }));
  for (const { file: path, make } of [...texts, { file: pageTextFile, make: makePageText }]) {
    const file = join(root, path);
    const text = await make();
    let before: string | undefined;
    try {
      before = readFileSync(file, "utf8");
    } catch {
      // There is none yet.
    }
    if (before !== text) writeFileSync(file, text);
  }
}
