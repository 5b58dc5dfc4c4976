/** Signals that end a wait: every wait takes one, and treats it alike. */

import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import {
  Barrier,
  Cancelled,
  CancelScope,
  Channel,
  checkpoint,
  Condition,
  group,
  interruptible,
  Latch,
  moveOnAfter,
  Mutex,
  nextFrame,
  retry,
  Semaphore,
  shield,
  sleep,
  sleepUntil,
  TaskGroup,
  TimeoutError,
  type WaitOptions,
  whenIdle,
  withTimeout,
  WorkerPool,
} from "../../../mod.ts";
import { loop } from "../../../scheduler/queue/loop.ts";
import { errorOf } from "../../support/errors.ts";
import { macrotask } from "../../support/macrotask.ts";
import { watchListeners } from "../../support/shared_signal.ts";
import { strayRejections } from "../../support/stray.ts";
import { turns } from "../../support/turns.ts";
import { within } from "../../support/within.ts";
import { module, type Tasks } from "../workers/pool_support.ts";

type Wait = (options?: WaitOptions) => Promise<unknown>;

/** What each wait that has nothing to wait for is, and one that nothing but a signal ends, where there is such a thing. */
interface Case {
  readonly ends: Wait;
  readonly hangs?: () => Wait;
}

const never = new Promise<never>(() => {});

function held<T extends Mutex | Semaphore>(lock: T): T {
  lock.tryAcquire();
  return lock;
}

/** A channel with something in it, or as much as goes into it. */
function full(): Channel<number> {
  const channel = new Channel<number>(1);
  channel.trySend(1);
  return channel;
}

function openLatch(): Latch {
  const latch = new Latch();
  latch.open();
  return latch;
}

function busyGroup(): TaskGroup {
  const g = new TaskGroup();
  busy.push(g);
  g.spawn(() => sleep(Infinity));
  return g;
}

/** Groups that a test has left with a task that never ends. */
const busy: TaskGroup[] = [];

/** A wait for a condition, which holds the mutex in the end whatever has come of it. */
function inMutex(options: WaitOptions | undefined, wakes: boolean): Promise<void> {
  const mutex = new Mutex();
  const permit = mutex.tryAcquire()!;
  const condition = new Condition(mutex);
  const waiting = condition.wait(options);
  if (wakes) condition.notify();
  return waiting.finally(() => {
    assert(mutex.locked, "the mutex is not held after the wait");
    permit.release();
  });
}

const cases: Readonly<Record<string, Case>> = {
  "sleep": { ends: (options) => sleep(1, options), hangs: () => (options) => sleep(1e9, options) },
  "sleep without an end": { ends: (options) => sleep(0, options), hangs: () => (options) => sleep(Infinity, options) },
  "sleepUntil": {
    ends: (options) => sleepUntil(loop().host.now() + 1, options),
    hangs: () => (options) => sleepUntil(loop().host.now() + 1e9, options),
  },
  "checkpoint": { ends: (options) => checkpoint(options) },
  "interruptible": {
    ends: (options) => interruptible(Promise.resolve(1), options),
    hangs: () => (options) => interruptible(never, options),
  },
  "interruptible of a task": {
    ends: (options) => group((g) => interruptible(g.spawn(() => 1), options)),
    hangs() {
      const { result } = busyGroup().spawn(() => sleep(Infinity));
      return (options) => interruptible(result, options);
    },
  },
  "whenIdle": { ends: (options) => whenIdle(options) },
  "nextFrame": { ends: (options) => nextFrame(options) },
  "Channel.send": {
    ends: (options) => new Channel<number>(1).send(1, options),
    hangs: () => (options) => full().send(2, options),
  },
  "Channel.receive": {
    ends: (options) => full().receive(options),
    hangs: () => (options) => new Channel<number>().receive(options),
  },
  "Sender.send": {
    ends: (options) => new Channel<number>(1).sender().send(1, options),
    hangs: () => (options) => full().sender().send(2, options),
  },
  "Receiver.receive": {
    ends: (options) => full().receiver().receive(options),
    hangs: () => (options) => new Channel<number>().receiver().receive(options),
  },
  "Semaphore.acquire": {
    ends: (options) => new Semaphore(1).acquire(options),
    hangs: () => (options) => held(new Semaphore(1)).acquire(options),
  },
  "Semaphore.run": {
    ends: (options) => new Semaphore(1).run(() => 1, options),
    hangs: () => (options) => held(new Semaphore(1)).run(() => 1, options),
  },
  "Mutex.acquire": {
    ends: (options) => new Mutex().acquire(options),
    hangs: () => (options) => held(new Mutex()).acquire(options),
  },
  "Mutex.run": {
    ends: (options) => new Mutex().run(() => 1, options),
    hangs: () => (options) => held(new Mutex()).run(() => 1, options),
  },
  "Condition.wait": { ends: (options) => inMutex(options, true), hangs: () => (options) => inMutex(options, false) },
  "Latch.wait": { ends: (options) => openLatch().wait(options), hangs: () => (options) => new Latch().wait(options) },
  "Barrier.wait": {
    ends: (options) => new Barrier(1).wait(options),
    hangs: () => (options) => new Barrier(2).wait(options),
  },
  "TaskGroup.join": {
    ends: (options) => new TaskGroup().join(options),
    hangs() {
      const g = busyGroup();
      return (options) => g.join(options);
    },
  },
  "TaskGroup.join in the body": {
    ends: (options) => group((g) => g.join(options)),
    hangs: () => (options) =>
      group(async (g) => {
        const task = g.spawn(() => sleep(Infinity));
        await g.join(options).finally(() => task.cancel());
      }),
  },
  "WorkerPool.room": {
    ends: (options) => new WorkerPool<Tasks>(module).room(options),
    hangs() {
      const pool = fullPool();
      return (options) => pool.room(options);
    },
  },
};

