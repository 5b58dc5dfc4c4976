/** What samples of schedules to the first failure say; `Infinity` stands for one that ended without a failure. */

/** The value below which a share of the values lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
}

/** The chance of a failure in one schedule, and its 95 % interval by Wilson. */
export function chance(values: readonly number[], cap: number): { p: number; low: number; high: number } {
  const hits = values.filter(Number.isFinite).length;
  const runs = values.reduce((sum, value) => sum + Math.min(value, cap), 0);
  const z = 1.96;
  const p = hits / runs;
  const centre = p + z * z / (2 * runs);
  const spread = z * Math.sqrt(p * (1 - p) / runs + z * z / (4 * runs * runs));
  const scale = 1 + z * z / runs;
  return { p, low: hits === 0 ? 0 : (centre - spread) / scale, high: Math.min(1, (centre + spread) / scale) };
}

/** How likely samples as different as these are by chance: Mann and Whitney's test, two-sided, with ties. */
export function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [...a.map((value) => ({ value, isA: true })), ...b.map((value) => ({ value, isA: false }))]
    .sort((one, other) => one.value === other.value ? 0 : one.value - other.value);
  let ranks = 0;
  let ties = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end]!.value === all[start]!.value) end++;
    for (let index = start; index < end; index++) if (all[index]!.isA) ranks += (start + end + 1) / 2;
    ties += (end - start) ** 3 - (end - start);
    start = end;
  }
  const n = all.length;
  const u = ranks - a.length * (a.length + 1) / 2;
  const variance = a.length * b.length / 12 * (n + 1 - ties / (n * (n - 1)));
  if (variance === 0) return 1;
  const z = Math.max(0, Math.abs(u - a.length * b.length / 2) - 0.5) / Math.sqrt(variance);
  return 2 * upperTail(z);
}

/** Corrects the chances of many tests at once, by Holm. */
export function holm(chances: readonly number[]): number[] {
  const order = chances.map((_, index) => index).sort((a, b) => chances[a]! - chances[b]!);
  const corrected: number[] = [];
  let least = 0;
  for (const [rank, index] of order.entries()) {
    least = Math.max(least, Math.min(1, chances[index]! * (chances.length - rank)));
    corrected[index] = least;
  }
  return corrected;
}

/** The chance of a normal value above `z`, by Abramowitz and Stegun 26.2.17. */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const sum = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI) * sum;
}
