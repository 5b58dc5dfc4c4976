/** What is read of a consumer's output, and how the guide's table is compared with it. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { root } from "../hosts.ts";
import { features, outcomesOf } from "./features.ts";
import { projects } from "./list/mod.ts";
import { differences, tableOf } from "./table.ts";

const everything = outcomesOf(
  features.map((name) => `works: ${name}\n`).join("").replace(
    "works: watchdog",
    "The loop is stuck since 83 ms in task group > greedy#1",
  ),
);
const page = outcomesOf("works: group\nlacks: watchdog\nlacks: serve\n");

test("a feature has worked or said that it cannot where the output says so, and is unused elsewhere", () => {
  assertEquals([...new Set(Object.values(everything))], ["works"]);
  assertEquals([page.group, page.watchdog, page.serve, page.explore], ["works", "lacks", "lacks", "unused"]);
});

test("the watchdog has worked when it has named the task, not when it saw a loop stuck in something else", () => {
  assertEquals(outcomesOf("The loop is stuck since 83 ms in a callback of the host\n").watchdog, "unused");
});

const rows = [{ name: "Node, module", outcomes: everything }, { name: "Vite, page", outcomes: page }];
const told = ["# Platforms", "", ...tableOf(rows), "", "The end."].join("\n");

test("a table that says what was seen has no differences; some consumers may have been left out of the run", () => {
  assertEquals(differences(told, rows, true), []);
  assertEquals(differences(told, rows.slice(1), false), []);
});

test("a consumer that behaves otherwise, is not in the table, or is in it alone is a difference", () => {
  assertEquals(differences(told, [{ name: "Vite, page", outcomes: everything }], false), ["Vite, page"]);
  assertEquals(differences(told, [...rows, { name: "Bun", outcomes: everything }], true), ["Bun"]);
  assertEquals(differences(told, rows.slice(1), true), ["Node, module"]);
  assertEquals(differences("nothing", rows, true), ["Node, module", "Vite, page"]);
});

test("every consumer has its row on the page, in order, and no row is of none", () => {
  const text = readFileSync(join(root, "docs/platforms.md"), "utf8");
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith("| consumer "));
  const names = lines.slice(head + 2).filter((line) => line.startsWith("|")).map((line) => line.split("|")[1]!.trim());
  const consumers = projects.flatMap((project) => project.consumers).filter(({ isCheck }) => !isCheck);
  assertEquals(names, consumers.map(({ name }) => name));
});

test("every project has a manifest with exact versions, and a lock file without the package where it has tools", () => {
  const folders = projects.map(({ folder }) => folder);
  const there = readdirSync(join(root, "tests/consumers")).filter((name) => name !== "nodes");
  assertEquals(there.sort(), [...folders].sort());
  for (const folder of folders) {
    const read = (name: string) => readFileSync(join(root, "tests/consumers", folder, name), "utf8");
    const { dependencies = {}, devDependencies = {} } = JSON.parse(read("package.json"));
    const versions = Object.values({ ...dependencies, ...devDependencies }) as string[];
    assertEquals(versions.filter((version) => !/^(npm:(@[\w-]+\/)?[\w-]+@)?\d+\.\d+\.\d+$/.test(version)), [], folder);
    const hasLock = existsSync(join(root, "tests/consumers", folder, "package-lock.json"));
    assertEquals(hasLock, versions.length > 0, folder);
    if (hasLock) assertEquals(read("package-lock.json").includes("@millrace/millrace"), false, folder);
  }
});
