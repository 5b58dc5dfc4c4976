/**
 * `npm run bench -- --against REF`: the benches of two trees, each run by its own tree. For each pair one process of either
 * tree runs after the other, and which of them is first changes from pair to pair: a machine that becomes slower, for a
 * moment or for good, is so for both. Files have moved between trees, so that neither runs what the other has.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { root } from "../tests/support/hosts.ts";
import { type Change, changeOf, fewestPairs, isKnown } from "./against_statistics.ts";
import { asksForSides, BadRequest, type Tree, treeOf } from "./against_tree.ts";
import type { Measured } from "./harness.ts";

/** The most pairs, where nobody says how many. */
const mostPairs = 30;

/** What is to be compared, and how a program is run. */
export interface Request {
  /** The benches. */
  readonly names: readonly string[];
  /** The old tree: a revision or a folder. */
  readonly reference: string;
  /** How many pairs of processes. Default: as many as it takes to know each change to within 3 %, 30 at most. */
  readonly pairs?: number | undefined;
  readonly json: boolean;
  /** The runtime's name, and how it is started. */
  readonly host: string;
  readonly executable: string;
  readonly flags: readonly string[];
}

/** What became of a case. */
export interface CaseChange {
  readonly name: string;
  readonly kind: Measured["kind"];
  /** The medians of the bench's figure. */
  readonly figure: Change;
  /** The CPU time, if both trees tell it. */
  readonly cpu: Change | undefined;
  /** The multiple of the floor: of its CPU time if that is there, of its figure else. */
  readonly overFloor: Change | undefined;
}

/** What the process of a tree prints. */
interface Printed {
  readonly unit: string;
  readonly measured: readonly Measured[];
}

/** Why a bench could not be compared. */
class SideFailed extends Error {}

/** The process that runs, and the signal that has ended it all. */
let running: ChildProcess | undefined;
let endedBy: NodeJS.Signals | undefined;

/** Compares, prints, and answers with the exit code. */
export async function against(request: Request): Promise<number> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  const end = (signal: NodeJS.Signals): void => {
    endedBy ??= signal;
    running?.kill("SIGKILL");
  };
  for (const signal of signals) process.on(signal, end);
  let tree: Tree | undefined;
  let status = 0;
  try {
    tree = treeOf(request.reference);
    for (const note of [...tree.notes, ...sidesOf(tree).notes]) console.error(note);
    for (const name of request.names) {
      try {
        await compare(request, tree, name);
      } catch (error) {
        if (!(error instanceof SideFailed)) throw error;
        console.error(`${name}: ${error.message}`);
        status = 1;
      }
      if (endedBy !== undefined) return 128 + constants.signals[endedBy];
    }
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    console.error(error.message);
    return 2;
  } finally {
    tree?.remove();
    for (const signal of signals) process.off(signal, end);
  }
  return status;
}

/** Can both trees be asked for a side? */
function sidesOf(tree: Tree): { areAsked: boolean; notes: string[] } {
  const areAsked = asksForSides(tree.folder);
  const note =
    `${tree.name} is from before CPU times were told: wall times alone, which other work on the machine disturbs`;
  return { areAsked, notes: areAsked ? [] : [note] };
}

async function compare(request: Request, tree: Tree, name: string): Promise<void> {
  const { areAsked } = sidesOf(tree);
  const sides = [tree.folder, root].map((folder) => () => runSide(request, folder, name, areAsked));
  const olds: Printed[] = [];
  const news: Printed[] = [];
  let changes: CaseChange[] = [];
  const most = request.pairs ?? mostPairs;
  while (olds.length < most) {
    const pair: Printed[] = [];
    for (const side of olds.length % 2 === 0 ? [0, 1] : [1, 0]) {
      if (endedBy === undefined) pair[side] = await sides[side]!();
    }
    if (endedBy !== undefined) return;
    olds.push(pair[0]!);
    news.push(pair[1]!);
    progress(`${name}: ${olds.length} pairs`);
    if (olds.length < Math.min(most, fewestPairs)) continue;
    changes = changesOf(olds.map(({ measured }) => measured), news.map(({ measured }) => measured));
    const ours = changes.filter(({ kind }) => kind === "ours");
    if (request.pairs === undefined && ours.every(({ cpu, figure }) => isKnown(cpu ?? figure))) break;
  }
  progress("");
  const { unit } = news[0]!;
  if (request.json) {
    const { host, reference } = request;
    console.log(JSON.stringify({ host, bench: name, unit, against: reference, pairs: olds.length, cases: changes }));
  } else print(`${name} on ${request.host}: ${tree.name} -> this tree, ${olds.length} pairs`, unit, changes);
  const lost = (from: Printed, other: Printed) =>
    from.measured.filter(({ name }) => !other.measured.some((it) => it.name === name)).map(({ name }) => name);
  for (const [where, names] of [["old", lost(olds[0]!, news[0]!)], ["new", lost(news[0]!, olds[0]!)]] as const) {
    if (names.length > 0) console.error(`${name}: only in the ${where} tree: ${names.join(", ")}`);
  }
}

