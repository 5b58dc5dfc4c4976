/**
 * `npm run fuzz`: hostile connections against `serve`. `npm run fuzz -- --help` tells what it takes.
 *
 * @module
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { executableOf, type MatrixHost, root } from "../hosts.ts";
import { Alone } from "./batch.ts";
import { breakages, breakInto } from "./broken.ts";
import { readCase, shown } from "./corpus.ts";
import { fuzz } from "./fuzz.ts";
import { caseOf } from "./generate.ts";

const help = `npm run fuzz [-- OPTION...]   Hostile connections against serve, in a server process on each host.

  --host HOST    node, node26, deno or bun; may be given several times. Default: all
  --cases N      connections a host, after those of the corpus. Default: 10000
  --seed N       what decides them. Default: 1
  --faults N     ends a host after so many faults. Default: 5
  --case CASE    one case alone, with what it sends: its seed, or its file in tests/support/fuzz/corpus
  --broken NAME  breaks the server on purpose, as broken.ts says, and wants it found; "all" tries each
  --no-keep      does not make cases small and keep them in tests/support/fuzz/corpus

The exit code is 0 if all is as it has to be, and 1 if not.`;

const hosts: readonly MatrixHost[] = ["node", "node26", "deno", "bun"];

function optionsOf(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      host: { type: "string", multiple: true, default: [...hosts] },
      cases: { type: "string", default: "10000" },
      seed: { type: "string", default: "1" },
      faults: { type: "string", default: "5" },
      case: { type: "string" },
      broken: { type: "string" },
      "no-keep": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  for (const host of values.host) {
    if (!(hosts as readonly string[]).includes(host)) throw new Error(`There is no host ${host}`);
    if (executableOf(host as MatrixHost) === undefined) throw new Error(`${host} is not there`);
  }
  const number = (name: "cases" | "seed" | "faults"): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} is a whole number: received ${values[name]}`);
    return value;
  };
  return {
    hosts: values.host as MatrixHost[],
    cases: number("cases"),
    seed: number("seed"),
    faults: number("faults"),
    only: values.case,
    broken: breakages.filter(({ name }) => name === values.broken || values.broken === "all"),
    proves: values.broken !== undefined,
    keeps: !values["no-keep"],
    help: values.help,
  };
}

type Options = ReturnType<typeof optionsOf>;

/** Plays one case, and shows it; is all well? */
async function runOne(host: MatrixHost, name: string): Promise<boolean> {
  const one = /^\d+$/.test(name) ? caseOf(Number(name)) : readCase(name);
  const alone = new Alone(host, root);
  const faults = await alone.faultsOf(one);
  await alone.stop();
  console.log([`${host}:`, ...shown(one)].join("\n"));
  for (const { what, details } of faults) console.log(`${what}\n  ${details}`);
  return faults.length === 0;
}

/** Are the faults found that are put into a copy of the server? */
async function findsBroken(host: MatrixHost, { broken, cases, seed }: Options): Promise<boolean> {
  if (broken.length === 0) throw new Error("There is no fault of that name in broken.ts");
  let isWell = true;
  for (const breakage of broken) {
    const folder = mkdtempSync(join(tmpdir(), "millrace-fuzz-"));
    try {
      breakInto(folder, breakage);
      const { reports, progress } = await fuzz({
        ...{ host, cases, seed, folder, only: breakage.fault },
        ...{ keeps: false, withCorpus: false },
      });
      const isFound = reports.length > 0;
      const after = `${isFound ? "found within" : "NOT FOUND in"} ${progress.cases} cases`;
      console.log(`${host}: ${breakage.name}: ${after}\n${reports.join("\n")}`);
      isWell &&= isFound;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return isWell;
}

async function runHost(host: MatrixHost, options: Options): Promise<boolean> {
  const { only, proves, cases, seed, faults, keeps } = options;
  if (only !== undefined) return await runOne(host, only);
  if (proves) return await findsBroken(host, options);
  return (await fuzz({ host, cases, seed, faults, keeps, say: console.log })).reports.length === 0;
}

try {
  const options = optionsOf(process.argv.slice(2));
  let isWell = true;
  if (options.help) console.log(help);
  else for (const host of options.hosts) isWell = await runHost(host, options) && isWell;
  process.exit(isWell ? 0 : 1);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}
