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

/** What a histogram says of the delays it has seen, in ms. Quantiles are right within 3 %. */
export interface DelaySummary extends HistogramSummary {
  /** All but one of a thousand were at most as long. */
  readonly p999: number;
}

/** Which bucket a size falls in, and what size a bucket stands for. */
interface Scale {
  readonly bucketCount: number;
  /** The bucket of a duration, in ms, that is not less than nothing. */
  bucketOf(ms: number): number;
  /** The middle of a bucket, in ms. */
  middleOf(bucket: number): number;
}

/** Buckets of a width that grows by a fifth, from a microsecond to days. */
const growth = Math.log(1.2);
const coarse: Scale = {
  bucketCount: 150,
  bucketOf: (ms) => ms <= 0.001 ? 0 : Math.min(149, 1 + Math.floor(Math.log(ms * 1000) / growth)),
  middleOf: (bucket) => bucket === 0 ? 0.001 : Math.exp((bucket - 0.5) * growth) / 1000,
};

/** Parts that each doubling is divided into. */
const parts = 32;
/** In whole microseconds: more than half an hour. */
const longest = 2 ** 31 - 1;

/** Buckets that are linear within a doubling, and twice as wide in the next. */
const fine: Scale = {
  bucketCount: 28 * parts,
  bucketOf(ms) {
    const us = Math.min(longest, Math.round(ms * 1000));
    if (us < 2 * parts) return us;
    const shift = 26 - Math.clz32(us);
    return shift * parts + (us >>> shift);
  },
  middleOf(bucket) {
    if (bucket < 2 * parts) return bucket / 1000;
    const shift = Math.floor(bucket / parts) - 1;
    return ((bucket % parts) + parts + 0.5) * 2 ** shift / 1000;
  },
};

/** Counts durations by size: buckets, each with how many fell into it. */
export class Histogram {
  readonly #scale: Scale;
  readonly #buckets: Float64Array;
  #count = 0;
  #sum = 0;
  #max = 0;

  /** Quantiles are as exact as the scale is fine. */
  constructor(scale: Scale = coarse) {
    this.#scale = scale;
    this.#buckets = new Float64Array(scale.bucketCount);
  }

  /** Counts a duration, in ms; less than nothing counts as nothing. */
  add(ms: number): void {
    const size = Math.max(0, ms);
    this.#count++;
    this.#sum += size;
    if (size > this.#max) this.#max = size;
    this.#buckets[this.#scale.bucketOf(size)]!++;
  }

  /** Counts all that another histogram of the same scale has counted. */
  merge(other: Histogram): void {
    for (let index = 0; index < this.#buckets.length; index++) this.#buckets[index]! += other.#buckets[index]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Forgets everything. */
  reset(): void {
    this.#buckets.fill(0);
    this.#count = this.#sum = this.#max = 0;
  }

  /** The duration that a share (0 to 1) of all was at most as long as, in ms; 0 when there was none. */
  quantile(share: number): number {
    let rest = Math.max(1, Math.ceil(this.#count * share));
    if (this.#count === 0) return 0;
    for (let index = 0; index < this.#buckets.length; index++) {
      rest -= this.#buckets[index]!;
      if (rest <= 0) return Math.min(this.#max, this.#scale.middleOf(index));
    }
    return this.#max;
  }

  /** The numbers so far. */
  summary(): HistogramSummary {
    return Object.freeze({
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      max: this.#max,
    });
  }
}

/** Counts delays by size. */
export class DelayHistogram {
  // Held, not inherited: a public class has no base class that is not public.
  readonly #all = new Histogram(fine);

  /** Counts a delay, in ms; less than nothing counts as nothing. */
  add(ms: number): void {
    this.#all.add(ms);
  }

  /** Counts all that another histogram has counted. */
  merge(other: DelayHistogram): void {
    this.#all.merge(other.#all);
  }

  /** Forgets everything. */
  reset(): void {
    this.#all.reset();
  }

  /** The delay that a share (0 to 1) of all was at most as long as, in ms; 0 when there was none. */
  quantile(share: number): number {
    return this.#all.quantile(share);
  }

  /** The numbers so far. */
  summary(): DelaySummary {
    const { max, ...numbers } = this.#all.summary();
    return Object.freeze({ ...numbers, p999: this.quantile(0.999), max });
  }
}
