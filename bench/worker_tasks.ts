/** The worker module of the benches. */
export function increment(value: number): number {
  return value + 1;
}
