/** Those in a cancelled scope are told of it in slices: what holds before they have been. */

import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Cancelled,
  CancelScope,
  checkpoint,
  debounce,
  group,
  interruptible,
  sleep,
  type Task,
  TaskCancelledError,
  TeardownError,
  throwIfCancelled,
} from "../../../mod.ts";
import { Entry } from "../../../scheduler/queue/entry.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { within } from "../../../scheduler/scopes/current_scope.ts";
import { Scope } from "../../../scheduler/scopes/scope.ts";
import { tellings } from "../../../scheduler/scopes/telling.ts";
import { Wait } from "../../../scheduler/waits/wait.ts";
import { testOnFakeLoop, testOnFakeLoopWith } from "../../support/fake_loop.ts";
import { latch } from "../../support/latch.ts";
import { macrotask } from "../../support/macrotask.ts";
import { tellSingly } from "../../support/tell_singly.ts";

/** Waits in a scope, oldest first, whose promises nobody awaits. */
function waitsIn(scope: Scope, count: number, onCancel: (index: number) => void = () => {}): Wait<number>[] {
  return Array.from({ length: count }, (_, index) => {
    const wait = new Wait<number>(scope, () => onCancel(index));
    wait.promise.catch(() => {});
    return wait;
  });
}

async function allTold(): Promise<void> {
  while (tellings().length > 0) await macrotask();
}

/** What is queued with the usual priority, and says when its turn has come. */
class Other extends Entry {
  hasRun = false;

  override run(): void {
    this.hasRun = true;
  }
}

testOnFakeLoop("cancelling 100,000 waits is told in slices: other work gets its turn between", (host) => {
  const scope = new Scope(undefined);
  let told = 0;
  // Telling one takes a hundredth of a millisecond.
  waitsIn(scope, 100_000, () => {
    told++;
    host.time += 0.01;
  });
  scope.cancel("cancel");
  assert(told > 50 && host.time <= 2, `${told} in the call, which took ${host.time} ms`);
  const other = new Other();
  loop().queue.enqueue(other, 2);
  let longest = 0;
  let toldBefore = Infinity;
  while (told < 100_000) {
    const before = host.time;
    assert(host.step(), "nothing is left to do");
    longest = Math.max(longest, host.time - before);
    if (other.hasRun) toldBefore = Math.min(toldBefore, told);
  }
  assert(longest <= 2, `a turn took ${longest} ms`);
  assert(toldBefore < 1000, `the other work had to wait until ${toldBefore} were told`);
  for (let left = 1000; left > 0 && tellings().length > 0; left--) host.step();
  assertEquals(tellings(), []);
  scope.close();
});

testOnFakeLoop("a cancellation of a few is told in the call, without a look at the clock", (host) => {
  const scope = new Scope(undefined);
  let told = 0;
  waitsIn(scope, 30, () => told++);
  let looks = 0;
  const { now } = host.host;
  Object.assign(host.host, { now: () => (looks++, now()) });
  const before = looks;
  scope.cancel("cancel");
  assertEquals([told, tellings().length], [30, 0]);
  // One look is that of the queue, for the first that came into it.
  assert(looks - before <= 1, `${looks - before} looks`);
});

testOnFakeLoopWith(
  "async context",
  "whoever is not yet told of a cancellation is refused at its next checkpoint, wait and spawn",
  async () => {
    tellSingly();
    await group(async (g) => {
      const last = latch<unknown>();
      for (let index = 0; index < 10; index++) g.spawn(() => sleep(1e6));
      let queued = false;
      const task = g.spawn(async () => {
        await last.promise;
        assertThrows(throwIfCancelled, Cancelled);
        await assertRejects(() => sleep(1), Cancelled);
        await assertRejects(() => checkpoint(), Cancelled);
      });
      const started = latch();
      g.spawn(() => started.open());
      await started.promise;
      const never = g.spawn(() => void (queued = true));
      g.cancel();
      assertEquals([never.state, task.state, task.signal.aborted], ["cancelling", "cancelling", true]);
      assertEquals(g.spawn(() => void (queued = true)).state, "cancelled");
      assert(tellings().length > 0, "all have been told already");
      last.open(undefined);
      await assertRejects(async () => await never.result, TaskCancelledError);
      assert(!queued, "a task has started in a cancelled group");
    });
  },
);

testOnFakeLoop("a task whose first turn comes before it is told never starts", async () => {
  tellSingly();
  await group(async (g) => {
    let started = 0;
    for (let index = 0; index < 20; index++) g.spawn(() => sleep(1e6));
    await checkpoint();
    const tasks = Array.from({ length: 20 }, () => g.spawn(() => void started++));
    g.cancel();
    await Promise.allSettled(tasks.map(({ result }) => result));
    assertEquals([started, new Set(tasks.map(({ state }) => state))], [0, new Set(["cancelled"])]);
  });
});

