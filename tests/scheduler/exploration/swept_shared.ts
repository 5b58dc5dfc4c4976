/** Every public function that waits for what tasks share, or for a thread, in a body with several steps. */

import { assertEquals } from "@std/assert";
import {
  all,
  Barrier,
  Broadcast,
  Channel,
  Condition,
  Latch,
  Mutex,
  RateLimiter,
  ReadWriteLock,
  Semaphore,
  shield,
  Watch,
  WorkerPool,
} from "../../../mod.ts";
import type { SweptBody } from "../../support/sweep.ts";

const module = new URL("./virtual_worker_tasks.ts", import.meta.url);

/** Runs in a pool that is closed whatever happens. */
function withPool(
  body: (pool: WorkerPool<typeof import("./virtual_worker_tasks.ts")>) => Promise<unknown>,
): SweptBody {
  return async () => {
    const pool = new WorkerPool<typeof import("./virtual_worker_tasks.ts")>(module, { size: 2 });
    try {
      return await body(pool);
    } finally {
      // Without a bound: in some orders a thread's messages come after any timer.
      await shield(() => pool.close({ timeout: 0 }));
    }
  };
}

/** Two tasks over a channel of one place; what is sent is received or comes back, once. */
function overChannel(
  send: (channel: Channel<number>, value: number) => Promise<void>,
  receive: (channel: Channel<number>) => Promise<number[]>,
): SweptBody {
  return async (sweep) => {
    const back: number[] = [];
    const channel = new Channel<number>(1, { onUndelivered: (value) => void back.push(value) });
    let sent = 0;
    let received: number[] = [];
    sweep.afterwards(() => {
      const { sending, receiving } = channel.statistics();
      assertEquals([sending, receiving], [0, 0], "somebody waits");
    });
    await all([
      async () => {
        try {
          for (; sent < 3; sent++) await send(channel, sent);
        } finally {
          channel.close();
        }
      },
      async () => void (received = await receive(channel)),
    ]);
    assertEquals([sent, back], [3, []]);
    return received;
  };
}

async function collect(source: AsyncIterable<number>): Promise<number[]> {
  const found: number[] = [];
  for await (const value of source) found.push(value);
  return found;
}

/** Two who use a lock one way, and one who uses it another; all give it back. */
function locked(
  one: (lock: ReadWriteLock, work: () => Promise<number>) => Promise<number>,
  other: (lock: ReadWriteLock, work: () => Promise<number>) => Promise<number>,
): SweptBody {
  return async (sweep) => {
    const lock = new ReadWriteLock();
    sweep.afterwards(() => {
      assertEquals(lock.statistics(), { readers: 0, writing: false, waitingToRead: 0, waitingToWrite: 0 });
    });
    return await all([1, 2, 3].map((value) => () => (value === 2 ? other : one)(lock, sweep.work(value))));
  };
}

