/**
 * What the host itself counts among its requests in flight: what natives of it, and calls that nobody has listed, have begun.
 *
 * @module
 */

import { type Flight, longestWait } from "../loop/in_flight.ts";

/** Not handles, which may be open and idle: each of these comes to an end by itself. */
const request = /^FSReq|^GetAddrInfo|^GetNameInfo|^Query|ConnectWrap$|^WriteWrap|^ShutdownWrap|SendWrap$/;

/** The requests of the process, where its host tells of them. */
export function hostRequests(): Flight {
  const { process } = globalThis as { process?: { getActiveResourcesInfo?(): readonly string[] } };
  const count = (): number => process?.getActiveResourcesInfo?.().filter((name) => request.test(name)).length ?? 0;
  return {
    isOver: false,
    get patience() {
      return count() > 0 ? longestWait : 0;
    },
    get signs() {
      return count();
    },
  };
}
