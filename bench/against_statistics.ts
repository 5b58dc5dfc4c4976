/** What pairs of figures say, each one of an old tree and one of a new tree that ran right after each other. */

import { quantile } from "./bugs_statistics.ts";

/** How sure an interval is to have the change in it. */
const confidence = 0.99;

/** The fewest pairs whose interval is that sure. */
export const fewestPairs = 8;

/** The change that is to be told from none. */
export const resolution = 0.03;

/** "same" where the interval has no change in it and is narrow, "unclear" where it is too wide to say so. */
export type Verdict = "same" | "less" | "more" | "unclear";

/** What became of a figure. */
export interface Change {
  /** The medians. */
  old: number;
  new: number;
  /** New over old, and where it lies with a confidence of 99 %; `undefined` where figures are not above 0. */
  ratio: number | undefined;
  low: number | undefined;
  high: number | undefined;
  verdict: Verdict;
}

/**
 * Compares the figures of pairs. The change is Hodges and Lehmann's estimate of the ratio, the interval that of Wilcoxon's
 * signed ranks: a pair that somebody else's work has spoilt moves neither by much, which it does to a mean.
 */
export function changeOf(olds: readonly number[], news: readonly number[]): Change {
  const medians = { old: quantile(olds, 0.5), new: quantile(news, 0.5) };
  if ([...olds, ...news].some((figure) => !(figure > 0))) {
    const isSame = olds.every((figure, pair) => figure === news[pair]);
    return { ...medians, ratio: undefined, low: undefined, high: undefined, verdict: isSame ? "same" : "unclear" };
  }
  const means = walshAverages(olds.map((figure, pair) => Math.log(news[pair]! / figure)));
  const cut = signedRankCut(olds.length);
  const ratio = Math.exp((means[(means.length - 1) >> 1]! + means[means.length >> 1]!) / 2);
  const low = cut < 0 ? 0 : Math.exp(means[cut]!);
  const high = cut < 0 ? Infinity : Math.exp(means[means.length - 1 - cut]!);
  const verdict = high < 1 ? "less" : low > 1 ? "more" : isNarrow(low, high) ? "same" : "unclear";
  return { ...medians, ratio, low, high, verdict };
}

/** Is the change known to within the resolution? */
export function isKnown({ ratio, low, high }: Change): boolean {
  return ratio === undefined || isNarrow(low!, high!);
}

function isNarrow(low: number, high: number): boolean {
  return high - low <= 2 * resolution;
}

/** The means of all pairs of values, each with itself too, in order. */
function walshAverages(values: readonly number[]): number[] {
  return values.flatMap((value, index) => values.slice(index).map((other) => (value + other) / 2)).sort((a, b) =>
    a - b
  );
}

/** How many means lie outside the interval at either end; -1 where there are too few pairs for one. */
function signedRankCut(pairs: number): number {
  // How likely each sum of ranks is, where each rank is in it by the toss of a coin.
  let chances = [1];
  for (let rank = 1; rank <= pairs; rank++) {
    chances = Array.from(
      { length: chances.length + rank },
      (_, sum) => ((chances[sum] ?? 0) + (chances[sum - rank] ?? 0)) / 2,
    );
  }
  let cut = -1;
  for (let sum = chances[0]!; sum <= (1 - confidence) / 2; sum += chances[cut + 1]!) cut++;
  return cut;
}
