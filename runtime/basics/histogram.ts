/**
 * How delays are spread, in constant memory.
 *
 * @module
 */

/** What a histogram says of the delays it has seen, in ms. Quantiles are right within 3 %. */
export interface DelaySummary {
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
  /** All but one of a thousand were at most as long. */
  readonly p999: number;
  /** The longest. */
  readonly max: number;
}

/** Parts that each doubling is divided into. */
const parts = 32;
/** In whole microseconds: more than half an hour. */
const longest = 2 ** 31 - 1;
const bucketCount = 28 * parts;

/** Counts delays by size: the buckets are linear within a doubling, and twice as wide in the next. */
export class DelayHistogram {
  readonly #buckets = new Float64Array(bucketCount);
  #count = 0;
  #sum = 0;
  #max = 0;

  /** Counts a delay, in ms; less than nothing counts as nothing. */
  add(ms: number): void {
    const delay = Math.max(0, ms);
    this.#count++;
    this.#sum += delay;
    if (delay > this.#max) this.#max = delay;
    this.#buckets[bucketOf(Math.min(longest, Math.round(delay * 1000)))]!++;
  }

  /** Counts all that another histogram has counted. */
  merge(other: DelayHistogram): void {
    for (let index = 0; index < bucketCount; index++) this.#buckets[index]! += other.#buckets[index]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Forgets everything. */
  reset(): void {
    this.#buckets.fill(0);
    this.#count = this.#sum = this.#max = 0;
  }

  /** The delay that a share (0 to 1) of all was at most as long as, in ms; 0 when there was none. */
  quantile(share: number): number {
    let rest = Math.max(1, Math.ceil(this.#count * share));
    if (this.#count === 0) return 0;
    for (let index = 0; index < bucketCount; index++) {
      rest -= this.#buckets[index]!;
      if (rest <= 0) return Math.min(this.#max, middleOf(index) / 1000);
    }
    return this.#max;
  }

  /** The numbers so far. */
  summary(): DelaySummary {
    return Object.freeze({
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.quantile(0.5),
      p90: this.quantile(0.9),
      p99: this.quantile(0.99),
      p999: this.quantile(0.999),
      max: this.#max,
    });
  }
}

function bucketOf(us: number): number {
  if (us < 2 * parts) return us;
  const shift = 26 - Math.clz32(us);
  return shift * parts + (us >>> shift);
}

function middleOf(bucket: number): number {
  if (bucket < 2 * parts) return bucket;
  const shift = Math.floor(bucket / parts) - 1;
  return ((bucket % parts) + parts + 0.5) * 2 ** shift;
}
