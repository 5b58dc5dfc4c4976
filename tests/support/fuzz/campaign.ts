/**
 * Plays cases in batches against one server, and finds the case that a fault is of.
 *
 * @module
 */

import type { MatrixHost } from "../hosts.ts";
import { root } from "../hosts.ts";
import { Alone, playBatch } from "./batch.ts";
import type { Case } from "./case.ts";
import { classOf, type Fault } from "./judge.ts";
import { ServerProcess } from "./server_process.ts";

/** Cases that have one server together, between two looks at it. */
const batchSize = 500;
/** After how many cases memory is looked at. */
const memoryEvery = 500;
/** What a run of cases is told, and how it tells. */
export interface CampaignOptions {
  readonly host: MatrixHost;
  readonly cases: Iterable<Case>;
  /** After so many faults it ends. Default: 1. */
  readonly faults?: number;
  /** The only fault to be looked at. Default: all are. */
  readonly only?: string;
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
  /** What memory the server has after every so many cases, when it has collected, in bytes; begins anew with a new server. */
  readonly memory: readonly Memory[];
}

/** What memory a server has. */
export interface Memory {
  readonly cases: number;
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
  let progress: Progress = { cases: 0, faults: 0, classes: 0, memory: [] };
  let memory: Memory[] = [];
  try {
    for (const batch of batchesOf(options.cases)) {
      const { faults: all, outcomes } = await playBatch(batch, server, host);
      const faults = options.only === undefined ? all : all.filter(({ what }) => what === options.only);
      count += batch.length;
      outcomes.forEach((outcome) => classes.add(classOf(outcome, host)));
      if (faults.length > 0) {
        for (const fault of await attribute(faults, batch, host, folder)) {
          found.push(fault);
          await options.onFault?.(fault);
        }
        if (found.length >= limit) break;
      }
      if (all.length > 0) {
        await server.stop();
        server = await ServerProcess.start(host, folder);
        memory = [];
      }
      if (count % memoryEvery < batch.length) {
        const report = await server.report("collected");
        if (report !== undefined) memory.push({ cases: count, heap: report.heapUsed, rss: report.rss });
      }
      progress = { cases: count, faults: found.length, classes: classes.size, memory };
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

/** Looks for the case of each fault, in servers of their own. */
async function attribute(
  faults: readonly Fault[],
  batch: readonly Case[],
  host: MatrixHost,
  folder: string,
): Promise<FoundFault[]> {
  const found: FoundFault[] = [];
  // Of many faults of one kind one is enough to begin with.
  const kinds = new Map(faults.map((fault) => [fault.what, fault]));
  for (const fault of kinds.values()) {
    const suspects = fault.case === undefined ? batch : [fault.case];
    const alone = await firstWith(fault.what, suspects, new Alone(host, folder));
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

/** For how long the case of a fault is looked for among many, in ms. */
const searchTime = 10_000;

/** The first of several cases that does this wrong by itself. */
async function firstWith(what: string, cases: readonly Case[], alone: Alone): Promise<Fault | undefined> {
  const end = performance.now() + searchTime;
  try {
    for (const one of cases) {
      if (performance.now() > end) break;
      const fault = (await alone.faultsOf(one)).find((fault) => fault.what === what);
      if (fault !== undefined) return fault;
    }
    return undefined;
  } finally {
    await alone.stop();
  }
}
