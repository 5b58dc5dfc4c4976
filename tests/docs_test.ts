/** The blocks of the documentation run, on every runtime, and print what they say they print. */

import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { type DocBlock, writeDocBlocks } from "./support/doc_blocks.ts";
import { root } from "./support/hosts.ts";
import { withNats } from "./support/nats.ts";
import { passwords, securedConfig } from "./support/nats_secured.ts";
import { within } from "./support/within.ts";

const blocks = writeDocBlocks();

test("the documentation has blocks that run", () => {
  assert(blocks.filter(({ runs }) => runs).length >= 20, `there are ${blocks.length}`);
});

for (const block of blocks.filter(({ runs }) => runs)) {
  test(`the block at ${block.title} runs`, async () => {
    const printed: string[] = [];
    const { log } = console;
    const { exitCode } = process;
    console.log = (...values: unknown[]) => void printed.push(values.map(String).join(" "));
    const folder = process.cwd();
    process.chdir(root);
    try {
      await withServer(
        block,
        () => within(import(pathToFileURL(block.file).href), "the program has ended"),
      );
    } finally {
      console.log = log;
      process.chdir(folder);
    }
    assertEquals(process.exitCode, exitCode, "the exit code has been changed");
    if (block.prints.length > 0) assertEquals(printed, [...block.prints]);
  });
}

/** Calls `body` while the server that a block calls is there, named in the environment. */
async function withServer({ nats }: DocBlock, body: () => Promise<void>): Promise<void> {
  if (nats === undefined) return await body();
  const before = { ...process.env };
  await withNats(async (server) => {
    const secured = { NATS_CA: join(server.folder, "server.pem"), ...passwords };
    Object.assign(process.env, { NATS_URL: server.url, ...nats === "secured" && secured });
    try {
      await body();
    } finally {
      for (const name of ["NATS_URL", ...Object.keys(secured)]) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  }, nats === "secured" ? securedConfig : undefined);
}