const pools: WorkerPool<Tasks>[] = [];

/** A pool that takes no further call. */
function fullPool(): WorkerPool<Tasks> {
  const pool = new WorkerPool<Tasks>(module, { size: 1, queueLimit: 1, teardownTimeout: 0 });
  pools.push(pool);
  for (let call = 0; call < 2; call++) pool.run("later", [1, 1e6]).catch(() => {});
  return pool;
}

/** Ends what the waits of a test were for. */
async function cleanUp(): Promise<void> {
  for (const g of busy.splice(0)) {
    g.cancel();
    await within(g.join().catch(() => {}), "the group has ended");
  }
  await Promise.all(pools.splice(0).map((pool) => pool.close({ timeout: 0 })));
}

for (const [name, { ends, hangs }] of Object.entries(cases)) {
  test(`${name} with a signal ends as without, and leaves no listener and no timer`, async () => {
    const { signal } = new AbortController();
    const listeners = watchListeners(signal);
    await ends({ signal });
    await ends({});
    await ends();
    assertEquals([listeners.most, listeners.now], [1, 0]);
  });

  test(`${name} in an aborted signal rejects with its reason, for nothing but that`, async () => {
    const reason = { why: "aborted before" };
    const signal = AbortSignal.abort(reason);
    const listeners = watchListeners(signal);
    assertStrictEquals(await errorOf(ends({ signal })), reason);
    if (hangs !== undefined) assertStrictEquals(await errorOf(hangs()({ signal })), reason);
    assertEquals(listeners.now, 0);
    await cleanUp();
  });

  test(`${name} refuses what is no signal and no options, at the call`, () => {
    const wait = ends as (options: unknown) => unknown;
    for (const options of [{ signal: 1 }, { signal: null }, { signal: {} }, 1, "options"]) {
      if (/body|task/.test(name)) continue;
      assertThrows(() => wait(options), TypeError);
    }
  });

  if (hangs === undefined) continue;

  test(`${name} ends with the signal's reason when that is aborted, and leaves no listener and no timer`, async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listeners = watchListeners(signal);
    const error = errorOf(hangs()({ signal }));
    await turns(3);
    assertEquals([listeners.most, listeners.now], [1, 1]);
    const reason = { why: "aborted meanwhile" };
    controller.abort(reason);
    assertStrictEquals(await error, reason);
    assertEquals(listeners.now, 0);
    await cleanUp();
  });

  // What a function of the user's comes to is theirs to look at.
  const isWaitAlone = !/run|Condition|body/.test(name);

  test(`${name} with a signal still ends with the scope around it, and with nobody who looks is no unhandled rejection`, async () => {
    const { signal } = new AbortController();
    const listeners = watchListeners(signal);
    const stray = await strayRejections(async () => {
      const scope = new CancelScope();
      const wait = hangs();
      const another = hangs();
      const error = scope.run(() => errorOf(wait({ signal })));
      await turns(3);
      scope.cancel();
      assertInstanceOf(await error, Cancelled);
      if (!isWaitAlone) return;
      const controller = new AbortController();
      void another({ signal: controller.signal });
      await turns(3);
      controller.abort();
      await turns(3);
    });
    assertEquals([stray, listeners.now], [[], 0]);
    await cleanUp();
  });
}

