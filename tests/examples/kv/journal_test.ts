/** The journal on a real folder, and what is left of one in a simulation. */

import fs from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Journal, parse } from "../../../examples/kv/journal.ts";
import { simulate } from "../../../testing.ts";
import { withFolder } from "../../support/folder.ts";

/** Writes a journal, and answers with what was in it before. */
async function append(folder: string, records: readonly unknown[]): Promise<readonly unknown[]> {
  const journal = await Journal.open(folder, "log");
  await journal.write(records);
  await journal.sync();
  await journal.close();
  return journal.records;
}

test("a journal that is opened again has all records in their order", async () => {
  await withFolder(async (folder) => {
    const inner = join(folder, "made", "anew");
    assertEquals(await append(inner, [1, { a: "ä\n" }]), []);
    assertEquals(await append(inner, ["three"]), [1, { a: "ä\n" }]);
    assertEquals(await append(inner, []), [1, { a: "ä\n" }, "three"]);
  });
});

test("a line that was not written whole ends a journal, and the next record comes in its place", async () => {
  await withFolder(async (folder) => {
    await append(folder, [1, 2]);
    await append(folder, ["torn"]);
    const path = join(folder, "log");
    const text = await fs.readFile(path, "utf8");
    await fs.writeFile(path, text.slice(0, -3));
    assertEquals(await append(folder, [3]), [1, 2]);
    assertEquals(await append(folder, []), [1, 2, 3]);
  });
});

test("of a journal that is cut anywhere, or has zeros somewhere, the whole records before that are read", async () => {
  let text = "";
  await withFolder(async (folder) => {
    await append(folder, [{ index: 1 }, { index: 2 }, { index: 3 }, { index: 4 }]);
    text = await fs.readFile(join(folder, "log"), "utf8");
  });
  const all = parse(text);
  fc.assert(fc.property(fc.nat(text.length - 1), fc.boolean(), (at, isCut) => {
    const damaged = text.slice(0, at) + (isCut ? "" : "\0" + text.slice(at + 1));
    const whole = text.slice(0, at).split("\n").length - 1;
    assertEquals(parse(damaged), all.slice(0, whole));
  }));
});

test("a loss of power takes what was not synced, and nothing else", async () => {
  const found = await simulate(async (sim) => {
    const lives: (readonly unknown[])[] = [];
    let written!: () => void;
    const machine = sim.machine("db", async () => {
      const journal = await Journal.open<string>("/data/inner", "log");
      lives.push(journal.records);
      await journal.write([`synced ${lives.length}`]);
      await journal.sync();
      await journal.write([`not synced ${lives.length}`]);
      written();
      await new Promise(() => {});
    });
    for (let life = 1; life <= 4; life++) {
      await new Promise<void>((resolve) => written = resolve);
      machine.kill({ power: true });
      if (life < 4) machine.restart();
    }
    return lives;
  });
  assertEquals(found, [[], ["synced 1"], ["synced 1", "synced 2"], ["synced 1", "synced 2", "synced 3"]]);
});
