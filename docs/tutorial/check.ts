import { Cancelled, currentSignal, mapConcurrent, TimeoutError, withTimeout } from "@millrace/millrace";

export interface Verdict {
  url: string;
  ok: boolean;
  why: string;
}

async function visit(url: string): Promise<Verdict> {
  const response = await fetch(url, { signal: currentSignal() });
  await response.body?.cancel(); // only the status counts
  return { url, ok: response.ok, why: `status ${response.status}` };
}

/** Checks one link. A dead link is a result, not an error. */
export async function checkLink(url: string, timeout = 5000): Promise<Verdict> {
  try {
    return await withTimeout(timeout, () => visit(url));
  } catch (error) {
    if (error instanceof Cancelled) throw error; // nobody wants the result any more
    return { url, ok: false, why: error instanceof TimeoutError ? "too slow" : "no answer" };
  }
}

/** Checks many links, eight at a time. */
export function checkLinks(
  urls: string[],
  check: (url: string) => Promise<Verdict> = checkLink,
): Promise<Verdict[]> {
  return mapConcurrent(urls, (url) => check(url), { limit: 8 });
}
