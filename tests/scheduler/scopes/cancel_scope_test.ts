import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  effectiveDeadline,
  group,
  interruptible,
  moveOnAfter,
  shield,
  sleep,
  sleepUntil,
  StructureError,
  throwIfCancelled,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { testWith } from "../../support/needs.ts";

testOnFakeLoop("a scope absorbs the cancellation it caused, and no other", async () => {
  const outer = new CancelScope();
  const inner = new CancelScope();
  let reached = false;
  const result = await outer.run(async () => {
    await inner.run(async () => {
      outer.cancel("outer");
      inner.cancel("inner");
      await sleep(1e6);
    });
    reached = true;
  });
  assertEquals([result, outer.cancelCaught, inner.cancelCalled, inner.cancelCaught, reached], [
    undefined,
    true,
    true,
    false,
    false,
  ]);
});

testOnFakeLoop("a scope that is left before any checkpoint saw the request throws nothing", async () => {
  const scope = new CancelScope();
  assertEquals(await scope.run(() => (scope.cancel(), "value")), "value");
  assertEquals([scope.cancelCalled, scope.cancelCaught], [true, false]);
});

testOnFakeLoop("the reason is written once", async () => {
  const scope = new CancelScope({ timeout: 0 });
  let seen: unknown;
  await scope.run(async () => {
    scope.cancel("later");
    await checkpoint().catch((error) => seen = error.source);
  });
  assertEquals(seen, "deadline");
});

testOnFakeLoop("a scope can be cancelled before it is entered, and entered only once", async () => {
  const scope = new CancelScope();
  scope.cancel("early");
  await scope.run(() => sleep(1e6));
  assert(scope.cancelCaught, "it was not cancelled");
  assertThrows(() => scope.run(() => {}), StructureError, "only once");
});

test("the deadline can be moved while something waits inside", async () => {
  const scope = new CancelScope({ timeout: 1e6 });
  const done = scope.run(() => sleep(1e6));
  scope.deadline = performance.now() + 1;
  await done;
  assert(scope.cancelCaught, "the new deadline did not cancel it");
});

testWith(
  "async context",
  "a shield keeps the cancellation around it out, and lets it in when it is lowered",
  async () => {
    const log: string[] = [];
    const outer = new CancelScope();
    const inner = new CancelScope({ shield: true });
    await outer.run(async () => {
      await inner.run(async () => {
        outer.cancel();
        await sleep(1);
        log.push("shielded");
        setTimeout(() => inner.shield = false, 1);
        await sleep(1e6);
        log.push("not reached");
      });
    });
    assertEquals(log, ["shielded"]);
    assert(outer.cancelCaught && !inner.cancelCaught, "the wrong scope absorbed it");
  },
);

testOnFakeLoopWith("async context", "cleanup in a shield may wait; after it the cancellation shows again", async () => {
  const log: string[] = [];
  const scope = new CancelScope();
  await scope.run(async () => {
    scope.cancel();
    try {
      await sleep(1e6);
    } finally {
      await shield(() => sleep(1));
      log.push("cleaned");
      assertThrows(() => throwIfCancelled(), Cancelled);
    }
  });
  assertEquals(log, ["cleaned"]);
  await assertRejects(() => shield(() => sleep(1e6), { timeout: 1 }), TimeoutError);
});

testOnFakeLoop(
  "withTimeout throws TimeoutError exactly if its deadline fired, also when the body swallowed the cancellation",
  async () => {
    assertEquals(await withTimeout(1e6, () => 1), 1);
    assertEquals(await withTimeout(Infinity, () => sleep(1).then(() => 2)), 2);
    await assertRejects(() => withTimeout(1, () => sleep(1e6)), TimeoutError, "1 ms");
    await assertRejects(() => withTimeout(1, () => sleep(1e6).catch(() => "swallowed")), TimeoutError);
    const own = new Error("in reaction");
    const error = await assertRejects(() => withTimeout(1, () => sleep(1e6).catch(() => Promise.reject(own))));
    assertStrictEquals(error, own);
    const outer = new CancelScope();
    await outer.run(() => {
      outer.cancel();
      return withTimeout(1e6, () => sleep(1e6));
    });
    assert(outer.cancelCaught, "a cancellation from around it became a timeout");
  },
);

testOnFakeLoop("of two nested timeouts the one that fired is the one that is thrown", async () => {
  const inner = await withTimeout(1e6, () => withTimeout(1, () => sleep(1e6))).catch((error) => error.timeout);
  const outer = await withTimeout(1, () => withTimeout(1e6, () => sleep(1e6))).catch((error) => error.timeout);
  assertEquals([inner, outer], [1, 1]);
});

