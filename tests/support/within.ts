/**
 * Waits with a bound: a test that waits for what never comes fails and says what that was, instead of hanging.
 *
 * @module
 */

/** The longest a test waits for anything, in ms; far more than it takes on a machine that is busy. */
const longest = 30_000;

/** What a promise comes to; it fails after half a minute, or so many ms. */
export async function within<T>(promise: PromiseLike<T>, what: string, ms: number = longest): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It has not come to this in ${ms / 1000} s: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, bound]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the body of a test comes to that has something open; it fails before the runner gives the test up. */
export function withinTest<T>(body: PromiseLike<T>): Promise<T> {
  return within(body, "the body of the test has ended", 50_000);
}

/** Waits until something is so, looking again in turns of the host; it fails after half a minute. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + longest;
  while (!await isSo()) {
    if (performance.now() > end) throw new Error(`It has not come to this in ${longest / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
