import type { Turns } from "../../port/host.ts";
import { setTimer } from "../common/timers.ts";

/** Is this workerd, the host of Cloudflare's workers? */
export function isWorkerd(): boolean {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  return navigator?.userAgent === "Cloudflare-Workers";
}

/**
 * Turns over timers. workerd looks at no timer while there are messages, and a channel that was made in one request is of no use
 * to another. Its timers are neither clamped nor slower than messages, and those that are due come between two that follow one another.
 */
export function openTimerTurns(onTurn: (fresh: boolean) => void): Turns {
  let requested = 0;
  let fresh = true;
  function post(isAfterPoll: boolean): void {
    if (requested++ === 0) fresh = true;
    setTimer(() => {
      requested--;
      const wasFresh = fresh || isAfterPoll;
      fresh = false;
      onTurn(wasFresh);
    }, 0);
  }
  return { request: () => post(false), requestAfterPoll: () => post(true) };
}
