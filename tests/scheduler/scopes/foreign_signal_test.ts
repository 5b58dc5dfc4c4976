/** Those who listen to a signal of somebody else; and what takes a signal in scheduler/, sixteen times on one signal. */

import { test } from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  all,
  allSettled,
  any,
  Barrier,
  CancelScope,
  Channel,
  checkpoint,
  Condition,
  configure,
  forEachChunked,
  group,
  interruptible,
  Latch,
  mapChunked,
  mapConcurrent,
  Mutex,
  nextFrame,
  race,
  reduceChunked,
  retry,
  runChunked,
  scheduler,
  Semaphore,
  sleep,
  supervise,
  TaskController,
  TaskGroup,
  WorkerPool,
} from "../../../mod.ts";
import { joinSignal, onAbort } from "../../../scheduler/scopes/foreign_signal.ts";
import { Scope } from "../../../scheduler/scopes/scope.ts";
import { run } from "../../support/child.ts";
import { collect } from "../../support/chunks.ts";
import { errorOf } from "../../support/errors.ts";
import { latch } from "../../support/latch.ts";
import { countListeners, inScope, many, once, type Operation, runOnOneSignal } from "../../support/shared_signal.ts";
import { turns } from "../../support/turns.ts";
import { flagsOf, module, type Pool, type Tasks, withPool } from "../workers/pool_support.ts";
import { type Need, testWith } from "../../support/needs.ts";

/** A signal that is of no class of the host's. */
class HandMade {
  aborted = false;
  reason: unknown = undefined;
  readonly listeners: Set<() => void> = new Set();

  addEventListener(type: string, listener: () => void): void {
    if (type === "abort") this.listeners.add(listener);
  }

  removeEventListener(_type: string, listener: () => void): void {
    this.listeners.delete(listener);
  }

  /** Tells its listeners, also for a second time. */
  abort(reason: unknown): void {
    this.aborted = true;
    this.reason = reason;
    for (const listener of [...this.listeners]) listener();
  }
}

/** What goes to `onUnhandled` while `act` runs. */
function unhandledIn(act: () => void): unknown[] {
  const errors: unknown[] = [];
  configure({ onUnhandled: (error) => errors.push(error) });
  try {
    act();
  } finally {
    configure({ onUnhandled: undefined });
  }
  return errors;
}

test("those who listen to a signal are told in the order in which they joined, scopes and others alike", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = countListeners(signal);
  const told: unknown[] = [];
  class Told extends Scope {
    override cancel(_source: unknown, reason?: unknown): void {
      told.push(["scope", reason]);
    }
  }
  onAbort(signal, (reason) => told.push(["first", reason]));
  const leave = onAbort(signal, () => told.push("one who has left"));
  joinSignal(new Told(undefined), signal);
  onAbort(signal, (reason) => told.push(["last", reason]));
  leave();
  leave();
  assertEquals(listeners(), 1);
  controller.abort("why");
  assertEquals(told, [["first", "why"], ["scope", "why"], ["last", "why"]]);
  assertEquals(listeners(), 0);
});

test("the same function that listens twice is told twice, and leaves once for each time", () => {
  const controller = new AbortController();
  let told = 0;
  const fn = (): void => void told++;
  const leave = onAbort(controller.signal, fn);
  onAbort(controller.signal, fn);
  onAbort(controller.signal, fn);
  leave();
  controller.abort();
  assertEquals(told, 2);
});

test("one who throws when told of an abort loses nobody else's, and its error goes to onUnhandled", () => {
  const controller = new AbortController();
  const told: number[] = [];
  const error = new Error("of the first");
  onAbort(controller.signal, () => {
    told.push(1);
    throw error;
  });
  onAbort(controller.signal, () => told.push(2));
  const errors = unhandledIn(() => {
    controller.abort();
    onAbort(controller.signal, () => {
      throw error;
    });
  });
  assertEquals(told, [1, 2]);
  assertEquals(errors.length, 2);
  for (const each of errors) assertStrictEquals(each, error);
});

test("one who leaves while others are told is not told, and one who joins then is told at once", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = countListeners(signal);
  const told: string[] = [];
  onAbort(signal, () => {
    told.push("first");
    leave();
    onAbort(signal, () => told.push("joined meanwhile"));
  });
  const leave = onAbort(signal, () => told.push("left meanwhile"));
  onAbort(signal, () => told.push("last"));
  controller.abort();
  leave();
  assertEquals(told, ["first", "joined meanwhile", "last"]);
  assertEquals(listeners(), 0);
});

