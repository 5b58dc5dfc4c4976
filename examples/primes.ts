/** A worker module: plain exported functions. Whoever wants their results from another thread gives its URL to a pool. */

/** Is a whole number above 1 divisible by 1 and itself only? */
export function isPrime(number: number): boolean {
  for (let divisor = 2; divisor * divisor <= number; divisor++) {
    if (number % divisor === 0) return false;
  }
  return number > 1;
}

/** How many primes there are from `from` up to, and without, `to`. */
export function countPrimes(from: number, to: number): number {
  let count = 0;
  for (let number = from; number < to; number++) if (isPrime(number)) count++;
  return count;
}
