import type { Session } from "./session.ts";

/** The delay a timer has: of at least the profile's shortest, and that one where it is too long. */
export function delayOf(session: Session, ms: unknown): number {
  const delay = Math.trunc(Number(ms));
  const { shortestDelay } = session.settings;
  return delay >= shortestDelay && delay <= 2 ** 31 - 1 ? delay : shortestDelay;
}
