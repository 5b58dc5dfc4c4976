/** What `npm run bench` can be told. */

import { parseArgs } from "node:util";
import type { MatrixHost } from "../tests/support/hosts.ts";
import { fewestPairs } from "./against_statistics.ts";

const known = {
  only: { type: "string" },
  runtime: { type: "string" },
  json: { type: "boolean" },
  html: { type: "string" },
  from: { type: "string" },
  against: { type: "string" },
  pairs: { type: "string" },
  seeds: { type: "string" },
  cap: { type: "string" },
  twins: { type: "string" },
  plot: { type: "string" },
} as const;
/** What a process of a bench is told by the one that starts it; `side` also says to other trees that there is such a thing. */
const inner = {
  here: { type: "boolean" },
  side: { type: "boolean" },
} as const;

/** Where the report goes to, if nobody says so. */
export const reportFile = "docs/benchmarks/report.html";

/** What was asked for cannot be. */
export class BadOptions extends Error {}

/** The options. */
export interface Options {
  /** Names of benches, or parts of them; all where it is `undefined`. */
  readonly only: readonly string[] | undefined;
  readonly hosts: readonly MatrixHost[];
  readonly json: boolean;
  /** The file of the report, if there is to be one. */
  readonly html: string | undefined;
  /** Files with results, which are shown in the place of new ones. */
  readonly from: readonly string[] | undefined;
  readonly against: string | undefined;
  readonly pairs: number | undefined;
  /** What the bench of bugs is told, word by word. */
  readonly passedOn: readonly string[];
  readonly seeds: number | undefined;
  readonly cap: number | undefined;
  readonly twins: number | undefined;
  readonly plot: string | undefined;
  readonly here: boolean;
  readonly side: boolean;
}

/** Reads the arguments; refuses those that nobody can follow, with a sentence. */
export function parseOptions(words: readonly string[], hostOfThis: MatrixHost): Options {
  const values = parse(withFile(words));
  const { only, runtime, json = false, html, from, against, here = false, side = false, plot } = values;
  const pairs = values.pairs === undefined ? undefined : Number(values.pairs);
  const hosts = (runtime ?? hostOfThis).split(",") as MatrixHost[];
  if (pairs !== undefined && against === undefined) throw new BadOptions("--pairs is for --against");
  if (pairs !== undefined && !(Number.isSafeInteger(pairs) && pairs >= fewestPairs)) {
    throw new BadOptions(
      `--pairs is to be a whole number, ${fewestPairs} at least: fewer cannot tell a change from chance`,
    );
  }
  if (from !== undefined && html === undefined) throw new BadOptions("--from is for --html");
  if (against !== undefined && html !== undefined) throw new BadOptions("--html shows no changes: leave out --against");
  if (against !== undefined && hosts.length > 1) throw new BadOptions("--against takes one --runtime at a time");
  const names = ["seeds", "cap", "twins", "plot"] as const;
  const number = (value: string | undefined) => value === undefined ? undefined : Number(value);
  return {
    only: only?.split(","),
    hosts: [...new Set(hosts)],
    json,
    html,
    from: from?.split(","),
    against,
    pairs,
    passedOn: names.flatMap((name) => values[name] === undefined ? [] : [`--${name}`, values[name]!]),
    seeds: number(values.seeds),
    cap: number(values.cap),
    twins: number(values.twins),
    plot,
    here,
    side,
  };
}

/** The file of --html need not be named, which no option with a value knows. */
function withFile(words: readonly string[]): string[] {
  return words.flatMap((word, index) => {
    const next = words[index + 1];
    return word === "--html" && (next === undefined || next.startsWith("--")) ? [word, reportFile] : [word];
  });
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: { ...known, ...inner } }).values;
  } catch (error) {
    const names = Object.keys(known).map((name) => `--${name}`).join(", ");
    throw new BadOptions(`${(error as Error).message.split(". ")[0]}. The options are ${names}`);
  }
}

/** What has one of the names, or a part of its name; `undefined` asks for all. */
export function named<T extends { readonly name: string }>(
  all: readonly T[],
  only: readonly string[] | undefined,
): T[] {
  if (only === undefined) return [...all];
  const wanted = new Set<T>();
  for (const name of only) {
    const exact = all.filter((each) => each.name === name);
    const found = exact.length > 0 ? exact : all.filter((each) => each.name.includes(name));
    if (found.length === 0) {
      throw new BadOptions(`No bench has ${name} in its name: there are ${all.map(({ name }) => name).join(", ")}`);
    }
    for (const each of found) wanted.add(each);
  }
  return all.filter((each) => wanted.has(each));
}
