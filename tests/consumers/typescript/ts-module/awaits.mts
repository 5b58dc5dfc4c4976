/** A worker module with a top-level await. */

const zero: number = await Promise.resolve(0);

export function add(a: number, b: number): number {
  return zero + a + b;
}
