/** The flags of a process of Node, and what of them is there in the workers of its pools. */

import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { WorkerPool } from "../../../mod.ts";
import { run } from "../../support/child.ts";
import { errorOf, thrownBy } from "../../support/errors.ts";
import { hostOfThis } from "../../support/hosts.ts";

const place = (name: string): string => fileURLToPath(new URL(`./programs/flags/${name}`, import.meta.url));
const isNode = hostOfThis().startsWith("node");
const [module, required, file] = [place("preload.mjs"), place("preload.cjs"), place("flags.env")];

interface Found {
  execArgv: string[];
  preloaded: string;
  which: string;
  gc: string;
  frames: number;
  file: string;
  argv: string[];
}

/** What each spelling does in a worker, which cannot be told from its flags alone. */
const spellings: readonly [flags: string[], effect: Partial<Found>][] = [
  [["--import", module], { preloaded: "import " }],
  [[`--import=${module}`], { preloaded: "import " }],
  [["-r", required], { preloaded: "require " }],
  [["--require", required], { preloaded: "require " }],
  [[`--require=${required}`], { preloaded: "require " }],
  [["-C", "special"], { which: "special" }],
  [["--conditions", "special"], { which: "special" }],
  [["--conditions=special"], { which: "special" }],
  [["--env-file", file], {}],
];

/** The same together, since each takes a process, and beside flags that only a process can have. */
const processes: readonly [flags: string[], effect: Partial<Found>][] = [
  [["--import", module, "-r", required, "-C", "special"], { preloaded: "require import ", which: "special" }],
  [[`--import=${module}`, "--require", required, "--conditions", "special"], {
    preloaded: "require import ",
    which: "special",
  }],
  [[`--require=${required}`, "--conditions=special"], { preloaded: "require ", which: "special" }],
  [["--expose-gc", "--import", module, "--max-old-space-size=500"], { gc: "function", preloaded: "import " }],
  [["--stack-trace-limit=7", "-r", required, "-C", "special"], {
    frames: 7,
    preloaded: "require ",
    which: "special",
  }],
  [["--inspect=0", "--import", module], { preloaded: "import " }],
  [["--env-file", file], { file: "yes" }],
];

async function foundWith(flags: readonly string[], env: Record<string, string> = {}): Promise<Found> {
  const { stdout, stderr, code } = await run(place("program.ts"), [], { flags, env });
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout) as Found;
}

function pick(found: Found, effect: Partial<Found>): Partial<Found> {
  return Object.fromEntries(Object.keys(effect).map((key) => [key, found[key as keyof Found]]));
}

if (isNode) {
  test("what the flags of the process do is done in its workers too, in each spelling", async () => {
    for (const [flags, effect] of processes) {
      assertEquals(pick(await foundWith(flags), effect), effect, flags.join(" "));
    }
  });

  test("what the flags in execArgv do is done in the workers, in each spelling", async () => {
    for (const [execArgv, effect] of spellings) {
      const pool = new WorkerPool<{ found(): Found }>(new URL("./programs/flags/found.mjs", import.meta.url), {
        execArgv,
        argv: ["one"],
      });
      const found = await pool.run("found", []);
      await pool.close();
      assertEquals(pick(found, { ...effect, execArgv, argv: [] }), { ...effect, execArgv, argv: ["one"] });
    }
  });

  test("flags in execArgv that only a process can have are named by the error of the call", async () => {
    const pool = new WorkerPool<{ found(): Found }>(new URL("./programs/flags/found.mjs", import.meta.url), {
      execArgv: ["--import", module, "--expose-gc", "--title=x"],
    });
    const { message } = await errorOf(pool.run("found", [])) as Error;
    await pool.close();
    assertEquals(
      message,
      "Node accepts some flags for a whole process only, and not in execArgv: --expose-gc, --title=x",
    );
  });

  test("NODE_OPTIONS reaches the workers", async () => {
    const options = [
      `--import=${module}`,
      "--stack-trace-limit=7",
      "--conditions=special",
      process.env["NODE_OPTIONS"] ?? "",
    ];
    const found = await foundWith([], { NODE_OPTIONS: options.join(" ").trim() });
    assertEquals([found.preloaded, found.frames, found.which], ["import ", 7, "special"]);
  });

  test("a program that is given as an argument has workers with its other flags", async () => {
    const program = new URL("./programs/flags/program.ts", import.meta.url).href;
    for (const flags of [["-e"], ["--input-type=module", "--eval"]]) {
      const { stdout, stderr } = await run(`import(${JSON.stringify(program)})`, [], {
        flags: ["--import", module, ...flags],
      });
      assertEquals((JSON.parse(stdout || stderr) as Found).preloaded, "import ");
    }
  });
} else {
  test("execArgv is refused, or shown to the workers and no more", async () => {
    const begin = (): WorkerPool<{ found(): Found }> =>
      new WorkerPool(new URL("./programs/flags/found.mjs", import.meta.url), { execArgv: ["--import", module] });
    if (hostOfThis() === "deno") return assertInstanceOf(thrownBy(begin), TypeError);
    const pool = begin();
    const { execArgv, preloaded } = await pool.run("found", []);
    await pool.close();
    assertEquals([execArgv, preloaded], [["--import", module], ""]);
  });
}
