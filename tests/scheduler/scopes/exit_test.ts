/** What scopes cover, absorb and let out. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  currentSignal,
  group,
  moveOnAfter,
  retry,
  shield,
  sleep,
  suppressed,
  type TaskGroup,
  TimeoutError,
  withTimeout,
} from "../../../mod.ts";
import { simulate } from "../../../testing.ts";
import { errorOf, failsWhenCancelled } from "../../support/errors.ts";
import { testWith } from "../../support/needs.ts";

const limited: Record<string, (body: () => unknown, ms: number) => Promise<unknown>> = {
  withTimeout: (body, ms) => withTimeout(ms, body),
  moveOnAfter: (body, ms) => moveOnAfter(ms, body),
  "CancelScope.run": (body, ms) => new CancelScope({ timeout: ms }).run(body),
  group: (body, ms) => group(body, { timeout: ms }),
  retry: (body, ms) => retry(body, { timeout: ms, attempts: 1 }),
};

/** A thenable that begins to wait only when it is asked to, as a query builder does. */
const lazy = (ms: number): PromiseLike<void> => ({
  then: ((resolve: () => void, reject: () => void) => sleep(ms).then(resolve, reject)) as never,
});

for (const [name, limit] of Object.entries(limited)) {
  testWith(
    "async context",
    `${name} ends the wait for a task, or for a lazy thenable, that its body returns`,
    async () => {
      await simulate(async () => {
        await group(async (g) => {
          const task = g.spawn(() => sleep(3000));
          for (const body of [() => task, () => lazy(3000), async () => await task]) {
            const start = performance.now();
            await limit(body, 60).catch((error) => assertInstanceOf(error, TimeoutError));
            assertEquals(performance.now() - start, 60, String(body));
          }
          g.cancel();
        });
      });
    },
  );
}

test("a shield holds while a task is awaited that its body returns", async () => {
  await simulate(async () => {
    await group(async (g) => {
      const task = g.spawn(() => shield(() => sleep(20).then(() => "saved")));
      const scope = new CancelScope();
      const kept = scope.run(() => shield(() => task));
      scope.cancel();
      assertEquals(await kept, "saved");
    });
  });
});

testWith("async context", "code between two cancelled scopes does not run, whichever was cancelled first", async () => {
  const order = fc.shuffledSubarray(["inner", "outer"], { minLength: 2, maxLength: 2 });
  await fc.assert(fc.asyncProperty(order, fc.boolean(), async (cancelled, sawIt) => {
    let between = false;
    const outer = new CancelScope();
    const inner = new CancelScope();
    const scopes: Record<string, CancelScope> = { outer, inner };
    await outer.run(async () => {
      await inner.run(async () => {
        for (const name of cancelled) {
          scopes[name]!.cancel();
          if (sawIt) await checkpoint().catch(() => {});
        }
        await checkpoint();
      });
      between = true;
    });
    assertEquals([between, outer.cancelCaught, inner.cancelCaught], [false, true, false]);
  }));
});

test("a shielded scope absorbs its own cancellation, also in a cancelled scope", async () => {
  let between = false;
  const outer = new CancelScope();
  await outer.run(async () => {
    outer.cancel();
    const inner = new CancelScope({ shield: true });
    await inner.run(async () => {
      inner.cancel();
      await checkpoint();
    });
    between = inner.cancelCaught;
  });
  assertEquals(between, true);
});

test("a limit that is over in a cancelled scope throws that scope's cancellation, and no TimeoutError", async () => {
  await simulate(async () => {
    for (const limit of [limited["withTimeout"]!, limited["group"]!]) {
      let seen: unknown;
      const outer = new CancelScope({ timeout: 20 });
      await outer.run(async () => {
        seen = await errorOf(limit(() => sleep(1e6).finally(() => shield(() => sleep(30))), 10));
        throw seen;
      });
      assertInstanceOf(seen, Cancelled);
      assertEquals(outer.cancelCaught, true);
    }
  });
});

test("a body's error goes out of any number of cancelled scopes", async () => {
  const error = new RangeError("its own");
  for (const limit of Object.values(limited)) {
    const scope = new CancelScope();
    const work = scope.run(() => limit(() => failsWhenCancelled(error), 1e6));
    scope.cancel();
    assertStrictEquals(await errorOf(work), error);
  }
});

test("the result of a task that was cancelled from around is, in the scope around, that cancellation", async () => {
  await simulate(async () => {
    const wait = (): Promise<unknown> => group((g) => g.spawn(() => sleep(1e6)).result);
    assertEquals(await moveOnAfter(10, wait), undefined);
    await assertRejects(() => withTimeout(10, wait), TimeoutError);
  });
});

testWith(
  "async context",
  "what came after an error is that of its occurrence, also if all throw the same object",
  async () => {
    const constant = new Error("the connection is closed");
    const request = (g: TaskGroup, later: string[]): void => {
      g.spawn(() => sleep(1).then(() => Promise.reject(constant)));
      for (const message of later) g.spawn(() => failsWhenCancelled(message));
    };
    await simulate(async () => {
      const seen: Record<string, unknown> = {};
      await group((server) => {
        for (const [name, later] of Object.entries({ one: ["a", "b"], two: [], three: ["c"] })) {
          server.spawn(async () => {
            const error = await errorOf(withTimeout(1000, () => group((g) => request(g, later))));
            assertStrictEquals(error, constant);
            await sleep(5);
            seen[name] = suppressed(error);
          });
        }
      });
      assertEquals(seen, { one: ["a", "b"], two: [], three: ["c"] });
    });
    for (let round = 0; round < 100; round++) {
      await errorOf(group((g) => request(g, [`a secret of user ${round}`])));
    }
    const error = await errorOf(group((g) => request(g, [])));
    assertEquals(suppressed(error), []);
  },
);

test("what came after an error further in goes with it through the groups and scopes around", async () => {
  const first = new Error("first");
  const inner = (): Promise<unknown> =>
    group((g) => {
      g.spawn(() => sleep(1).then(() => Promise.reject(first)));
      g.spawn(() => failsWhenCancelled("inner"));
    });
  const ways: (() => Promise<unknown>)[] = [
    () => withTimeout(1e6, inner),
    () => new CancelScope().run(() => moveOnAfter(1e6, inner)),
    () => group((g) => void g.spawn(inner)),
    () => group(() => inner()),
  ];
  for (const way of ways) {
    const error = await errorOf(group((g) => {
      g.spawn(way);
      g.spawn(() => failsWhenCancelled("outer"));
    }));
    assertStrictEquals(error, first);
    assertEquals(suppressed(error), ["inner", "outer"], String(way));
  }
});

test("currentSignal is that of the innermost scope, the same each time, and aborted with its cancellation", async () => {
  await simulate(async () => {
    assertEquals(currentSignal().aborted, false);
    const error = await errorOf(withTimeout(50, () => {
      const signal = currentSignal();
      assertStrictEquals(currentSignal(), signal);
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    }));
    assertInstanceOf(error, TimeoutError);
    await group(async (g) => {
      const task = g.spawn((task) => (assertStrictEquals(currentSignal(), task.signal), currentSignal()));
      const signal = await task;
      assertEquals(signal.aborted, false);
    });
  });
});

test("outside any scope currentSignal gives a signal that nothing aborts, and nobody shares", () => {
  assert(currentSignal() instanceof AbortSignal);
  assert(currentSignal() !== currentSignal());
});