/** Runs a bench in a process of a tree. */
async function runSide(request: Request, folder: string, name: string, isSide: boolean): Promise<Printed> {
  const file = join(folder, "bench/run.ts");
  const args = [...request.flags, file, "--here", "--only", name, "--json", ...isSide ? ["--side"] : []];
  const child = spawn(request.executable, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  running = child;
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text);
  child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  running = undefined;
  const line = stdout.split("\n").findLast((it) => it.startsWith("{"));
  const printed = line === undefined ? undefined : JSON.parse(line) as Partial<Printed>;
  if (printed?.measured !== undefined && code === 0) return printed as Printed;
  if (endedBy !== undefined) return { unit: "", measured: [] };
  if (code !== 0) throw new SideFailed(`${folder} ended with code ${code}\n${stderr.trim()}`);
  if (printed === undefined) throw new SideFailed(`${folder} has no bench of this name`);
  throw new SideFailed(`in ${folder} it prints a report of its own, of which nothing can be compared`);
}

/** The changes of the cases that both trees have; for each pair the figures of the old tree and of the new one. */
export function changesOf(
  olds: readonly (readonly Measured[])[],
  news: readonly (readonly Measured[])[],
): CaseChange[] {
  return news[0]!.filter(({ name }) => olds[0]!.some((old) => old.name === name)).map(({ name, kind }) => {
    const change = (of: (measured: Measured, floor: Measured | undefined) => number | undefined) => {
      const [old, now] = [olds, news].map((side) =>
        side.map((all) => of(all.find((it) => it.name === name)!, all.find((it) => it.kind === "floor")))
      ) as [(number | undefined)[], (number | undefined)[]];
      const isThere = [...old, ...now].every((figure) => typeof figure === "number");
      return isThere ? changeOf(old as number[], now as number[]) : undefined;
    };
    const cpu = change((measured) => measured.cpu);
    const overFloor = kind !== "ours"
      ? undefined
      : change((measured, floor) => cpu === undefined ? measured.ratio : measured.cpu! / (floor?.cpu ?? NaN));
    return { name, kind, figure: change((measured) => measured.median)!, cpu, overFloor };
  });
}

function print(title: string, unit: string, changes: readonly CaseChange[]): void {
  console.log(`\n${title}`);
  for (const { name, kind, figure, cpu, overFloor } of changes) {
    const [dim, bright] = kind !== "ours" && process.stdout.isTTY ? ["\x1b[2m", "\x1b[22m"] : ["", ""];
    console.log(`${dim}  ${name}${kind === "ours" ? "" : ` (${kind}, for control)`}`);
    if (cpu !== undefined) console.log(lineOf("CPU", cpu, unit));
    console.log(lineOf(cpu === undefined ? "figure" : "wall", figure, unit));
    if (overFloor !== undefined) {
      console.log(lineOf(`${cpu === undefined ? "figure" : "CPU"} over floor`, overFloor, "x"));
    }
    if (bright !== "") process.stdout.write(bright);
  }
  const moved = changes.filter(({ kind, figure, cpu }) =>
    kind === "floor" && /less|more/.test((cpu ?? figure).verdict)
  );
  for (const { name } of moved) {
    console.log(
      `  "${name}" has changed too. Unless that is code of Millrace, the two sides did not have the same machine: run it again`,
    );
  }
}

/** A line of the table. */
function lineOf(label: string, change: Change, unit: string): string {
  const medians = `${figure(change.old)} -> ${figure(change.new)} ${unit}`;
  const { ratio, low, high } = change;
  const percent = (of: number) => `${of < 1 ? "" : "+"}${((of - 1) * 100).toFixed(1)}`;
  const spread = ratio === undefined
    ? ""
    : `  ${percent(ratio).padStart(6)} %  [${percent(low!)} .. ${percent(high!)}]`;
  return `    ${label.padEnd(14)} ${medians.padEnd(36)}${spread.padEnd(30)}  ${wordOf(change, unit)}`;
}

function wordOf({ verdict }: Change, unit: string): string {
  if (verdict === "same" || verdict === "unclear") return verdict;
  if (/byte|KiB/.test(unit)) return verdict === "less" ? "smaller" : "larger";
  return verdict === "less" ? "faster" : "slower";
}

function figure(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 1 ? 2 : 4).padStart(9);
}

/** Tells whoever watches how far it is. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
