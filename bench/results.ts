/** Results of benches: what one process prints as a line of JSON, what is kept in a file, and how new ones take the place of old ones. */

import os from "node:os";
import process from "node:process";
import { hostOfThis, type MatrixHost } from "../tests/support/hosts.ts";
import { type Bench, type By, byOf, type Limits, type Measured } from "./harness.ts";

/** Where something was measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** In GiB. */
  readonly memory: number;
  readonly system: string;
}

/** What a bench has measured on a host. */
export interface Result extends Limits {
  readonly host: MatrixHost;
  readonly version: string;
  readonly machine: Machine;
  /** In the form of ISO 8601. */
  readonly date: string;
  readonly bench: string;
  readonly claim: string;
  readonly unit: string;
  readonly by: By;
  readonly measured: readonly Measured[];
  /** How long it took. */
  readonly seconds: number;
  /** How many processes of the machine wanted to run when it began, this one's forerunner among them: the average of a minute. */
  readonly load: number;
}

const loadBefore = os.loadavg()[0]!;

/** The result of a bench of this process. */
export function resultOf(bench: Bench, measured: readonly Measured[], seconds: number): Result {
  const { name, claim, unit, target, most, more, notAbove } = bench;
  return {
    host: hostOfThis(),
    version: versionOfThis(),
    machine: thisMachine(),
    date: new Date().toISOString(),
    bench: name,
    claim,
    unit,
    by: byOf(bench, measured),
    target,
    most,
    more,
    notAbove,
    measured: measured.map(rounded),
    seconds: Math.round(seconds * 10) / 10,
    load: Math.round(loadBefore * 10) / 10,
  };
}

/** Six digits are more than there is to know. */
function rounded(measured: Measured): Measured {
  const round = (value: unknown) => typeof value === "number" ? Number(value.toPrecision(6)) : value;
  return Object.fromEntries(Object.entries(measured).map(([name, value]) => [name, round(value)])) as never;
}

function versionOfThis(): string {
  const { Bun, Deno } = globalThis as { Bun?: { version: string }; Deno?: { version: { deno: string } } };
  if (Bun !== undefined) return `Bun ${Bun.version}`;
  return Deno === undefined ? `Node ${process.versions.node}` : `Deno ${Deno.version.deno}`;
}

function thisMachine(): Machine {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? "unknown",
    cores: cpus.length,
    memory: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}, ${os.arch()}`,
  };
}

/** Reads lines of JSON; others are left out, and so are results of another time, which lack what is shown. */
export function parseResults(text: string): Result[] {
  const results: Result[] = [];
  for (const line of text.split("\n")) {
    if (!line.startsWith("{")) continue;
    const result = JSON.parse(line) as Partial<Result>;
    if (result.measured !== undefined && result.by !== undefined) results.push(result as Result);
  }
  return results;
}

/** A line for each. */
export function writeResults(results: readonly Result[]): string {
  return results.map((result) => `${JSON.stringify(result)}\n`).join("");
}

/** What is known when `added` has been measured too: the latest of each bench on each host. What another machine has measured goes. */
export function mergeResults(kept: readonly Result[], added: readonly Result[]): Result[] {
  const machine = added.at(-1)?.machine ?? kept.at(-1)?.machine;
  const latest = new Map<string, Result>();
  for (const result of [...kept, ...added]) {
    const key = `${result.host} ${result.bench}`;
    const before = latest.get(key);
    if (!isSame(result.machine, machine) || before !== undefined && before.date > result.date) continue;
    latest.set(key, result);
  }
  return [...latest.values()];
}

/** Hosts tell the system's name in ways of their own. */
function isSame(machine: Machine, other: Machine | undefined): boolean {
  return machine.cpu === other?.cpu && machine.cores === other.cores;
}
