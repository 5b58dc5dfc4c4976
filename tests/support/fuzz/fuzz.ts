/**
 * One fuzzing run on a host: the corpus, then new cases; what fails is made small, kept and told.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { root } from "../hosts.ts";
import { Alone } from "./batch.ts";
import { type FoundFault, type Progress, runCampaign } from "./campaign.ts";
import type { Case } from "./case.ts";
import { corpus, keep, shown } from "./corpus.ts";
import { caseOf, seedOf } from "./generate.ts";
import { shrink } from "./shrink.ts";

/** What to run. */
export interface FuzzOptions {
  readonly host: MatrixHost;
  /** How many new cases. */
  readonly cases: number;
  /** What decides them. */
  readonly seed: number;
  /** The number of the first one. Default: 0. */
  readonly first?: number;
  /** After so many faults it ends. Default: 1. */
  readonly faults?: number;
  /** The only fault to be looked at. Default: all are. */
  readonly only?: string;
  /** The checkout whose library the server has. Default: this one. */
  readonly folder?: string;
  /** Are cases that fail made small and kept as files? Default: true. */
  readonly keeps?: boolean;
  /** Is the corpus run first? Default: true. */
  readonly withCorpus?: boolean;
  readonly say?: (text: string) => void;
}

/** What came of it: reports of the faults, and the figures. */
export interface FuzzResult {
  readonly reports: readonly string[];
  readonly progress: Progress;
  /** How many kinds of courses were first met in the last tenth of the cases. */
  readonly newClasses: number;
}

/** How often, in ms, is it told how far a run is? */
const tellEvery = 10_000;

/** Runs cases, and says what came of them. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { host, cases, folder = root, say = () => {} } = options;
  const reports: string[] = [];
  const started = performance.now();
  let told = started;
  let classesBefore = 0;
  const kept = options.withCorpus ?? true ? corpus() : [];
  const { progress } = await runCampaign({
    host,
    cases: casesOf(kept, options),
    folder,
    ...(options.faults === undefined ? {} : { faults: options.faults }),
    ...(options.only === undefined ? {} : { only: options.only }),
    onProgress(progress) {
      if (progress.cases <= kept.length + cases * 0.9) classesBefore = progress.classes;
      if (performance.now() - told < tellEvery) return;
      told = performance.now();
      say(`${host}: ${figures(progress, started)}`);
    },
    async onFault(fault) {
      const report = await reportOf(fault, folder, options.keeps ?? true);
      reports.push(report);
      say(report);
    },
  });
  const growth = memoryFault(progress);
  if (growth !== undefined) reports.push(`${host}: ${growth}`);
  const newClasses = progress.classes - classesBefore;
  say(`${host}: ${figures(progress, started)}; ${newClasses} kinds new in the last tenth`);
  return { reports, progress, newClasses };
}

function* casesOf(kept: readonly Case[], { cases, seed, first = 0 }: FuzzOptions): Generator<Case> {
  yield* kept;
  for (let index = first; index < first + cases; index++) yield caseOf(seedOf(seed, index));
}

function figures({ cases, faults, classes, memory }: Progress, started: number): string {
  const seconds = (performance.now() - started) / 1000;
  const mebibytes = (bytes: number | undefined): string => `${((bytes ?? 0) / 2 ** 20).toFixed(1)} MiB`;
  const { heap, rss } = memory.at(-1) ?? {};
  return `${cases} cases in ${seconds.toFixed(1)} s, ${faults} faults, ${classes} kinds of courses, ` +
    `heap ${mebibytes(heap)}, rss ${mebibytes(rss)}`;
}

/** Does what the server keeps grow with the cases? The first fifth of them is for what is made once. */
function memoryFault({ memory }: Progress): string | undefined {
  const first = memory[Math.floor(memory.length / 5)];
  const last = memory.at(-1);
  if (first === undefined || last === undefined || memory.length < 5) return undefined;
  const cases = last.cases - first.cases;
  const [heap, rss] = [last.heap - first.heap, last.rss - first.rss];
  if (heap < 4 * 2 ** 20 + 20 * cases && rss < 48 * 2 ** 20 + 20 * cases) return undefined;
  return `the server's memory grows: in ${cases} cases by ${heap} bytes of heap, ${rss} bytes in all`;
}

/** Makes the case of a fault small, keeps it, and tells of it. */
async function reportOf(fault: FoundFault, folder: string, keeps: boolean): Promise<string> {
  const lines = [`${fault.host}: ${fault.what}`, `  ${fault.details.trim().slice(0, 1500)}`];
  const { case: one, host } = fault;
  if (one === undefined) return [...lines, "  No case alone does it"].join("\n");
  lines.push(`  seed ${one.seed}${fault.isAlone ? "" : ", but only beside others"}`);
  let small = one;
  let name = `${one.seed}`;
  if (keeps) {
    if (fault.isAlone) small = await smallest(fault, one, folder);
    name = keep(fault, small);
  }
  lines.push(...shown(small).map((line) => `    ${line}`));
  lines.push(`  again: npm run fuzz -- --host ${host} --case ${name}`);
  return lines.join("\n");
}

async function smallest({ host, what }: FoundFault, one: Case, folder: string): Promise<Case> {
  const alone = new Alone(host, folder);
  try {
    return await shrink(one, async (smaller) => (await alone.faultsOf(smaller)).some((fault) => fault.what === what));
  } finally {
    await alone.stop();
  }
}
