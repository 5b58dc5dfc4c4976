/**
 * How durations are spread, in constant memory.
 *
 * @module
 */

/** What a histogram says of the durations it has seen, in ms. Quantiles are right within 10 %. */
export interface HistogramSummary {
  /** How many there were. */
  readonly count: number;
  /** Their average. */
  readonly mean: number;
  /** Half of them were at most as long. */
  readonly p50: number;
  /** Nine of ten were at most as long. */
  readonly p90: number;
  /** All but one of a hundred were at most as long. */
  readonly p99: number;
  /** The longest. */
  readonly max: number;
}

/** Buckets of a width that grows by a fifth, from a microsecond to days. */
const growth = Math.log(1.2);
const bucketCount = 150;

/** Counts durations by size. */
export class Histogram {
  readonly #buckets = new Uint32Array(bucketCount);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** Counts a duration, in ms. */
  add(ms: number): void {
    this.#count++;
    this.#sum += ms;
    if (ms > this.#max) this.#max = ms;
    this.#buckets[ms <= 0.001 ? 0 : Math.min(bucketCount - 1, 1 + Math.floor(Math.log(ms * 1000) / growth))]!++;
  }

  /** The numbers so far. */
  summary(): HistogramSummary {
    return Object.freeze({
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.#quantile(0.5),
      p90: this.#quantile(0.9),
      p99: this.#quantile(0.99),
      max: this.#max,
    });
  }

  /** The middle of the bucket that the quantile falls in. */
  #quantile(share: number): number {
    let rest = Math.max(1, Math.ceil(this.#count * share));
    if (this.#count === 0) return 0;
    for (let index = 0; index < bucketCount; index++) {
      rest -= this.#buckets[index]!;
      if (rest <= 0) return Math.min(this.#max, index === 0 ? 0.001 : Math.exp((index - 0.5) * growth) / 1000);
    }
    return this.#max;
  }
}
