// deno-lint-ignore-file require-await
/** The types of tasks, groups and supervisors. */

import {
  type currentTask,
  group,
  type GroupStatistics,
  type main,
  type Outcome,
  type Priority,
  sleep,
  supervise,
  type Supervisor,
  type suppressed,
  type Task,
  TaskGroup,
  type TaskInfo,
  tasks,
  type TaskState,
} from "@millrace/millrace";
import type { Animal, Cat, Equal, Row } from "./equal.ts";

declare const row: Row;

/** The result is the function's, whether it takes its task or not. */
export async function spawned(g: TaskGroup): Promise<void> {
  const plain = g.spawn(() => row);
  true satisfies Equal<typeof plain, Task<Row>>;
  const asynchronous = g.spawn(async () => await sleep(1).then(() => row));
  true satisfies Equal<typeof asynchronous, Task<Row>>;
  const withTask = g.spawn(async (task) => (task.name, row));
  true satisfies Equal<typeof withTask, Task<Row>>;
  const looking = g.spawn((task) => {
    true satisfies Equal<typeof task, Task<unknown>>;
    return task.state;
  });
  true satisfies Equal<typeof looking, Task<TaskState>>;
  const empty = g.spawn(() => {});
  true satisfies Equal<typeof empty, Task<void>>;
  const given = g.spawn<number>(() => 1, { name: "one", priority: "user-blocking", daemon: true });
  true satisfies Equal<typeof given, Task<number>>;
  const lazy = g.spawn((): PromiseLike<string> => withTask.then(() => "text"));
  true satisfies Equal<typeof lazy, Task<string>>;
  const ofTask = g.spawn(() => withTask);
  true satisfies Equal<typeof ofTask, Task<Row>>;

  const attempted = g.attempt(async (task) => (task.name, row));
  true satisfies Equal<typeof attempted, Task<PromiseSettledResult<Row>>>;
  const result = await attempted;
  if (result.status === "fulfilled") true satisfies Equal<typeof result.value, Row>;
  // @ts-expect-error A result that was rejected has no value.
  else void result.value;

  const started = g.start<number>(async (started, task) => {
    true satisfies Equal<typeof task, Task<unknown>>;
    started(8080);
    // @ts-expect-error It starts with a number.
    started("8080");
    await sleep(1);
  });
  true satisfies Equal<typeof started, Promise<number>>;
  const inferred = g.start((started: (value: Row) => void) => started(row));
  true satisfies Equal<typeof inferred, Promise<Row>>;

  // @ts-expect-error A function, not what it gives.
  g.spawn(sleep(1));
  // @ts-expect-error No such option.
  g.spawn(() => row, { prio: "background" });
  // @ts-expect-error No such priority.
  g.spawn(() => row, { priority: "high" });
  // @ts-expect-error Restarts are for supervisors.
  g.spawn(() => row, { restart: "permanent" });
  // @ts-expect-error No such option.
  g.attempt(() => row, { nmae: "row" });
}

/** A task is a promise, and can stand wherever one is wanted. */
export async function promised(task: Task<Row>, cat: Task<Cat>): Promise<void> {
  task satisfies Promise<Row>;
  task satisfies PromiseLike<Row>;
  const awaited = await task;
  true satisfies Equal<typeof awaited, Row>;
  const caught = task.catch((error: Error) => error.message);
  true satisfies Equal<typeof caught, Promise<Row | string>>;
  const ended = task.finally(() => {});
  true satisfies Equal<typeof ended, Promise<Row>>;
  const mapped = task.then(({ id }) => id);
  true satisfies Equal<typeof mapped, Promise<number>>;
  const both = task.then(({ id }) => id, (error: TypeError) => error);
  true satisfies Equal<typeof both, Promise<number | TypeError>>;
  const all = await Promise.all([task, cat, 1]);
  true satisfies Equal<typeof all, [Row, Cat, number]>;
  const first = await Promise.race([task, cat]);
  true satisfies Equal<typeof first, Row | Cat>;
  true satisfies Equal<Awaited<Task<Row>>, Row>;
  true satisfies Equal<typeof task.result, Promise<Row>>;
  true satisfies Equal<typeof task.state, TaskState>;
  true satisfies Equal<typeof task.priority, Priority>;
  true satisfies Equal<typeof task.signal, AbortSignal>;
  cat satisfies Task<Animal>;
  cat satisfies Task<unknown>;
  task.cancel("a reason may be anything");
  // @ts-expect-error A task of any animal is none of a cat.
  ((task: Task<Animal>) => task) satisfies (task: Task<Animal>) => Task<Cat>;
  // @ts-expect-error Tasks are made by groups.
  new (task.constructor as typeof Task)();
  // @ts-expect-error The state is looked at.
  task.state = "fulfilled";
  // @ts-expect-error And so is the name.
  task.name = "other";
}