test("what a wait with an aborted signal was for is as if it had not been called", async () => {
  const signal = AbortSignal.abort("no");
  const channel = new Channel<number>(2);
  const semaphore = new Semaphore(1);
  const mutex = new Mutex();
  await errorOf(channel.send(1, { signal }));
  await errorOf(semaphore.acquire({ signal }));
  await errorOf(mutex.acquire({ signal }));
  assertEquals([channel.size, semaphore.statistics().held, mutex.locked], [0, 0, false]);
  await channel.send(2);
  await errorOf(channel.receive({ signal }));
  assertEquals(channel.size, 1);
  const barrier = new Barrier(2);
  await errorOf(barrier.wait({ signal }));
  assert(barrier.broken, "a party that arrives cancelled does not break the barrier");
});

test("a value whose receiver is aborted before it goes on is the next one's", async () => {
  const channel = new Channel<number>();
  const controller = new AbortController();
  const first = errorOf(channel.receive({ signal: controller.signal }));
  const second = channel.receive();
  await channel.send(7);
  controller.abort("too late");
  assertEquals([await first, await second], ["too late", 7]);
});

test("the timeout of a group ends a task that waits with its signal after an await of the host's", async () => {
  const waits: Record<string, (options: WaitOptions) => Promise<unknown>> = {
    "sleep": (options) => sleep(1e9, options),
    "a channel": (options) => new Channel().receive(options),
    "a promise": (options) => interruptible(never, options),
    "a mutex": (options) => held(new Mutex()).acquire(options),
  };
  for (const [name, wait] of Object.entries(waits)) {
    const log: string[] = [];
    const error = await errorOf(group(async (g) => {
      g.spawn(async (task) => {
        await macrotask();
        try {
          await wait({ signal: task.signal });
        } catch (error) {
          log.push(error === task.signal.reason ? "its reason" : String(error));
          throw error;
        }
      });
      await macrotask();
      await wait({ signal: g.signal });
    }, { timeout: 20 }));
    assertInstanceOf(error, TimeoutError, name);
    assertEquals(log, ["its reason"], name);
  }
});

test("the bodies of withTimeout, moveOnAfter, shield and retry are given the signal of their scope", async () => {
  const hangs = async ({ signal }: { signal: AbortSignal }): Promise<void> => {
    await macrotask();
    await sleep(1e9, { signal });
  };
  assertInstanceOf(await errorOf(withTimeout(5, hangs)), TimeoutError);
  assertEquals(await moveOnAfter(5, hangs), undefined);
  assertInstanceOf(await errorOf(shield(hangs, { timeout: 5 })), TimeoutError);
  const attempts: number[] = [];
  const retried = retry((attempt, context) => {
    attempts.push(attempt);
    return hangs(context);
  }, { attempts: 2, delay: 1, timeout: 5 });
  assertInstanceOf(await errorOf(retried), TimeoutError);
  assertEquals(attempts, [1, 2]);
  const controller = new AbortController();
  const aborted = errorOf(retry((_, context) => hangs(context), { signal: controller.signal }));
  await macrotask();
  controller.abort("enough");
  assertEquals(await aborted, "enough");
  assertEquals(await retry((_, { signal }) => signal.aborted), false);
});

test("a wait is a task's function as it stands: the task it is given has a signal", async () => {
  await group(async (g) => {
    await g.spawn(checkpoint);
    await g.spawn(whenIdle);
  });
});
