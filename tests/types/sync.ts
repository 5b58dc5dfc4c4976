// deno-lint-ignore-file require-await
/** The types of channels and of what tasks share. */

import {
  Barrier,
  type BarrierStatistics,
  Broadcast,
  type BroadcastReceiver,
  Channel,
  ChannelClosedError,
  type ChannelStatistics,
  Condition,
  Latch,
  Mutex,
  type Permit,
  RateLimiter,
  ReadWriteLock,
  type Receiver,
  Semaphore,
  type Sender,
  Watch,
  type WatchReceiver,
} from "@millrace/millrace";
import type { Animal, Cat, Equal, Row } from "./equal.ts";

declare const row: Row;
declare const cat: Cat;

/** Values have the channel's type. */
export async function channelled(): Promise<void> {
  const channel = new Channel<Row>(3, {
    overflow: "sliding",
    onUndelivered: (value) => void (true satisfies Equal<typeof value, Row>),
  });
  true satisfies Equal<ReturnType<typeof channel.send>, Promise<void>>;
  true satisfies Equal<ReturnType<typeof channel.trySend>, boolean>;
  const received = await channel.receive();
  true satisfies Equal<typeof received, Row>;
  const tried = channel.tryReceive();
  true satisfies Equal<typeof tried, { value: Row } | undefined>;
  for await (const value of channel) true satisfies Equal<typeof value, Row>;
  const next = await channel[Symbol.asyncIterator]().next();
  if (!next.done) true satisfies Equal<typeof next.value, Row>;
  true satisfies Equal<ReturnType<typeof channel.statistics>, ChannelStatistics>;
  await channel.send(row);
  // @ts-expect-error A row.
  channel.send("row");
  // @ts-expect-error There may be none.
  void channel.tryReceive().value;
  // @ts-expect-error No such way.
  new Channel<Row>(3, { overflow: "drop" });
  // @ts-expect-error No such option.
  new Channel<Row>(3, { onDropped: () => {} });
  // @ts-expect-error Capacity first.
  new Channel<Row>({ overflow: "wait" });
  // @ts-expect-error Statistics are of one moment.
  channel.statistics().size = 0;
  const unknowns = new Channel();
  true satisfies Equal<typeof unknowns, Channel<unknown>>;
  channel.fail(new ChannelClosedError("over"));
}

/** Who sends may send what is more special, who receives may look at it as less; not the other way round. */
export function variant(
  animals: { sender: Sender<Animal>; receiver: Receiver<Animal>; channel: Channel<Animal> },
  cats: { sender: Sender<Cat>; receiver: Receiver<Cat>; channel: Channel<Cat> },
): void {
  true satisfies Equal<ReturnType<Channel<Cat>["sender"]>, Sender<Cat>>;
  true satisfies Equal<ReturnType<Channel<Cat>["receiver"]>, Receiver<Cat>>;
  animals.sender satisfies Sender<Cat>;
  cats.receiver satisfies Receiver<Animal>;
  animals.sender.clone() satisfies Sender<Cat>;
  cats.receiver.clone() satisfies Receiver<Animal>;
  cats.receiver satisfies AsyncIterable<Animal>;
  cats.receiver satisfies Disposable;
  animals.sender.trySend(cat);
  // @ts-expect-error Dogs could come of it.
  cats.sender satisfies Sender<Animal>;
  // @ts-expect-error And here, too.
  animals.receiver satisfies Receiver<Cat>;
  // @ts-expect-error Nobody sends through the end of who receives.
  cats.receiver.send(cat);
  // @ts-expect-error Nor the other way round.
  cats.sender.receive();
  // @ts-expect-error An end is no other's.
  cats.sender satisfies Receiver<Cat>;
  // @ts-expect-error A channel has both ends, so that it is of one kind alone.
  cats.channel satisfies Channel<Animal>;
  // @ts-expect-error The same.
  animals.channel satisfies Channel<Cat>;
}

