/**
 * Waits with a bound: a test that waits for what never comes fails and says what that was, instead of hanging.
 *
 * @module
 */

/** The longest a test waits for anything, in ms; far more than it takes on a machine that is busy. */
const longest = 30_000;

/** What a promise comes to; it fails after half a minute. */
export async function within<T>(promise: PromiseLike<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It has not come to this in ${longest / 1000} s: ${what}`)), longest);
  });
  try {
    return await Promise.race([promise, bound]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something is so, looking again in turns of the host; it fails after half a minute. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const end = performance.now() + longest;
  while (!isSo()) {
    if (performance.now() > end) throw new Error(`It has not come to this in ${longest / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
