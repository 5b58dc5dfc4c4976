/** The files that the tutorial shows are those beside it, and the service that they make runs and ends as it says. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { serve, text } from "../io/mod.ts";
import { start } from "./support/child.ts";
import { root } from "./support/hosts.ts";

const folder = join(root, "docs/tutorial");
const pages = readdirSync(folder).filter((name) => name.endsWith(".md")).sort();
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

test("every file of the tutorial is shown on one of its pages as it is", () => {
  const shown = pages.flatMap((page) => {
    const text = readFileSync(join(folder, page), "utf8");
    return [...text.matchAll(/^```ts no-run\n\/\/ (\w+\.ts)\n([^]*?)^```$/gm)].map(([, name, code]) => ({
      name,
      code,
    }));
  });
  assertEquals(shown.map(({ name }) => name!).sort(), files.sort());
  for (const { name, code } of shown) assertEquals(code, readFileSync(join(folder, name!), "utf8"), name);
});

test("every program of the tutorial has at most sixty lines", () => {
  for (const page of pages) {
    for (const [, code] of readFileSync(join(folder, page), "utf8").matchAll(/^```ts(?: no-run)?\n([^]*?)^```$/gm)) {
      const lines = code!.split("\n").filter((line) => !line.startsWith("// -> ")).length;
      assert(lines <= 61, `${page} has a program of ${lines - 1} lines`);
    }
  }
});

test("the service of the tutorial answers what runs when SIGTERM comes, and exits with 143", async () => {
  const child = start(join(folder, "main.ts"), [], { env: { PORT: "0" } });
  const [, address] = await child.waitFor(/listening at (\S+)/);
  // Nothing is heard of the request before its site was asked, and that one answers only after the signal.
  let asked = (): void => {};
  const wasAsked = new Promise<void>((resolve) => asked = resolve);
  let answer = (_: Response): void => {};
  const site = await serve(() => {
    asked();
    return new Promise<Response>((resolve) => answer = resolve);
  });
  const response = fetch(new URL("/check", address), { method: "POST", body: site.url.href });
  await wasAsked;
  child.signal("SIGTERM");
  answer(text("hello"));
  assertEquals(await (await response).json(), { checked: 1, dead: [] });
  assertEquals((await child.ended).code, 143);
  await site.drain();
});
