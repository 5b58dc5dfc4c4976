/**
 * Plays cases in batches against one server, and finds the case that a fault is of.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { root } from "../hosts.ts";
import { type Case, send } from "./case.ts";
import { classOf, type Fault, judgeAnswers, judgeRuns, type Outcome } from "./judge.ts";
import { expect, play } from "./play.ts";
import { ServerProcess } from "./server_process.ts";

/** Cases that have one server together, between two looks at it. */
const batchSize = 100;
/** Connections at once. */
const concurrency = 20;

/** What a run of cases is told, and how it tells. */
export interface CampaignOptions {
  readonly host: MatrixHost;
  readonly cases: Iterable<Case>;
  /** After so many faults it ends. Default: 1. */
  readonly faults?: number;
  /** The checkout whose library the server has. Default: this one. */
  readonly folder?: string;
  /** Is told after each batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Is told of each fault, when its case has been looked for. */
  readonly onFault?: (found: FoundFault) => Promise<void> | void;
}

/** How far a run is. */
export interface Progress {
  readonly cases: number;
  readonly faults: number;
  /** How many kinds of courses there have been. */
  readonly classes: number;
  /** What collected memory the server has, in bytes. */
  readonly heap: number;
  readonly rss: number;
}

/** A fault, and if its case has it alone, with nothing else going on. */
export interface FoundFault extends Fault {
  readonly host: MatrixHost;
  readonly isAlone: boolean;
}

/** What came of a run. */
export interface CampaignResult {
  readonly faults: readonly FoundFault[];
  readonly progress: Progress;
}

/** Plays the cases, batch after batch. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const { host, folder = root, faults: limit = 1 } = options;
  const found: FoundFault[] = [];
  const classes = new Set<string>();
  let count = 0;
  let server = await ServerProcess.start(host, folder);
  let progress: Progress = { cases: 0, faults: 0, classes: 0, heap: 0, rss: 0 };
  try {
    for (const batch of batchesOf(options.cases)) {
      const { faults, outcomes } = await playBatch(batch, server, host);
      count += batch.length;
      outcomes.forEach((outcome) => classes.add(classOf(outcome, host)));
      if (faults.length > 0) {
        await server.stop();
        for (const fault of await attribute(faults, batch, host, folder)) {
          found.push(fault);
          await options.onFault?.(fault);
        }
        if (found.length >= limit) break;
        server = await ServerProcess.start(host, folder);
      }
      const report = count % 1000 < batch.length ? await server.report(true) : undefined;
      const { heap, rss } = report === undefined ? progress : { heap: report.heapUsed, rss: report.rss };
      progress = { cases: count, faults: found.length, classes: classes.size, heap, rss };
      options.onProgress?.(progress);
    }
  } finally {
    await server.stop();
  }
  return { faults: found, progress: { ...progress, cases: count, faults: found.length } };
}

function* batchesOf(cases: Iterable<Case>): Generator<Case[]> {
  let batch: Case[] = [];
  for (const one of cases) {
    if (batch.push(one) < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Plays cases, so many at once, and looks at the server when it has come to rest. */
async function playBatch(
  cases: readonly Case[],
  server: ServerProcess,
  host: MatrixHost,
): Promise<{ faults: Fault[]; outcomes: Outcome[] }> {
  const outcomes: Outcome[] = [];
  const next = cases[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const one of next) {
      if (server.end !== undefined) return;
      const expected = expect(one, host);
      outcomes.push({ case: one, expected, played: await play(one, server.port, expected) });
    }
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const { report, left } = await server.rest();
  const lost = server.end;
  if (report === undefined) {
    return { faults: [{ what: lost ?? "The server is lost", details: server.complaints }], outcomes };
  }
  const faults: Fault[] = [];
  if (left !== "") {
    faults.push({ what: "something is left 2 s after the last client", details: `${left}: ${leftIn(report.runs)}` });
  }
  if (server.complaints !== "") {
    faults.push({ what: "the server has printed warnings or errors", details: server.complaints });
  }
  for (const outcome of outcomes) {
    const fault = judgeAnswers(outcome);
    if (fault !== undefined) faults.push(fault);
  }
  faults.push(...judgeRuns(outcomes, report));
  if (faults.length === 0 && !await isServing(server, host)) {
    faults.push({ what: "an ordinary request is not answered", details: "" });
  }
  server.forget();
  return { faults, outcomes };
}

function leftIn(runs: readonly { method: string; url: string; ended: number }[]): string {
  return runs.filter(({ ended }) => ended === 0).map(({ method, url }) => `${method} ${url}`).join(", ").slice(0, 500);
}

/** Is an ordinary request on a new connection answered? */
async function isServing(server: ServerProcess, host: MatrixHost): Promise<boolean> {
  const text = "POST /echo/probe HTTP/1.1\r\nhost: a.test\r\nx-id: probe\r\ncontent-length: 5\r\n\r\nprobe";
  const one: Case = { seed: 0, steps: [send(text)], end: "settle" };
  const expected = expect(one, host);
  const played = await play(one, server.port, expected);
  await server.rest();
  return played.answers[0]?.status === 200;
}

/** Looks for the case of each fault, in servers of their own. */
async function attribute(
  faults: readonly Fault[],
  batch: readonly Case[],
  host: MatrixHost,
  folder: string,
): Promise<FoundFault[]> {
  const found: FoundFault[] = [];
  const kinds = new Map(faults.map((fault) => [`${fault.what}/${fault.case?.seed}`, fault]));
  for (const fault of kinds.values()) {
    const suspects = fault.case === undefined ? batch : [fault.case];
    const alone = await firstWith(fault.what, suspects, host, folder);
    found.push({ ...fault, ...alone, host, isAlone: alone !== undefined });
  }
  // One case may have done all of it.
  const cases = new Set<number>();
  return found.filter((fault) => {
    const isNew = fault.case === undefined || !cases.has(fault.case.seed);
    if (fault.case !== undefined) cases.add(fault.case.seed);
    return isNew;
  });
}

async function firstWith(
  what: string,
  cases: readonly Case[],
  host: MatrixHost,
  folder: string,
): Promise<Fault | undefined> {
  let server = await ServerProcess.start(host, folder);
  try {
    for (const one of cases) {
      const fault = (await playBatch([one], server, host)).faults.find((fault) => fault.what === what);
      if (fault !== undefined) return { ...fault, case: one };
      if (server.end === undefined) continue;
      server = await ServerProcess.start(host, folder);
    }
    return undefined;
  } finally {
    await server.stop();
  }
}

/** What a case does wrong by itself, in a server of its own; `undefined` if it is as it has to be. */
export async function faultOf(one: Case, host: MatrixHost, folder: string = root): Promise<Fault | undefined> {
  const server = await ServerProcess.start(host, folder);
  try {
    const [fault] = (await playBatch([one], server, host)).faults;
    return fault === undefined ? undefined : { ...fault, case: one };
  } finally {
    await server.stop();
  }
}
