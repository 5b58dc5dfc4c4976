// deno-lint-ignore-file require-await
/** The types of the combinators: tuples stay tuples. */

import {
  all,
  allSettled,
  any,
  mapConcurrent,
  race,
  type ResultsOf,
  type ResultStream,
  type SettledResultsOf,
  sleep,
  streamConcurrent,
  type Task,
  type TaskFunction,
} from "@millrace/millrace";
import type { Animal, Cat, Equal, Row } from "./equal.ts";

declare const row: Row;
declare const cat: Cat;
declare const task: Task<Row>;
declare const listed: (() => Promise<Row>)[];
declare const rows: AsyncIterable<Row>;

/** All of several kinds: each has its own place. */
export async function together(): Promise<void> {
  const none = await all([]);
  true satisfies Equal<typeof none, []>;
  const two = await all([async () => row, () => "text"]);
  true satisfies Equal<typeof two, [Row, string]>;
  const withTask = await all([async (task) => (task.name, row), (task) => task.id]);
  true satisfies Equal<typeof withTask, [Row, number]>;
  const ofTask = await all([() => task, () => sleep(1)]);
  true satisfies Equal<typeof ofTask, [Row, void]>;
  const list = await all(listed);
  true satisfies Equal<typeof list, Row[]>;
  const made = await all(new Set([() => row]), { limit: 2 });
  true satisfies Equal<typeof made, Row[]>;
  const mapped = await all([1, 2].map((id) => async () => ({ id })));
  true satisfies Equal<typeof mapped, { id: number }[]>;
  const [first, second] = two;
  true satisfies Equal<typeof first, Row>;
  true satisfies Equal<typeof second, string>;
  // @ts-expect-error There are two.
  void two[2];
  // @ts-expect-error Functions, not promises: what has begun already cannot be cancelled.
  all([sleep(1)]);
  // @ts-expect-error No such option.
  all([() => row], { concurrency: 2 });
}

/** Settled ones say how they ended. */
export async function settled(): Promise<void> {
  const results = await allSettled([async () => row, () => "text"]);
  true satisfies Equal<typeof results, [PromiseSettledResult<Row>, PromiseSettledResult<string>]>;
  const [first] = results;
  if (first.status === "fulfilled") true satisfies Equal<typeof first.value, Row>;
  const list = await allSettled(listed, { limit: 2, name: "rows" });
  true satisfies Equal<typeof list, PromiseSettledResult<Row>[]>;
  true satisfies Equal<SettledResultsOf<[() => Promise<1>]>, [PromiseSettledResult<1>]>;
  true satisfies Equal<ResultsOf<readonly [() => Promise<Cat>, () => Animal]>, [Cat, Animal]>;
  // @ts-expect-error Rejected ones have no value.
  if (first.status === "rejected") void first.value;
}

/** One of them: any may be it. */
export async function firstOf(): Promise<void> {
  const raced = await race([async () => row, () => cat, (task) => task.id]);
  true satisfies Equal<typeof raced, Row | Cat | number>;
  const list = await race(listed, { timeout: 10 });
  true satisfies Equal<typeof list, Row>;
  const won = await any([async () => row, () => "text"]);
  true satisfies Equal<typeof won, Row | string>;
  const timed = await any([() => sleep(1).then(() => row), () => sleep(2)]);
  true satisfies Equal<typeof timed, Row | void>;
  // @ts-expect-error It may be the text.
  void won.id;
  // @ts-expect-error Functions.
  race([task]);
  // @ts-expect-error No such option.
  any([() => row], { timeot: 1 });
}

/** Items are what the source has, awaited; results what the function gives. */
export async function mapped(): Promise<void> {
  const lengths = await mapConcurrent(["a", "b"], async (item, index, task) => {
    true satisfies Equal<typeof item, string>;
    true satisfies Equal<typeof index, number>;
    true satisfies Equal<typeof task, Task<unknown>>;
    return item.length;
  }, { limit: 2 });
  true satisfies Equal<typeof lengths, number[]>;
  const ids = await mapConcurrent(rows, ({ id }) => id);
  true satisfies Equal<typeof ids, number[]>;
  const animals = await mapConcurrent(new Map([["tom", cat]]), ([name, { meow }]) => ({ name, meow }));
  animals satisfies Cat[];
  const fn: TaskFunction<Row> = async (task) => (task.name, row);
  const same = await all([fn]);
  true satisfies Equal<typeof same, [Row]>;
  // @ts-expect-error Items of a list.
  mapConcurrent(3, (index) => index);
  // @ts-expect-error It is called with a row.
  mapConcurrent(rows, (name: string) => name);
  // @ts-expect-error No such option.
  mapConcurrent(rows, ({ id }) => id, { concurrency: 2 });
}

/** Results one by one. */
export async function streamed(): Promise<void> {
  const stream = streamConcurrent(rows, async ({ id }, index, task) => (task.name, id + index), { limit: 2 });
  true satisfies Equal<typeof stream, ResultStream<number>>;
  for await (const id of stream) true satisfies Equal<typeof id, number>;
  await using unordered = streamConcurrent([1, 2], (item) => `${item}`, { limit: 2, ordered: false });
  unordered satisfies AsyncIterableIterator<string>;
  // @ts-expect-error How many at once has to be said.
  streamConcurrent(rows, ({ id }) => id);
  // @ts-expect-error No such option.
  streamConcurrent(rows, ({ id }) => id, { limit: 2, concurrency: 2 });
}