testOnFakeLoop("moveOnAfter tells a timeout from a value", async () => {
  assertEquals(await moveOnAfter(1, () => sleep(1e6).then(() => "late")), undefined);
  assertEquals(await moveOnAfter(1e6, () => "value"), "value");
});

testOnFakeLoop("a timeout of 0 cancels at the first checkpoint, and wrong times are refused at the call", async () => {
  let ran = false;
  await moveOnAfter(0, async () => {
    ran = true;
    await checkpoint();
    ran = false;
  });
  assert(ran, "the body did not run up to its first checkpoint");
  for (const ms of [-1, NaN]) {
    assertThrows(() => withTimeout(ms, () => {}), RangeError, String(ms));
    assertThrows(() => sleep(ms), RangeError, String(ms));
  }
  assertThrows(() => sleep("1" as never), TypeError, '"1"');
});

testOnFakeLoop("the effective deadline is the nearest one around, up to a shield", async () => {
  assertEquals(effectiveDeadline(), Infinity);
  await withTimeout(1e6, async () => {
    const outer = effectiveDeadline();
    await withTimeout(2e6, () => assertEquals(effectiveDeadline(), outer));
    await shield(() => assertEquals(effectiveDeadline(), Infinity));
    const scope = new CancelScope();
    await scope.run(() => {
      scope.cancel();
      assertEquals(effectiveDeadline(), -Infinity);
    });
  });
});

test("sleep is never early, also beyond what a timer of the host can hold", async () => {
  for (const ms of [0.1, 1.7, 3]) {
    const start = performance.now();
    await sleep(ms);
    assert(performance.now() - start >= ms, `${performance.now() - start} of ${ms} ms`);
  }
  const start = performance.now();
  await sleepUntil(start + 2);
  assert(performance.now() >= start + 2, "sleepUntil was early");
  assertEquals(await moveOnAfter(5, () => sleep(2 ** 31 + 1000).then(() => "early")), undefined);
});

testOnFakeLoopWith("async context", "2,000 nested scopes are cancelled without recursion", async () => {
  const top = new CancelScope();
  let deepest = false;
  let reach!: () => void;
  const reached = new Promise<void>((resolve) => reach = resolve);
  async function nest(depth: number): Promise<unknown> {
    if (depth > 0) return await new CancelScope().run(() => Promise.resolve().then(() => nest(depth - 1)));
    reach();
    return await sleep(1e6).finally(() => deepest = true);
  }
  const done = top.run(() => nest(2000));
  await reached;
  top.cancel();
  await done;
  assert(deepest && top.cancelCaught, "the cancellation did not reach the innermost scope");
});

test("a signal's abort cancels a scope and is what run rejects with; no listener stays on it", async () => {
  const controller = new AbortController();
  let listeners = 0;
  const { signal } = controller;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: unknown[]) => (listeners++, (add as (...args: unknown[]) => void)(...args));
  signal.removeEventListener = (...args: unknown[]) => (listeners--, (remove as (...args: unknown[]) => void)(...args));
  for (let round = 0; round < 1000; round++) await new CancelScope({ signal }).run(() => round);
  await group(() => {}, { signal });
  assertEquals(listeners, 0);
  const reason = { why: "foreign" };
  const done = new CancelScope({ signal }).run(() => sleep(1e6)).catch((error) => error);
  controller.abort(reason);
  assertStrictEquals(await done, reason);
});

testOnFakeLoop(
  "task and scope signals are aborted with the Cancelled, and one read too late is aborted already",
  async () => {
    const scope = new CancelScope();
    const early = scope.signal;
    await scope.run(async () => {
      scope.cancel("why");
      await checkpoint().catch(() => {});
    });
    assert(early.aborted && scope.signal.aborted, "a signal is not aborted");
    assertInstanceOf(scope.signal.reason, Cancelled);
  },
);

testOnFakeLoop("interruptible leaves a promise that lives on, and takes its outcome when it comes", async () => {
  let settle!: (value: string) => void;
  const promise = new Promise<string>((resolve) => settle = resolve);
  assertEquals(await moveOnAfter(1, () => interruptible(promise)), undefined);
  const waiting = interruptible(promise);
  settle("value");
  assertEquals(await waiting, "value");
  await assertRejects(() => interruptible(Promise.reject(new Error("no"))), Error, "no");
  assertThrows(() => interruptible(1 as never), TypeError, "received 1");
});
