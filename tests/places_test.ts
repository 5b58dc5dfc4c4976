/** Places that errors name: they are the user's, whatever form the library has and wherever it lies. */

import { cp, mkdir, readFile, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assert, assertEquals, assertMatch } from "@std/assert";
import esbuild from "esbuild";
import { run } from "./support/child.ts";
import { librarySources, runPlain, writeCompiled } from "./support/compiled.ts";
import { withFolder } from "./support/folder.ts";
import { hostOfThis, root } from "./support/hosts.ts";

const program = "tests/scheduler/programs/places";

/** A name whose letters and signs a URL has to encode, or that mean something else in a line of a stack. */
const oddName = "ein Ordner ü (1) #100% a%20b [x]+";

/** What the program prints. */
interface Places {
  teardown: string | undefined;
  teardownMessage: string;
  simulated: string[];
  explored: string[];
  exploredStack: string;
  call: string;
}

/** Runs the program as TypeScript, where it lies below a root. */
async function placesBelow(folder: string): Promise<Places> {
  const tasks = pathToFileURL(join(folder, program, "tasks.ts")).href;
  const { code, stdout, stderr } = await run(join(folder, program, "main.ts"), [tasks]);
  assertEquals([code, stderr], [0, ""]);
  return JSON.parse(stdout);
}

/** Runs the program as JavaScript. */
async function placesOf(main: string, tasks: string): Promise<Places> {
  const lines = await runPlain(main, pathToFileURL(tasks).href);
  return JSON.parse(lines.join("\n"));
}

/** The frames of a stack that are of files, and not of the host. */
function filesOf(stack: string): string[] {
  return stack.split("\n").filter((line) => /:\d+:\d+\)?$/.test(line) && !/\b(?:node|ext|native|internal):/.test(line));
}

/** The worker's frames of the failed call, and those of its caller. */
function partsOf(call: string): [workers: string, callers: string] {
  const [workers, callers, ...rest] = call.split("\n    -- called from --\n");
  assertEquals(rest, []);
  assert(callers !== undefined, call);
  return [workers!, callers];
}

/** Each place has to be that of the program's helper that has made the call. */
function checkPlaces({ teardown, teardownMessage, simulated, explored, exploredStack, call }: Places): void {
  assertMatch(teardown ?? "", /^at spawnStubborn \(.*main\.[jt]s:\d+:\d+\)$/);
  assert(teardownMessage.includes(`spawned ${teardown}`), teardownMessage);
  for (const leaks of [simulated, explored]) {
    assertEquals(leaks.length, 2);
    assertMatch(leaks[0]!, /^the timer .* \(made at setForgotten \(.*main\.[jt]s:\d+:\d+\)\)$/);
    assertMatch(leaks[1]!, /^the operation io, unfinished \(made at askUnnamed \(.*main\.[jt]s:\d+:\d+\)\)$/);
  }
  // On Deno the stack of a failure stays as it was made.
  if (hostOfThis() !== "deno") assertMatch(filesOf(exploredStack)[0]!, /exploreLeaks \(.*main\.[jt]s/);
  const [workers, callers] = partsOf(call);
  assertMatch(filesOf(workers)[0]!, /throws \(.*tasks\.[jt]s/);
  assertEquals(filesOf(workers).filter((line) => !/tasks\.[jt]s:/.test(line)), []);
  assertMatch(filesOf(callers)[0]!, /failingCall \(.*main\.[jt]s/);
  assertEquals(filesOf(callers).filter((line) => !/main\.[jt]s:/.test(line)), []);
}

/** In a bundle no single place is told, for none is known to be the user's, and the stacks lack nothing. */
function checkBundled({ teardown, teardownMessage, simulated, explored, exploredStack, call }: Places): void {
  assertEquals(teardown, undefined);
  assert(teardownMessage.includes("stubborn#1") && !teardownMessage.includes(", spawned"), teardownMessage);
  for (const leaks of [simulated, explored]) {
    assertEquals(leaks.map((leak) => leak.replace(/\d+/g, "")), [
      "the timer setTimeout(), due at  ms",
      "the operation io, unfinished",
    ]);
  }
  if (hostOfThis() !== "deno") assertMatch(exploredStack, /exploreLeaks \(/);
  const [workers, callers] = partsOf(call);
  assertMatch(filesOf(workers)[0]!, /throws \(.*tasks\.m?js/);
  assertMatch(callers, /failingCall \(/);
}

test("the places that errors name are those of the user's helpers: in a checkout, whose tests are not its own", async () => {
  checkPlaces(await placesBelow(root));
});

test("the places that errors name are those of the user's helpers: in a folder whose name a URL encodes", async () => {
  await withFolder(async (folder) => {
    const copy = join(folder, oddName);
    await mkdir(copy);
    await writeFile(join(copy, "package.json"), `{ "type": "module" }`);
    for (const name of ["mod.ts", "worker.ts", "remote.ts", "testing.ts", "runtime", "scheduler", "io", program]) {
      await cp(join(root, name), join(copy, name), { recursive: true });
    }
    // Node 20 loads the worker's TypeScript by tsx.
    await symlink(join(root, "node_modules"), join(copy, "node_modules"), "junction");
    checkPlaces(await placesBelow(copy));
  });
});

test("the places that errors name are those of the user's helpers: with the library as an installed package", async () => {
  await withFolder(async (folder) => {
    const app = join(folder, oddName);
    const installed = join(app, "node_modules/@millrace/millrace");
    await writeCompiled(await librarySources(), installed);
    const exports = { ".": "./mod.js", "./testing": "./testing.js" };
    await writeFile(
      join(installed, "package.json"),
      JSON.stringify({ name: "@millrace/millrace", version: "0.1.0", type: "module", exports }),
    );
    await writeFile(
      join(app, "package.json"),
      JSON.stringify({ type: "module", dependencies: { "@millrace/millrace": "0.1.0" } }),
    );
    // The user's code has a folder of the same name as one of the library's.
    await writeCompiled([`${program}/main.ts`, `${program}/tasks.ts`], app);
    await rename(join(app, "tests/scheduler"), join(app, "scheduler"));
    const own = join(app, "scheduler/programs/places");
    const code = await readFile(join(own, "main.js"), "utf8");
    await writeFile(
      join(own, "main.js"),
      code.replace(/"[./]+\/mod\.js"/, `"@millrace/millrace"`)
        .replace(/"[./]+\/testing\.js"/, `"@millrace/millrace/testing"`),
    );
    checkPlaces(await placesOf(join(own, "main.js"), join(own, "tasks.js")));
  });
});

for (const [format, ending] of [["esm", "mjs"], ["cjs", "cjs"]] as const) {
  test(`in a bundle (${format}) no place of the library's is told as the user's, and nothing fails for want of one`, async () => {
    await withFolder(async (folder) => {
      const settings = {
        bundle: true,
        platform: "node",
        logLevel: "error",
        logOverride: { "empty-import-meta": "silent" },
      } as const;
      const [main, tasks] = [join(folder, `main.${ending}`), join(folder, "tasks.mjs")];
      await esbuild.build({ ...settings, entryPoints: [join(root, program, "main.ts")], format, outfile: main });
      await esbuild.build({
        ...settings,
        entryPoints: [join(root, program, "tasks.ts")],
        format: "esm",
        outfile: tasks,
      });
      await esbuild.stop();
      checkBundled(await placesOf(main, tasks));
    });
  });
}