testOnFakeLoop("signals are aborted in the call, also of those who are told later", () => {
  tellSingly();
  const scope = new Scope(undefined);
  waitsIn(scope, 10);
  const inner = Array.from({ length: 10 }, () => new Scope(scope));
  const signals = inner.map(({ signal }) => signal);
  const shielded = new Scope(scope);
  shielded.setShield(true);
  const { signal: kept } = new Scope(shielded);
  const { signal: elsewhere } = new Scope(undefined);
  scope.cancel("cancel");
  assertEquals(tellings().length, 1);
  assertEquals([...signals, scope.signal].map(({ reason }) => reason), Array(11).fill(scope.request));
  assertEquals([kept.aborted, elsewhere.aborted], [false, false]);
});

testOnFakeLoop("a scope that has ended keeps no signal of it in the list of those to be aborted", () => {
  const top = new Scope(undefined);
  const { signalled } = top;
  const scopes = Array.from({ length: 10 }, () => new Scope(top));
  for (const scope of scopes) void scope.signal;
  assertEquals(signalled.size, 10);
  for (const [index, scope] of scopes.entries()) {
    if (index % 2 === 0) scope.cancel("cancel");
    scope.close();
  }
  assertEquals(signalled.size, 0);
});

testOnFakeLoop("members are told oldest first, and those inside a scope before it, in slices as at once", (host) => {
  const orders: string[][] = [];
  for (const isSliced of [false, true]) {
    if (isSliced) tellSingly();
    const order: string[] = [];
    class Named extends Scope {
      readonly name: string;

      constructor(parent: Scope | undefined, name: string) {
        super(parent);
        this.name = name;
      }

      override interrupt(): void {
        if (!order.includes(this.name)) order.push(this.name);
      }
    }
    const top = new Named(undefined, "top");
    const wait = (scope: Scope, name: string): void => {
      new Wait(scope, () => order.push(name)).promise.catch(() => {});
    };
    wait(top, "1");
    const first = new Named(top, "first");
    wait(first, "first 1");
    const deep = new Named(first, "deep");
    wait(deep, "deep 1");
    wait(deep, "deep 2");
    wait(first, "first 2");
    wait(top, "2");
    const second = new Named(top, "second");
    wait(second, "second 1");
    top.cancel("cancel");
    while (tellings().length > 0) assert(host.step(), "nothing is left to do");
    orders.push(order.filter((name) => name !== "top"));
  }
  assertEquals(orders[0], ["1", "first 1", "deep 1", "deep 2", "deep", "first 2", "first", "2", "second 1", "second"]);
  assertEquals(orders[1], orders[0]);
});

testOnFakeLoop("a wait whose value comes between the mark and the telling takes none, and rejects", async () => {
  tellSingly();
  const scope = new Scope(undefined);
  const told: number[] = [];
  const waits = waitsIn(scope, 6, (index) => told.push(index));
  scope.cancel("cancel");
  const last = waits[5]!;
  assertEquals([last.resolve(1), last.reject(new Error("no"))], [false, false]);
  // It has been told in its own way, and once.
  assertEquals([told.includes(5), last.interrupted], [true, true]);
  waits[4]!.settleInTurn(1);
  waits[3]!.failInTurn(new Error("late"));
  const results = await Promise.allSettled(waits.map(({ promise }) => promise));
  assertEquals(results.map((each) => (each as PromiseRejectedResult).reason), Array(6).fill(scope.request));
  assertEquals(told.sort(), [0, 1, 2, 3, 4, 5]);
});

testOnFakeLoop("a scope that is shielded before it is told goes on, and is told when the shield has gone", async () => {
  tellSingly();
  const outer = new Scope(undefined);
  waitsIn(outer, 5);
  const inner = new Scope(outer);
  let told = 0;
  const [refused, waiting] = waitsIn(inner, 2, () => told++);
  outer.cancel("cancel");
  // The value of one is refused before the shield, so that it has to reject although nobody comes by any more.
  assertEquals(refused!.resolve(1), false);
  inner.setShield(true);
  await assertRejects(() => refused!.promise, Cancelled);
  await allTold();
  assertEquals([told, waiting!.interrupted, inner.effective], [1, false, undefined]);
  inner.setShield(false);
  await assertRejects(() => waiting!.promise, Cancelled);
});

testOnFakeLoop(
  "a scope whose own cancellation is being told is told on under a shield against another one",
  async () => {
    tellSingly();
    const outer = new Scope(undefined);
    const inner = new Scope(outer);
    const waits = waitsIn(inner, 10);
    outer.cancel("cancel", "outer");
    inner.cancel("cancel", "inner");
    inner.setShield(true);
    const results = await Promise.allSettled(waits.map(({ promise }) => promise));
    const reasons = results.map((each) => ((each as PromiseRejectedResult).reason as Cancelled).reason);
    assertEquals([...new Set(reasons.slice(1))], ["inner"]);
  },
);

testOnFakeLoop("an outer cancellation while an inner one is being told is what is thrown from then on", async () => {
  tellSingly();
  const outer = new Scope(undefined);
  const inner = new Scope(outer);
  const waits = waitsIn(inner, 10);
  const others = waitsIn(outer, 3);
  inner.cancel("cancel", "inner");
  outer.cancel("cancel", "outer");
  const results = await Promise.allSettled([...waits, ...others].map(({ promise }) => promise));
  assertEquals(
    results.map((each) => (each as PromiseRejectedResult).reason),
    Array(13).fill(outer.request),
  );
  await allTold();
});

