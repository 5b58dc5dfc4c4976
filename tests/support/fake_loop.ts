/**
 * Millrace on a loop whose time is the test's: it passes only when nothing else is left to do, and then jumps to the next timer.
 *
 * @module
 */

import { test } from "node:test";
import { Loop, replaceLoop } from "../../scheduler/queue/loop.ts";
import { FakeHost } from "./fake_host.ts";
import { macrotask } from "./macrotask.ts";
import { type Need, testWith } from "./needs.ts";

/** Runs `body` on such a loop; rejects if it waits for something that never comes. */
export async function onFakeLoop<T>(body: (host: FakeHost) => Promise<T>): Promise<T> {
  const host = new FakeHost();
  const real = replaceLoop(new Loop(host.host));
  try {
    const result = body(host);
    let ended = false;
    result.then(() => ended = true, () => ended = true);
    for (let idle = 0; !ended; idle++) {
      // The real host drains the microtasks between two turns.
      await macrotask();
      if (ended) break;
      if (host.step() || host.jump()) idle = 0;
      else if (idle > 100) throw new Error("nothing is left to do, but the body has not ended");
    }
    return await result;
  } finally {
    replaceLoop(real);
  }
}

/** The same, skipped with the reason where the host lacks what it needs. */
export function testOnFakeLoopWith(need: Need, title: string, body: (host: FakeHost) => unknown): void {
  testWith(need, title, () => onFakeLoop(async (host) => void await body(host)));
}

/** A test on such a loop: what it does depends on no clock but its own, however loaded the machine is. */
export function testOnFakeLoop(title: string, body: (host: FakeHost) => unknown): void {
  test(title, () => onFakeLoop(async (host) => void await body(host)));
}