/** A group gives what its body returns. */
export async function grouped(): Promise<void> {
  const value = await group(() => row);
  true satisfies Equal<typeof value, Row>;
  const later = group(async (g) => {
    true satisfies Equal<typeof g, TaskGroup>;
    return await g.spawn(async () => 1) + 1;
  });
  true satisfies Equal<typeof later, Promise<number>>;
  const ofTask = group((g) => g.spawn(() => row));
  true satisfies Equal<typeof ofTask, Promise<Row>>;
  const nothing = group((g) => void g.spawn(() => row));
  true satisfies Equal<typeof nothing, Promise<undefined>>;
  await group(() => row, {
    name: "rows",
    signal: AbortSignal.timeout(1),
    timeout: 10,
    teardownTimeout: 10,
    limit: 3,
    priority: "background",
  });
  // @ts-expect-error No such option.
  group(() => row, { timout: 10 });
  // @ts-expect-error A number of milliseconds.
  group(() => row, { timeout: "10" });
  // @ts-expect-error A limit is a number.
  new TaskGroup({ limit: "3" });
  // @ts-expect-error A body is needed.
  group();
}

/** What a group tells of itself is for reading. */
export async function told(g: TaskGroup): Promise<void> {
  const numbers = g.statistics();
  true satisfies Equal<typeof numbers, GroupStatistics>;
  true satisfies Equal<typeof g.failures, readonly unknown[]>;
  // @ts-expect-error Statistics are of one moment.
  numbers.live = 0;
  // @ts-expect-error Failures are added by the group alone.
  g.failures.push(new Error());
  // @ts-expect-error A group is closed by its end.
  g.closed = true;
  g.defer((outcome) => {
    true satisfies Equal<typeof outcome, Outcome>;
    if (outcome.status === "fulfilled") return void outcome.value;
    void outcome.reason;
    // @ts-expect-error There is no value.
    void outcome.value;
  });
  g.defer(async () => await sleep(1));
  // @ts-expect-error What a cleanup gives is nobody's.
  g.defer(() => 1 as unknown as Promise<number> | string);
  g satisfies AsyncDisposable;
  await using _opened = new TaskGroup({ name: "opened" });
  true satisfies Equal<ReturnType<typeof currentTask>, Task<unknown> | undefined>;
  true satisfies Equal<ReturnType<typeof suppressed>, readonly unknown[]>;
  const infos = tasks();
  true satisfies Equal<typeof infos, readonly TaskInfo[]>;
  // @ts-expect-error The tree is of one moment.
  infos[0]!.children = [];
  true satisfies Equal<ReturnType<typeof main>, Promise<void>>;
}

/** A supervisor is a group whose tasks may be started again. */
export async function supervised(): Promise<void> {
  const value = await supervise(async (s) => {
    true satisfies Equal<typeof s, Supervisor>;
    s satisfies TaskGroup;
    const task = s.spawn(async (task) => (task.name, row), { restart: "transient", name: "rows" });
    true satisfies Equal<typeof task, Task<Row>>;
    const count = s.restarts;
    true satisfies Equal<typeof count, number>;
    // @ts-expect-error No such mode.
    s.spawn(() => row, { restart: "always" });
    // @ts-expect-error The number is looked at.
    s.restarts = 0;
    return await task;
  }, {
    restart: { strategy: "one-for-all", maxRestarts: 3, within: 1000, backoff: { initial: 1, jitter: true } },
    onFailure: (error, task) => {
      true satisfies Equal<typeof error, unknown>;
      true satisfies Equal<typeof task, Task<unknown>>;
    },
    onRestart: async () => await sleep(1),
  });
  true satisfies Equal<typeof value, Row>;
  // @ts-expect-error No such strategy.
  supervise(() => row, { restart: { strategy: "one-for-two" } });
  // @ts-expect-error The policy has the bound.
  supervise(() => row, { maxRestarts: 3 });
}