testOnFakeLoop("those in a scope that leaves the tree before it is told are told all the same", async () => {
  tellSingly();
  const outer = new Scope(undefined);
  waitsIn(outer, 5);
  const middle = new Scope(outer);
  const inner = new Scope(middle);
  const waits = waitsIn(inner, 5);
  outer.cancel("cancel");
  middle.detach();
  assertStrictEquals(inner.effective, outer.request);
  const results = await Promise.allSettled(waits.map(({ promise }) => promise));
  assertEquals(results.map(({ status }) => status), Array(5).fill("rejected"));
});

testOnFakeLoop("a scope that has left the tree is reached by no later cancellation from around, but by its own", () => {
  const outer = new Scope(undefined);
  const middle = new Scope(outer);
  const inner = new Scope(middle);
  const wait = new Wait(inner);
  wait.promise.catch(() => {});
  middle.detach();
  outer.cancel("cancel");
  assertEquals([middle.effective, inner.effective, wait.interrupted], [undefined, undefined, false]);
  middle.cancel("cancel");
  assertEquals([inner.effective, wait.interrupted], [middle.request, true]);
});

testOnFakeLoop("a scope that ends before it is told leaves nothing to be told, and its waits reject", async () => {
  tellSingly();
  const outer = new Scope(undefined);
  waitsIn(outer, 5);
  const inner = new Scope(outer);
  const waits = waitsIn(inner, 2);
  outer.cancel("cancel");
  inner.close();
  for (const { promise } of waits) {
    assertStrictEquals(await promise.catch((error) => error), outer.request);
  }
  outer.close();
  assertEquals(tellings().length, 0);
});

testOnFakeLoop("what is told may end others who are next, and begin a cancellation of its own", async () => {
  tellSingly();
  const outer = new Scope(undefined);
  const other = new Scope(undefined);
  const told: number[] = [];
  const others: number[] = [];
  waitsIn(other, 5, (index) => others.push(index));
  const waits: Wait<number>[] = waitsIn(outer, 10, (index) => {
    told.push(index);
    waits[index + 1]?.abandon();
    if (index === 2) other.cancel("cancel");
  });
  outer.cancel("cancel");
  await allTold();
  assertEquals([told, others], [[0, 2, 4, 6, 8], [0, 1, 2, 3, 4]]);
});

testOnFakeLoop(
  "the bound on a group's teardown counts from its cancellation, however long that takes to be told",
  async () => {
    tellSingly();
    let after: number[] = [];
    const stuck = latch();
    const ending = group(async (g) => {
      for (let index = 0; index < 20; index++) g.spawn(() => interruptible(stuck.promise));
      g.spawn(() => stuck.promise);
      await checkpoint();
      const before = loop().timers.size;
      g.cancel();
      after = [loop().timers.size - before, tellings().length];
    }, { teardownTimeout: 10 });
    const error = await assertRejects(() => ending, TeardownError);
    assertEquals([error.tasks.length, error.cause, after], [1, undefined, [1, 1]]);
    stuck.open();
  },
);

testOnFakeLoopWith(
  "async context",
  "a task that catches the cancellation is cancelled once it has been told, too",
  async () => {
    tellSingly();
    const tasks: Task<unknown>[] = [];
    const seen: unknown[] = [];
    const scope = new CancelScope();
    await scope.run(() =>
      group(async (g) => {
        for (let index = 0; index < 5; index++) {
          tasks.push(g.spawn(async () => {
            seen.push(await sleep(1e6).catch((error) => error));
            seen.push(await sleep(1e6).catch((error) => error));
          }));
        }
        await checkpoint();
        scope.cancel();
      })
    );
    assertEquals([seen.length, new Set(seen).size, tasks.map(({ state }) => state)], [
      10,
      1,
      Array(5).fill("cancelled"),
    ]);
    assertInstanceOf(seen[0], Cancelled);
  },
);

testOnFakeLoop("after the telling of one cancellation the next one is told as promptly", (host) => {
  for (let round = 0; round < 3; round++) {
    const scope = new Scope(undefined);
    const waits = waitsIn(scope, 200);
    within(scope, () => scope.cancel("cancel"), undefined);
    assertEquals([waits.every(({ interrupted }) => interrupted), tellings().length], [true, 0]);
    while (host.step());
  }
});

testOnFakeLoopWith(
  "async context",
  "a debounced function runs no more once its scope is cancelled, told of it or not",
  async () => {
    tellSingly();
    let runs = 0;
    await group(async (g) => {
      for (let index = 0; index < 5; index++) g.spawn(() => sleep(1e6));
      await checkpoint();
      const slept = sleep(1);
      const calls = [1, 2].map(() => debounce(() => runs++, 1));
      for (const call of calls) call();
      // Its turn is queued before the cancellation.
      await slept;
      g.cancel();
      assertEquals(calls.map(({ pending }) => pending), [false, false]);
      calls[0]!.flush();
    });
    await sleep(5);
    assertEquals(runs, 0);
  },
);