test("one who joins a signal that is aborted already is told at once, and leaves no listener", () => {
  const signal = AbortSignal.abort("early");
  const listeners = countListeners(signal);
  const told: unknown[] = [];
  onAbort(signal, (reason) => told.push(reason))();
  assertEquals(told, ["early"]);
  const scope = new Scope(undefined);
  joinSignal(scope, signal)();
  assertEquals([scope.request?.source, scope.request?.reason], ["signal", "early"]);
  assertEquals(listeners(), 0);
});

test("one who joins while others are told by an event without an abort is told by the abort", () => {
  const byHand = new HandMade();
  const signal = byHand as unknown as AbortSignal;
  const told: string[] = [];
  onAbort(signal, () => {
    told.push("first");
    onAbort(signal, () => told.push("joined meanwhile"));
    leave();
  });
  const leave = onAbort(signal, () => told.push("left meanwhile"));
  for (const listener of [...byHand.listeners]) listener();
  onAbort(signal, () => told.push("joined after it"));
  assertEquals([told, byHand.listeners.size], [["first"], 1]);
  byHand.abort("why");
  assertEquals(told, ["first", "joined meanwhile", "joined after it"]);
});

test("a signal that is no host's has one listener too, and its second event tells nobody again", async () => {
  for (const byHand of [new HandMade(), Object.assign(Object.create(null), new HandMade()) as HandMade]) {
    // Of an object without a prototype, the methods are its own.
    Object.assign(byHand, {
      addEventListener: HandMade.prototype.addEventListener,
      removeEventListener: HandMade.prototype.removeEventListener,
    });
    const signal = byHand as unknown as AbortSignal;
    await group(() => checkpoint(), { signal });
    assertEquals(byHand.listeners.size, 0);
    let told = 0;
    onAbort(signal, () => told++);
    const reason = { own: true };
    const ends = [
      errorOf(new CancelScope({ signal }).run(() => sleep(1e9))),
      errorOf(group(() => sleep(1e9), { signal })),
      errorOf(forEachChunked(1e9, () => {}, { signal })),
    ];
    assertEquals(byHand.listeners.size, 1);
    const [listener] = byHand.listeners;
    HandMade.prototype.abort.call(byHand, reason);
    listener!();
    for (const end of ends) assertStrictEquals(await end, reason);
    assertEquals([told, byHand.listeners.size], [1, 0]);
  }
});

testWith(
  "programs",
  "a signal keeps nothing of those who have left it or were told, and whoever listens keeps no signal",
  async () => {
    const program = new URL("./programs/foreign_signal_gc.ts", import.meta.url);
    const { stdout, stderr } = await run(program, [], { env: { DENO_V8_FLAGS: "--expose-gc" } });
    const lines = stdout.trimEnd().split("\n").map((line) => line.replace(/(none|hardly any)$/, "few"));
    assertEquals(lines, [
      "those who have left: few",
      "those who were told: few",
      "those who listen: all",
      "signals that were left: few",
      "signals that nobody can abort: few",
      "told: 200",
    ], `${stdout}${stderr}`);
  },
);

function later<T>(value: T): () => Promise<T> {
  return () => Promise.resolve(value);
}

function forever(): Promise<void> {
  return sleep(1e9);
}

/** Says that nothing is left to do but to wait, and does so. */
function lastly(wait: () => Promise<unknown>): (here: () => void) => Promise<unknown> {
  return (here) => {
    here();
    return wait();
  };
}

