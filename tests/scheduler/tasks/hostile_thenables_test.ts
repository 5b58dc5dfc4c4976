/** What the functions of users may return, throw and be: anything. */

import { test } from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  allSettled,
  CancelScope,
  Channel,
  configure,
  group,
  retry,
  sleep,
  supervise,
  withTimeout,
} from "../../../mod.ts";
import { errorOf } from "../../support/errors.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns } from "../../support/turns.ts";
import { within } from "../../support/within.ts";

/** Each way to run a function: all await what it returns. */
const ways: Record<string, (fn: () => unknown) => Promise<unknown>> = {
  "a task": (fn) => group(async (g) => await g.spawn(fn)),
  "the body of a group": (fn) => group(fn),
  "the body of a scope": (fn) => new CancelScope().run(fn),
  withTimeout: (fn) => withTimeout(1e6, fn),
  retry: (fn) => retry(fn, { attempts: 1 }),
  allSettled: async (fn) => {
    const [result] = await allSettled([fn]);
    if (result.status === "rejected") throw result.reason;
    return result.value;
  },
};

/** A subclass whose constructor takes no executor: it cannot be given a reaction. */
class Deferred extends Promise<number> {
  constructor() {
    super((resolve) => resolve(1));
  }
}

/** What a promise rejects with, in an object: a promise of a revoked proxy would fail itself. */
async function rejection(promise: Promise<unknown>): Promise<{ reason: unknown }> {
  const [result] = await Promise.allSettled([promise]);
  assertEquals(result.status, "rejected");
  return result as PromiseRejectedResult;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

const odd = Object.defineProperty(new Error("odd"), "name", {
  get() {
    throw new Error("no name");
  },
});

for (const [name, run] of Object.entries(ways)) {
  test(`${name} takes the first call back of a thenable, and its then that throws as a rejection`, async () => {
    const twice = {
      then: ((one: (v: unknown) => void, two: (v: unknown) => void) => (one(1), one(2), two(3))) as never,
    };
    assertEquals(await run(() => twice as PromiseLike<unknown>), 1);
    const own = Object.assign(Promise.resolve(1), { then: twice.then });
    assertEquals(await run(() => own), 1);
    const error = new RangeError("broken");
    const throwing = {
      then() {
        throw error;
      },
    };
    assertStrictEquals(await errorOf(run(() => throwing)), error);
    const getter = Object.defineProperty({}, "then", {
      get() {
        throw error;
      },
    });
    assertStrictEquals(await errorOf(run(() => getter)), error);
    const outcome = await run(() => new Deferred()).catch((error) => error.name);
    assertEquals(outcome === 1 || outcome === "TypeError", true, String(outcome));
  });

  test(`${name} calls its function without this`, async () => {
    function whose(this: unknown): unknown {
      return this;
    }
    assertEquals(await run(whose as () => unknown), undefined);
  });

  test(`whatever is thrown ends ${name}, also what cannot be read`, async () => {
    const stray = await strayRejections(async () => {
      for (const thrown of [revoked(), odd, null, undefined, 0, Symbol("thrown")]) {
        const error = await within(rejection(run(() => Promise.reject(thrown))), `${name} has rejected`);
        assertEquals(error.reason === thrown, true);
        const cleanup = new CancelScope();
        const ended = rejection(cleanup.run(() => run(() => sleep(1e6).finally(() => Promise.reject(thrown)))));
        await turns(3);
        cleanup.cancel();
        assertEquals((await within(ended, `${name} has ended after its cancellation`)).reason === thrown, true);
      }
    });
    assertEquals(stray, []);
  });
}

test("a hook that gives a promise which rejects has its error told to onUnhandled, and the host hears of no rejection", async () => {
  const told: unknown[] = [];
  configure({ onUnhandled: (error) => void told.push((error as Error).message) });
  try {
    const stray = await strayRejections(async () => {
      const onUndelivered = (item: string): Promise<never> => Promise.reject(new Error(item));
      const channel = new Channel<string>(1, { overflow: "sliding", onUndelivered });
      channel.trySend("undelivered");
      channel.trySend("kept");
      await supervise((s) => void s.spawn(() => Promise.reject(new Error("task"))), {
        onFailure: () => Promise.reject(new Error("failure")),
      });
    });
    assertEquals([stray, told.sort()], [[], ["failure", "undelivered"]]);
  } finally {
    configure({ onUnhandled: undefined });
  }
});
