/**
 * A summary of prom-client whose quantiles are known elsewhere.
 *
 * @module
 */

import { Summary } from "prom-client";
import type { HistogramSummary } from "../../mod.ts";

/** What tells a value from others of its metric. */
export type Labels = Readonly<Record<string, string>>;

/** A value with its labels. */
export type Sample<T = number> = readonly [labels: Labels, value: T];

const quantiles = [["0.5", "p50"], ["0.9", "p90"], ["0.99", "p99"]] as const;

/** Gives what a histogram of Millrace says at the moment, in seconds. */
export class ReadSummary extends Summary<string> {
  readonly #name: string;
  readonly #help: string;
  readonly #read: () => Iterable<Sample<HistogramSummary>>;

  constructor(name: string, help: string, read: () => Iterable<Sample<HistogramSummary>>) {
    super({ name, help, registers: [] });
    this.#name = name;
    this.#help = help;
    this.#read = read;
  }

  /** What the registry asks for. The class has quantiles of what it has observed, and has observed nothing. */
  override get(): ReturnType<Summary<string>["get"]> {
    const values = [...this.#read()].flatMap(([labels, it]) => [
      ...quantiles.map(([quantile, key]) => ({ labels: { ...labels, quantile }, value: it[key] / 1000 })),
      { metricName: `${this.#name}_sum`, labels, value: (it.mean * it.count) / 1000 },
      { metricName: `${this.#name}_count`, labels, value: it.count },
    ]);
    const metric = { name: this.#name, help: this.#help, type: "summary", aggregator: "omit", values };
    return Promise.resolve(metric as unknown as Awaited<ReturnType<Summary<string>["get"]>>);
  }
}
