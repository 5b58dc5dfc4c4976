// deno-lint-ignore-file require-await
/** The types of posted tasks, their signals, chunked work and the monitor. */

import {
  type ChunkedProgress,
  type ChunkedSource,
  forEachChunked,
  LoopMonitor,
  mapChunked,
  type Priority,
  reduceChunked,
  runChunked,
  Scheduler,
  scheduler,
  type SlowItem,
  type Task,
  TaskController,
  TaskPriorityChangeEvent,
  TaskSignal,
} from "@millrace/millrace";
import type { Cat, Equal, Row } from "./equal.ts";

declare const row: Row;
declare const task: Task<Row>;

/** A posted callback's result is the promise's. */
export async function posted(): Promise<void> {
  const value = await scheduler.postTask(() => row, { priority: "background", delay: 10 });
  true satisfies Equal<typeof value, Row>;
  const later = scheduler.postTask(async () => "text");
  true satisfies Equal<typeof later, Promise<string>>;
  const ofTask = scheduler.postTask(() => task, { signal: AbortSignal.timeout(10) });
  true satisfies Equal<typeof ofTask, Promise<Row>>;
  const own = new Scheduler().postTask(() => {});
  true satisfies Equal<typeof own, Promise<void>>;
  true satisfies Equal<ReturnType<typeof scheduler.yield>, Promise<void>>;
  // @ts-expect-error A callback has no arguments.
  scheduler.postTask((name: string) => name);
  // @ts-expect-error No such priority.
  scheduler.postTask(() => row, { priority: "high" });
  // @ts-expect-error No such option.
  scheduler.postTask(() => row, { dealy: 10 });
  // @ts-expect-error It is no class of ours that is called without new.
  Scheduler();
}

/** Listeners get the event that they listen to. */
export function signalled(): void {
  const controller = new TaskController({ priority: "background" });
  controller satisfies AbortController;
  const { signal } = controller;
  true satisfies Equal<typeof signal, TaskSignal>;
  true satisfies Equal<typeof signal.priority, Priority>;
  signal satisfies AbortSignal;
  signal.addEventListener("prioritychange", (event) => {
    true satisfies Equal<typeof event, TaskPriorityChangeEvent>;
    true satisfies Equal<typeof event.previousPriority, Priority>;
  }, { once: true });
  signal.addEventListener("prioritychange", { handleEvent: ({ previousPriority }) => previousPriority });
  signal.addEventListener("abort", (event) => void (event satisfies Event));
  signal.onprioritychange = (event) => void (true satisfies Equal<typeof event, TaskPriorityChangeEvent>);
  signal.onprioritychange = function () {
    true satisfies Equal<typeof this, TaskSignal>;
  };
  signal.onprioritychange = null;
  const listener = (event: TaskPriorityChangeEvent): void => void event.previousPriority;
  signal.addEventListener("prioritychange", listener);
  signal.removeEventListener("prioritychange", listener);
  const joined = TaskSignal.any([signal, AbortSignal.timeout(1)], { priority: signal });
  true satisfies Equal<typeof joined, TaskSignal>;
  controller.setPriority("user-blocking");
  new TaskPriorityChangeEvent("prioritychange", { previousPriority: "background" }) satisfies Event;
  // @ts-expect-error The listener of another event.
  signal.addEventListener("prioritychange", (event: MessageEvent) => void event);
  // @ts-expect-error The priority is set by its controller.
  signal.priority = "background";
  // @ts-expect-error No such priority.
  controller.setPriority("low");
  // @ts-expect-error No such priority.
  new TaskController({ priority: "low" });
  // @ts-expect-error An event says what the priority was.
  new TaskPriorityChangeEvent("prioritychange");
  // @ts-expect-error Signals come of controllers.
  new TaskSignal();
}

/** Chunked functions know the items of every kind of source. */
export async function chunked(): Promise<void> {
  const each = forEachChunked(["a"], (value, index) => {
    true satisfies Equal<typeof value, string>;
    true satisfies Equal<typeof index, number>;
  }, { priority: "background", sliceTime: 2, name: "each" });
  true satisfies Equal<typeof each, Promise<void>>;
  await forEachChunked(10, (index, same) => void (true satisfies Equal<[typeof index, typeof same], [number, number]>));
  await forEachChunked(new Float64Array(3), (value) => void (true satisfies Equal<typeof value, number>));
  await forEachChunked(new Map([["a", row]]), ([key, value]) => void [key.length, value.id]);
  await forEachChunked({ length: 1, 0: row }, (value) => void (true satisfies Equal<typeof value, Row>));
  const counted = await mapChunked(10, (index) => `${index}`);
  true satisfies Equal<typeof counted, string[]>;
  const mapped = await mapChunked([row], ({ id }) => id);
  true satisfies Equal<typeof mapped, number[]>;
  const into: number[] = [];
  const kept = await mapChunked([row], ({ id }) => id, { into });
  true satisfies Equal<typeof kept, number[]>;
  const sum = await reduceChunked([row], (sum, { id }, index) => sum + id + index, 0);
  true satisfies Equal<typeof sum, number>;
  const map = await reduceChunked(10, (seen, index) => seen.set(index, row), new Map<number, Row>());
  true satisfies Equal<typeof map, Map<number, Row>>;
  const found = await runChunked(function* () {
    for (let index = 0; index < 10; index++) yield;
    return row;
  });
  true satisfies Equal<typeof found, Row>;
  await mapChunked(10, (index) => index, {
    signal: AbortSignal.timeout(10),
    onProgress: (progress) => void (true satisfies Equal<typeof progress, ChunkedProgress>),
    onSlowItem: (item) => void (true satisfies Equal<typeof item, SlowItem>),
  });
  [row] satisfies ChunkedSource<Row>;
  // @ts-expect-error The array is of other things.
  mapChunked([row], ({ id }) => id, { into: ["a"] });
  // @ts-expect-error There are rows in it.
  mapChunked([row], (cat: Cat) => cat);
  // @ts-expect-error No such option.
  forEachChunked(10, () => {}, { slice: 2 });
  // @ts-expect-error Only mapping has somewhere to put its results.
  forEachChunked(10, () => {}, { into });
  // @ts-expect-error Sources that have to be awaited are no work in chunks.
  forEachChunked((async function* () {})(), () => {});
  // @ts-expect-error A function that makes the generator.
  runChunked((function* () {})());
  // @ts-expect-error What it begins with.
  reduceChunked([row], (sum, { id }) => sum + id);
}

/** What the monitor saw is for reading. */
export function monitored(): void {
  const monitor = new LoopMonitor({ resolution: 10, longTurn: 50, onLongTurn: (turn) => void turn.duration });
  const snapshot = monitor.snapshot();
  // @ts-expect-error A snapshot is of one moment.
  snapshot.utilization = 0;
  // @ts-expect-error No such option.
  new LoopMonitor({ interval: 10 });
}
