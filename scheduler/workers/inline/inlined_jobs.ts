/**
 * Which call the code of this thread belongs to, while calls run inline beside other code: the flow of control tells, where the host
 * carries it. Code that no flow leads to, such as a listener, is taken to be that of the call that began last.
 *
 * @module
 */

import type { ContextSlot } from "../../../runtime/port/host.ts";
import { loop } from "../../queue/loop.ts";
import { type Job, setInlined } from "../thread/current_job.ts";

interface Held {
  job: Job | undefined;
}

let slot: ContextSlot | undefined;
const open = new Set<Held>();

/** Calls a function as the code of a job, until the function it returns is called. */
export function runAs<T>(job: Job, fn: () => T): { value: T; end(): void } {
  if (slot === undefined) {
    const own = slot = loop().host.openContext();
    setInlined({ here: () => (own.get() as Held | undefined)?.job, last: () => [...open].at(-1)?.job });
  }
  const held: Held = { job };
  open.add(held);
  const end = (): void => {
    held.job = undefined;
    open.delete(held);
  };
  try {
    return { value: slot.run(held, fn as (_: undefined) => T, undefined), end };
  } catch (error) {
    end();
    throw error;
  }
}