const kinds: Record<string, (pool: Pool) => Operation> = {
  "scopes": () => inScope(() => sleep(1), lastly(forever)),
  "groups": () => ({
    ends: (signal) => group((g) => void g.spawn(() => sleep(1)), { signal }),
    hangs: (signal) => () => group((g) => void g.spawn(forever), { signal }),
  }),
  "groups made with new": () => ({
    async ends(signal) {
      await using g = new TaskGroup({ signal });
      g.spawn(() => sleep(1));
      await g.join();
    },
    hangs: (signal) => async () => {
      await using g = new TaskGroup({ signal });
      g.spawn(forever);
      await g.join();
    },
  }),
  "supervisors": () => ({
    ends: (signal) => supervise((supervisor) => void supervisor.spawn(() => {}), { signal }),
    hangs: (signal) => () => supervise((supervisor) => void supervisor.spawn(forever), { signal }),
  }),
  "calls of all": () => ({
    ends: (signal) => all([later(1), () => sleep(1)], { signal }),
    hangs: (signal) => () => all([later(1), forever], { signal }),
  }),
  "calls of allSettled": () => ({
    ends: (signal) => allSettled([later(1), () => sleep(1)], { signal }),
    hangs: (signal) => () => allSettled([later(1), forever], { signal }),
  }),
  "calls of race": () => ({
    ends: (signal) => race([later(1), forever], { signal }),
    hangs: (signal) => () => race([forever, forever], { signal }),
  }),
  "calls of any": () => ({
    ends: (signal) => any([() => Promise.reject(new Error("no")), later(1)], { signal }),
    hangs: (signal) => () => any([() => Promise.reject(new Error("no")), forever], { signal }),
  }),
  "calls of mapConcurrent": () => ({
    ends: (signal) => mapConcurrent([1, 2, 3], (n) => sleep(n), { signal, limit: 2 }),
    hangs: (signal) => () => mapConcurrent([1, 2, 3], forever, { signal, limit: 2 }),
  }),
  "calls of retry": () => ({
    ends: (signal) => retry((attempt) => attempt < 3 ? Promise.reject(new Error("no")) : 1, { signal, delay: 1 }),
    hangs: (signal) => () => retry(forever, { signal }),
  }),
  "calls of retry between two attempts": () => ({
    ends: (signal) => retry((attempt) => attempt < 3 ? Promise.reject(new Error("no")) : 1, { signal, delay: 1 }),
    async hangs(signal) {
      const retrying = retry(() => Promise.reject(new Error("no")), { signal, delay: 1e9, maxDelay: 1e9 });
      await turns();
      return () => retrying;
    },
  }),
  "calls of forEachChunked": () => ({
    ends: (signal) => forEachChunked(100, () => {}, { signal }),
    hangs: (signal) => () => forEachChunked(1e12, () => {}, { signal }),
  }),
  "calls of mapChunked": () => ({
    ends: (signal) => mapChunked([1, 2, 3], (n) => n, { signal }),
    hangs: (signal) => () => mapChunked(1e12, (n) => n, { signal }),
  }),
  "calls of reduceChunked": () => ({
    ends: (signal) => reduceChunked(100, (sum, n) => sum + n, 0, { signal }),
    hangs: (signal) => () => reduceChunked(1e12, (sum, n) => sum + n, 0, { signal }),
  }),
  "calls of runChunked": () => ({
    ends: (signal) => runChunked(function* () {}, { signal }),
    hangs: (signal) => () =>
      runChunked(function* () {
        for (;;) yield;
      }, { signal }),
  }),
  "posted tasks that wait": () => ({
    ends: (signal) => scheduler.postTask(() => 1, { signal }),
    hangs: (signal) => () => scheduler.postTask(() => 1, { signal }),
  }),
  "posted tasks that are delayed": () => ({
    ends: (signal) => scheduler.postTask(() => 1, { signal, delay: 1 }),
    hangs: (signal) => () => scheduler.postTask(() => 1, { signal, delay: 1e9 }),
  }),
  "posted tasks that wait for something": () => ({
    ends: (signal) => scheduler.postTask(() => sleep(1), { signal }),
    hangs: (signal) => once((here) => scheduler.postTask(() => lastly(forever)(here), { signal })),
  }),
  "posted tasks that yield": () => {
    let waiting = 0;
    const allBegun = latch();
    return {
      ends: (signal) => scheduler.postTask(() => scheduler.yield(), { signal }),
      hangs: (signal) =>
        once((here) =>
          scheduler.postTask(async () => {
            here();
            if (++waiting === many) allBegun.open();
            // What goes on after a yield comes before what has not begun.
            await allBegun.promise;
            for (;;) await scheduler.yield();
          }, { signal })
        ),
    };
  },
  "waits for a channel's value": () =>
    inScope(async () => {
      const channel = new Channel<number>(1);
      await channel.send(1);
      await channel.receive();
    }, lastly(() => new Channel<number>().receive())),
  "waits for a channel's room": () =>
    inScope(() => new Channel<number>(1).send(1), lastly(() => new Channel<number>().send(1))),
  "waits for a semaphore": () => {
    const taken = new Semaphore(1);
    taken.tryAcquire();
    return inScope(async () => (await new Semaphore(1).acquire()).release(), lastly(() => taken.acquire()));
  },
  "waits for a mutex": () => {
    const taken = new Mutex();
    taken.tryAcquire();
    return inScope(async () => (await new Mutex().acquire()).release(), lastly(() => taken.acquire()));
  },
  "waits for a condition": () =>
    inScope(() => checkpoint(), async (here) => {
      const mutex = new Mutex();
      using _ = await mutex.acquire();
      here();
      await new Condition(mutex).wait();
    }),
  "waits for a latch": () =>
    inScope(() => {
      const open = new Latch();
      open.open();
      return open.wait();
    }, lastly(() => new Latch().wait())),
  "waits for a barrier": () => inScope(() => new Barrier(1).wait(), lastly(() => new Barrier(2).wait())),
  "waits for a promise": () =>
    inScope(() => interruptible(later(1)()), lastly(() => interruptible(new Promise(() => {})))),
  "waits for pictures": () =>
    inScope(() => nextFrame({ rate: 1000 }), async (here) => {
      here();
      for (;;) await nextFrame({ rate: 1000 });
    }),
  "calls of a pool": (pool) => ({
    ends: (signal) => pool.run("add", [1, 2], { signal }),
    hangs: (signal) => () => pool.run("waitUntilAborted", [flagsOf()], { signal }),
  }),
  "maps of a pool": (pool) => ({
    ends: (signal) => pool.map("double", [1, 2, 3], { signal }),
    hangs: (signal) => () => pool.map("waitUntilAborted", [flagsOf()], { signal }),
  }),
  "streams of a pool": (pool) => ({
    ends: (signal) => collect(pool.stream("numbers", [3], { signal })),
    hangs: (signal) => () => pool.stream("stuck", [flagsOf()], { signal }).next(),
  }),
  "calls of a pool with the signal among their arguments": (pool) => ({
    ends: (signal) => pool.run("typeOfEach", [signal], { signal }),
    hangs: (signal) => () => pool.run("waitsFor", [signal, flagsOf()], { signal }),
  }),
  "pools": () => ({
    ends: (signal) => new WorkerPool<Tasks>(module, { signal, size: 1 }).close(),
    hangs: (signal) => {
      const pool = new WorkerPool<Tasks>(module, { signal, size: 1 });
      return () => pool.run("add", [1, 2]);
    },
    reasonIn: (error) => (error as Error).cause,
  }),
};

