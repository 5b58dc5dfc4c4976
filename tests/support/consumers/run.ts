/**
 * Runs the consumers of the package, which has to be packed: `npm test -- consumers`, or `npm run consumers -- PROJECT...`.
 *
 * @module
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { root } from "../hosts.ts";
import { bringNode26 } from "../runner/host_runs.ts";
import type { Project } from "./consumer.ts";
import { projects } from "./list/mod.ts";
import { type ConsumerResult, runProject } from "./project.ts";
import { nodeBetween } from "./steps.ts";
import { differences, tableOf } from "./table.ts";

try {
  process.exit(await runConsumers(process.argv.slice(2)) ? 0 : 1);
} catch (error) {
  console.error(`consumers: ${(error as Error).message}`);
  process.exit(2);
}

/** Runs the consumers of the projects that are named, or all; has all passed, and does the guide say so? */
async function runConsumers(names: readonly string[]): Promise<boolean> {
  const chosen = names.length === 0 ? projects : projects.filter(({ folder }) => names.includes(folder));
  const unknown = names.filter((name) => !projects.some(({ folder }) => folder === name));
  if (unknown.length > 0) throw new Error(`No consumer is in tests/consumers/${unknown.join(", ")}`);
  const tarball = packed();
  bringNode26();
  bringNodes();
  const results = new Map<Project, ConsumerResult[]>(chosen.map((project) => [project, []]));
  // Those that take longest are begun first, so that none of them is alone at the end.
  const waiting = [...chosen].sort((a, b) => weight(b) - weight(a));
  const lane = async (): Promise<void> => {
    for (let project = waiting.shift(); project !== undefined; project = waiting.shift()) {
      const own = results.get(project)!;
      await runProject(project, tarball, (result) => {
        own.push(result);
        const { consumer, seconds, failure } = result;
        console.log(`consumers: ${consumer.name}: ${failure === "" ? "ok" : "FAILED"} (${seconds.toFixed(1)} s)`);
        if (failure !== "") console.log(failure);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, lane));
  const all = [...results.values()].flat();
  const failed = all.filter(({ failure }) => failure !== "");
  const rows = all.filter(({ consumer }) => !consumer.isCheck).map(({ consumer, outcomes }) => ({
    name: consumer.name,
    outcomes,
  }));
  console.log(tableOf(rows).join("\n"));
  const page = readFileSync(join(root, "docs/platforms.md"), "utf8");
  const wrong = differences(page, rows, names.length === 0);
  if (wrong.length > 0) console.log(`consumers: docs/platforms.md has another table, in ${wrong.join(", ")}`);
  console.log(`consumers: ${all.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 && wrong.length === 0;
}

function weight({ isSlow = false, consumers }: Project): number {
  return consumers.flatMap(({ runs }) => runs).length + (isSlow ? 100 : 0);
}

/** The tarball that the check "pack" has made. */
function packed(): string {
  const folder = join(root, "dist");
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".tgz")) : [];
  if (names.length === 1) return join(folder, names[0]!);
  throw new Error(`dist/ has ${names.length} packages where there has to be one: \`npm run pack\` makes it`);
}

/** Brings the releases of Node between those of the matrix, on first need. */
function bringNodes(): void {
  const cwd = join(root, "tests/consumers/nodes");
  if ([22, 24].every((major) => existsSync(nodeBetween(major)))) return;
  console.log("consumers: fetching Node 22 and 24 once (tests/consumers/nodes)");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund"], { cwd, stdio: "inherit" });
  if (status !== 0) throw new Error(`npm ci in tests/consumers/nodes ended with code ${status}`);
}