/** Permits, and what runs with one. */
export async function shared(semaphore: Semaphore, mutex: Mutex): Promise<void> {
  const permit = await semaphore.acquire();
  true satisfies Equal<typeof permit, Permit>;
  permit satisfies Disposable;
  using _held = await mutex.acquire();
  const tried = mutex.tryAcquire();
  true satisfies Equal<typeof tried, Permit | undefined>;
  const run = await semaphore.run(async () => row);
  true satisfies Equal<typeof run, Row>;
  const alone = mutex.run(() => row);
  true satisfies Equal<typeof alone, Promise<Row>>;
  semaphore.limit = 3;
  true satisfies Equal<typeof mutex.locked, boolean>;
  // @ts-expect-error A mutex is locked by acquiring it.
  mutex.locked = true;
  // @ts-expect-error A permit is released by release().
  permit.released = true;
  // @ts-expect-error A semaphore has a limit.
  new Semaphore();
  // @ts-expect-error There may be none.
  mutex.tryAcquire().release();
}

/** What many receive, each for itself. */
export async function told(
  cats: { broadcast: BroadcastReceiver<Cat>; watch: WatchReceiver<Cat> },
  animals: { broadcast: BroadcastReceiver<Animal>; watch: WatchReceiver<Animal> },
): Promise<void> {
  const broadcast = new Broadcast<Row>(16);
  true satisfies Equal<ReturnType<typeof broadcast.send>, number>;
  using receiver = broadcast.subscribe({ onLag: (missed) => void (true satisfies Equal<typeof missed, number>) });
  true satisfies Equal<typeof receiver, BroadcastReceiver<Row>>;
  const received = await receiver.receive({ signal: AbortSignal.timeout(1) });
  true satisfies Equal<typeof received, Row>;
  for await (const value of receiver) true satisfies Equal<typeof value, Row>;
  const watch = new Watch<Row | undefined>(undefined);
  const found = await watch.waitFor((value): value is Row => value !== undefined);
  true satisfies Equal<typeof found, Row>;
  const changed = await watch.subscribe().changed();
  true satisfies Equal<typeof changed, Row | undefined>;
  cats.broadcast satisfies BroadcastReceiver<Animal>;
  cats.watch satisfies WatchReceiver<Animal>;
  // @ts-expect-error Dogs could come of it.
  animals.broadcast satisfies BroadcastReceiver<Cat>;
  // @ts-expect-error And here, too.
  animals.watch satisfies WatchReceiver<Cat>;
  // @ts-expect-error A row.
  broadcast.send("row");
  // @ts-expect-error The value is set by set().
  watch.value = row;
  // @ts-expect-error It keeps so many values.
  new Broadcast<Row>();
  // @ts-expect-error No such option.
  receiver.receive({ timeout: 1 });
}

/** Locks and rates. */
export async function kept(): Promise<void> {
  const lock = new ReadWriteLock();
  const read = await lock.read(async () => row);
  true satisfies Equal<typeof read, Row>;
  const written = lock.write(() => 1, { signal: AbortSignal.timeout(1) });
  true satisfies Equal<typeof written, Promise<number>>;
  using _permit = await lock.acquireWrite();
  true satisfies Equal<ReturnType<typeof lock.tryAcquireRead>, Permit | undefined>;
  const limiter = new RateLimiter({ limit: 10, interval: 1000 });
  const run = limiter.run(async () => row, { weight: 2 });
  true satisfies Equal<typeof run, Promise<Row>>;
  true satisfies Equal<ReturnType<typeof limiter.tryAcquire>, boolean>;
  // @ts-expect-error A rate has an interval.
  new RateLimiter({ limit: 10 });
  // @ts-expect-error Statistics are of one moment.
  limiter.statistics().used = 0;
  // @ts-expect-error What does not wait takes no signal.
  limiter.tryAcquire({ signal: AbortSignal.timeout(1) });
}

/** Waiting for others. */
export async function met(): Promise<void> {
  const latch = new Latch();
  true satisfies Equal<ReturnType<typeof latch.wait>, Promise<void>>;
  // @ts-expect-error A latch is opened by open().
  latch.isOpen = true;
  const barrier = new Barrier(2);
  const place = await barrier.wait();
  true satisfies Equal<typeof place, number>;
  true satisfies Equal<ReturnType<typeof barrier.statistics>, BarrierStatistics>;
  const condition = new Condition(new Mutex());
  await condition.wait();
  await condition.waitFor(() => latch.isOpen, { signal: AbortSignal.timeout(1) });
  condition.notify(2);
  // @ts-expect-error A condition belongs to a mutex.
  new Condition(latch);
  // @ts-expect-error Statistics are of one moment.
  condition.statistics().waiting = 0;
}