/** In these a signal reaches a wait that comes after an `await` by the scope around it. */
const inScopeAfterAwait = ["posted tasks that yield", "waits for a condition", "waits for pictures"];

for (const [name, kind] of Object.entries(kinds)) {
  const needs: Need[] = inScopeAfterAwait.includes(name)
    ? ["async context"]
    : name.includes("of a pool")
    ? ["shared memory"]
    : [];
  testWith(
    needs,
    `sixteen ${name} have one listener on their signal, leave none, and end with its reason`,
    async () => {
      await withPool({ size: 1 }, (pool) => runOnOneSignal([kind(pool)]));
    },
  );
}

testWith("shared memory", "operations of all kinds have one listener on their signal among them", async () => {
  const names = ["scopes", "groups", "calls of forEachChunked", "posted tasks that wait", "calls of a pool"];
  await withPool({ size: 1 }, (pool) => runOnOneSignal(names.map((name) => kinds[name]!(pool))));
});

test("sixteen tasks posted with a TaskSignal have one listener on it, and each is taken back once", async () => {
  const controller = new TaskController({ priority: "background" });
  const { signal } = controller;
  const listeners = countListeners(signal);
  let ran = 0;
  const posted = Array.from({ length: 16 }, () => errorOf(scheduler.postTask(() => ran++, { signal })));
  assertEquals(listeners(), 1);
  const reason = new Error("mine");
  controller.abort(reason);
  for (const error of await Promise.all(posted)) assertStrictEquals(error, reason);
  assertEquals([listeners(), ran], [0, 0]);
});
