/** The packages of NATS are not needed by those who do not use them. */

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { librarySources, runPlain, writeCompiled } from "../../../support/compiled.ts";
import { withFolder } from "../../../support/folder.ts";
import { root } from "../../../support/hosts.ts";

test("without the packages of NATS it says which one to install, and how", () =>
  withFolder(async (folder) => {
    // With a folder of packages beside it Bun does not install what is missing by itself.
    await mkdir(join(folder, "node_modules"));
    const sources = (await librarySources()).filter((source) => !/\/page\/|_page\.ts/.test(source));
    await writeCompiled(sources, folder);
    const main = join(folder, "main.mjs");
    await writeFile(
      main,
      `import { natsEngine } from "./io/remote/nats/nats_engine.js";
      console.log(await natsEngine().catch((error) => error.message));`,
    );
    assertEquals(await runPlain(main), [
      "A remote pool over NATS needs the package @nats-io/nats-core, which cannot be loaded: " +
      "npm install @nats-io/transport-node@3 @nats-io/nats-core@3 @nats-io/obj@3",
    ]);
  }));

test("only the room of NATS asks for its packages, and only on first use", async () => {
  const asking: string[] = [];
  for (const source of await librarySources()) {
    // Descriptions have programs of readers in them.
    const lines = (await readFile(join(root, source), "utf8")).split("\n").filter((line) => !/^ *\*/.test(line));
    const imports = lines.filter((line) => /(?:\bfrom|\bimport)\b.*["']@nats-io\//.test(line));
    asking.push(...imports.map((line) => `${source}: ${line.trim()}`));
  }
  assertEquals(asking.map((line) => line.replace(/.*\bimport\((?:\/\*.*?\*\/ )?("[^"]*")\).*/, "import($1)")), [
    'import("@nats-io/nats-core")',
    'import("@nats-io/obj")',
    'import("@nats-io/transport-node")',
  ]);
});
