/** Pools in bundles, and in JavaScript that was compiled: their workers are found, and know what they should. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import esbuild from "esbuild";
import { threadName } from "../../../../scheduler/workers/wire/error_codec.ts";
import { librarySources, runPlain, writeCompiled } from "../../../support/compiled.ts";
import { root } from "../../../support/hosts.ts";
import { makeText, threadTexts } from "../../../support/make_bootstrap.ts";

const folder = join(root, "tests/scheduler/workers/programs/bundle");

/** Gives a folder, with the mark that its `.js` files are modules, that is there as long as `body` runs. */
async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const made = await mkdtemp(join(tmpdir(), "millrace-bundle-"));
  try {
    await writeFile(join(made, "package.json"), `{ "type": "module" }`);
    await body(made);
  } finally {
    await rm(made, { recursive: true });
  }
}

const plain = `export function name() { return "plain"; }\n`;

/** What the program prints, wherever its files lie. */
function check([first, ...stack]: string[]): void {
  assertEquals(JSON.parse(first!), {
    spinning: "stopped",
    convert: 15,
    zeros: 16,
    map: [3, 6, 9],
    plain: "plain",
    values: [0, 1, 4, 9],
    seen: 1,
    isRangeError: true,
  });
  const text = stack.join("\n");
  assert(text.includes("failsHere") && text.includes("-- called from --"), text);
  assert(!text.includes("base64") && !text.includes(threadName), text);
}

for (const thread of threadTexts) {
  test(`the text of ${thread.file} is made from its thread as it is: npm run bootstrap`, async () => {
    assertEquals(await readFile(join(root, thread.file), "utf8") === await makeText(thread), true);
  });
}

for (const minify of [false, true]) {
  test(`a program and its worker module, each in a bundle of its own${minify ? ", minified" : ""}`, async () => {
    await withFolder(async (outdir) => {
      await esbuild.build({
        entryPoints: [join(folder, "main.ts"), join(folder, "tasks.ts")],
        bundle: true,
        format: "esm",
        platform: "node",
        // A name is part of a stack, and of what the test looks for.
        minifySyntax: minify,
        minifyWhitespace: minify,
        outdir,
      });
      await esbuild.stop();
      await writeFile(join(outdir, "plain.js"), plain);
      check(await runPlain(join(outdir, "main.js")));
    });
  });
}

test("a program and the library as compiled JavaScript, file by file", async () => {
  await withFolder(async (outdir) => {
    const program = "tests/scheduler/workers/programs/bundle";
    await writeCompiled([...await librarySources(), `${program}/main.ts`, `${program}/tasks.ts`], outdir);
    await writeFile(join(outdir, program, "plain.js"), plain);
    check(await runPlain(join(outdir, program, "main.js")));
  });
});