/** By the names of what they use. */
export const sweptShared: Record<string, SweptBody> = {
  "Channel.send": overChannel((channel, value) => channel.send(value), collect),
  "Channel.receive": overChannel((channel, value) => channel.send(value), async (channel) => {
    const found: number[] = [];
    while (found.length < 3) found.push(await channel.receive());
    return found;
  }),
  "Sender.send": async (sweep) => {
    const channel = new Channel<number>(1);
    sweep.afterwards(() => assertEquals(channel.statistics().sending, 0));
    const [, found] = await all([
      async () => {
        using sender = channel.sender();
        for (let value = 0; value < 3; value++) await sender.send(value);
      },
      () => collect(channel),
    ]);
    return found;
  },
  "Receiver.receive": overChannel((channel, value) => channel.send(value), async (channel) => {
    const receiver = channel.receiver();
    const found: number[] = [];
    while (found.length < 3) found.push(await receiver.receive());
    return found;
  }),
  "Semaphore.acquire": async (sweep) => {
    const semaphore = new Semaphore(1);
    sweep.afterwards(() => assertEquals(semaphore.statistics(), { limit: 1, held: 0, waiting: 0 }));
    return await all([1, 2, 3].map((value) => async () => {
      using _permit = await semaphore.acquire();
      return await sweep.work(value)();
    }));
  },
  "Semaphore.run": async (sweep) => {
    const semaphore = new Semaphore(2);
    sweep.afterwards(() => assertEquals(semaphore.statistics(), { limit: 2, held: 0, waiting: 0 }));
    return await all([1, 2, 3].map((value) => () => semaphore.run(sweep.work(value))));
  },
  "Mutex.acquire": async (sweep) => {
    const mutex = new Mutex();
    sweep.afterwards(() => assertEquals(mutex.statistics(), { locked: false, waiting: 0 }));
    return await all([1, 2, 3].map((value) => async () => {
      using _permit = await mutex.acquire();
      return await sweep.work(value)();
    }));
  },
  "Mutex.run": async (sweep) => {
    const mutex = new Mutex();
    sweep.afterwards(() => assertEquals(mutex.statistics(), { locked: false, waiting: 0 }));
    return await all([1, 2, 3].map((value) => () => mutex.run(sweep.work(value))));
  },
  "Condition.wait": async (sweep) => {
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    let ready = 0;
    sweep.afterwards(() => assertEquals([mutex.locked, condition.statistics().waiting], [false, 0]));
    return await all([
      () =>
        mutex.run(async () => {
          while (ready < 2) await condition.wait();
          return ready;
        }),
      async () => {
        for (let at = 0; at < 2; at++) {
          await mutex.run(sweep.work(at));
          ready++;
          condition.notifyAll();
        }
      },
    ]);
  },
  "Condition.waitFor": async (sweep) => {
    const mutex = new Mutex();
    const condition = new Condition(mutex);
    let ready = 0;
    sweep.afterwards(() => assertEquals([mutex.locked, condition.statistics().waiting], [false, 0]));
    return await all([
      () => mutex.run(() => condition.waitFor(() => ready === 2)).then(() => ready),
      async () => {
        for (let at = 0; at < 2; at++) {
          await mutex.run(sweep.work(at));
          ready++;
          condition.notifyAll();
        }
      },
    ]);
  },
  "ReadWriteLock.read": locked((lock, work) => lock.read(work), (lock, work) => lock.write(work)),
  "ReadWriteLock.write": locked((lock, work) => lock.write(work), (lock, work) => lock.write(work)),
  "ReadWriteLock.acquireRead": locked(async (lock, work) => {
    using _permit = await lock.acquireRead();
    return await work();
  }, (lock, work) => lock.write(work)),
  "ReadWriteLock.acquireWrite": locked(async (lock, work) => {
    using _permit = await lock.acquireWrite();
    return await work();
  }, (lock, work) => lock.read(work)),
  "RateLimiter.acquire": async (sweep) => {
    const limiter = new RateLimiter({ limit: 1, interval: 5 });
    sweep.afterwards(() => assertEquals(limiter.statistics().waiting, 0));
    return await all([1, 2, 3].map((value) => async () => (await limiter.acquire(), value)));
  },
  "RateLimiter.run": async (sweep) => {
    const limiter = new RateLimiter({ limit: 2, interval: 5 });
    sweep.afterwards(() => assertEquals(limiter.statistics().waiting, 0));
    return await all([1, 2, 3].map((value) => () => limiter.run(sweep.work(value))));
  },
  "BroadcastReceiver.receive": async (sweep) => {
    const broadcast = new Broadcast<number>(4);
    sweep.afterwards(() => assertEquals(broadcast.statistics().waiting, 0));
    const receivers = [broadcast.subscribe(), broadcast.subscribe()];
    const [, ...found] = await all([
      async () => {
        for (let value = 0; value < 3; value++) broadcast.send(await sweep.work(value)());
        broadcast.close();
      },
      ...receivers.map((receiver) => async () => [await receiver.receive(), ...await collect(receiver)]),
    ]);
    return found;
  },
  "Watch.changed": async (sweep) => {
    const watch = new Watch(0);
    sweep.afterwards(() => assertEquals(watch.statistics().waiting, 0));
    return await all([() => watch.changed(), () => sweep.work(1)().then((value) => watch.set(value))]);
  },
  "Watch.waitFor": async (sweep) => {
    const watch = new Watch(0);
    sweep.afterwards(() => assertEquals(watch.statistics().waiting, 0));
    return await all([
      () => watch.waitFor((value) => value === 2),
      async () => {
        for (const value of [1, 2]) watch.set(await sweep.work(value)());
      },
    ]);
  },
  "WatchReceiver.changed": async (sweep) => {
    const watch = new Watch(0);
    const receiver = watch.subscribe();
    sweep.afterwards(() => assertEquals(watch.statistics().waiting, 0));
    return await all([() => receiver.changed(), () => sweep.work(1)().then((value) => watch.set(value))]);
  },
  "Latch.wait": async (sweep) => {
    const latch = new Latch();
    sweep.afterwards(() => assertEquals(latch.statistics().waiting, 0));
    return await all([() => latch.wait(), () => latch.wait(), () => sweep.work("open")().then(() => latch.open())]);
  },
  "Barrier.wait": async (sweep) => {
    const barrier = new Barrier(2);
    sweep.afterwards(() => assertEquals(barrier.statistics().waiting, 0));
    const places = await all([() => barrier.wait(), () => sweep.work("party")().then(() => barrier.wait())]);
    return places.sort();
  },

  "WorkerPool.run": withPool((pool) => all([() => pool.run("double", [1]), () => pool.run("slow", [5])])),
  "WorkerPool.map": withPool((pool) => pool.map("double", [1, 2, 3])),
  "WorkerPool.stream": withPool(async (pool) => {
    const found: number[] = [];
    for await (const value of pool.stream("countTo", [3])) found.push(value);
    return found;
  }),
  "WorkerPool.room": withPool(async (pool) => {
    await pool.room();
    return await pool.run("double", [1]);
  }),
  "WorkerPool.warmUp": withPool(async (pool) => {
    await pool.warmUp(1);
    return await pool.run("double", [1]);
  }),
  "WorkerPool.close": withPool(async (pool) => {
    const result = pool.run("double", [1]).catch((error: Error) => Promise.reject(error));
    const [value] = await Promise.all([result, pool.close()]);
    return value;
  }),
};
