/** What is read of load generators, and how a fixed rate is shared among clients. */

import { quantile } from "./bugs_statistics.ts";

/** What came of a load. */
export interface Told {
  readonly requests: number;
  /** How long it took, in us. */
  readonly duration: number;
  /** Latencies, in us. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that are no success, and requests without an answer. */
  readonly refused: number;
  readonly failed: number;
}

type Six = [number, number, number, number, number, number];

/** Reads what `wrk.lua` prints. */
export function ofWrk(output: string): Told {
  const line = /^told ([\d ]+)$/m.exec(output);
  if (line === null) throw new Error(`wrk says nothing of its load: ${output}`);
  const [requests, duration, p50, p99, refused, failed] = line[1]!.split(" ").map(Number) as Six;
  if (requests === 0) throw new Error("No request was answered");
  return { requests, duration, p50, p99, refused, failed };
}

/** How clients are to share a rate. */
export interface FixedRate {
  readonly clients: number;
  /** Requests a second of each. */
  readonly each: number;
  /** A client starts every so many ms. */
  readonly period: number;
  /** Of all of them. */
  readonly requests: number;
}

/** The most that one client can send a second: the timers of h2load go off each 10 ms at the most. */
const most = 80;

/**
 * Many clients, who start one after the other at moments that are spread over the time between two requests: h2load lets those
 * that start together send together for ever, which is a burst and no rate. All of them last for so long at least.
 */
export function fixedRate(rate: number, seconds: number): FixedRate {
  const clients = Math.max(64, Math.ceil(rate / most));
  const each = rate / clients;
  // Multiples of the golden ratio fill the time between two requests evenly; and all are there after two seconds.
  const period = Math.max(1, Math.min(Math.round(0.618034 * 1000 / each), Math.floor(2000 / clients)));
  const requests = clients * Math.ceil((clients * period / 1000 + seconds) * each);
  return { clients, each, period, requests };
}

/** What came of a fixed rate. */
export interface Paced {
  /** In us, in order. */
  readonly latencies: readonly number[];
  /** How many a second there were. */
  readonly rate: number;
}

/** What was sent while all clients were there. */
export function ofLog(log: string, { clients, period }: FixedRate, seconds: number): Paced {
  const rows = log.trim().split("\n").map((row) => row.split("\t").map(Number));
  if (rows.some(([, status]) => status !== 200)) throw new Error("A request of a fixed rate was not answered with 200");
  const from = rows.reduce((first, [begun]) => Math.min(first, begun!), Infinity) + clients * period * 1000;
  const within = rows.filter(([begun]) => begun! >= from && begun! < from + seconds * 1e6);
  const latencies = within.map(([, , latency]) => latency!).sort((a, b) => a - b);
  return { latencies, rate: within.length / seconds };
}

/** A percentile of latencies, in ms. */
export function percentile(latencies: readonly number[], share: number): number {
  return quantile(latencies, share) / 1000;
}
