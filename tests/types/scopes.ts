// deno-lint-ignore-file require-await
/** The types of scopes, timeouts, waits and errors. */

import {
  Cancelled,
  CancelScope,
  type CancelSource,
  checkpoint,
  configure,
  currentSignal,
  debounce,
  type Debounced,
  effectiveDeadline,
  type IdleTime,
  interruptible,
  moveOnAfter,
  nextFrame,
  retry,
  shield,
  sleep,
  type sleepUntil,
  StructureError,
  type Task,
  TaskCancelledError,
  TeardownError,
  throttle,
  type throwIfCancelled,
  TimeoutError,
  type UnfinishedTask,
  type UnhandledContext,
  whenIdle,
  withTimeout,
} from "@millrace/millrace";
import type { Equal, Row } from "./equal.ts";

declare const row: Row;
declare const task: Task<Row>;

/** A scope that may absorb its cancellation gives its body's result or nothing; one that throws gives the result. */
export async function scoped(): Promise<void> {
  const scope = new CancelScope({ deadline: 1, timeout: 1, shield: true, signal: currentSignal(), name: "scope" });
  const run = scope.run((inside) => {
    true satisfies Equal<typeof inside, CancelScope>;
    return row;
  });
  true satisfies Equal<typeof run, Promise<Row | undefined>>;
  const ofTask = new CancelScope().run(() => task);
  true satisfies Equal<typeof ofTask, Promise<Row | undefined>>;
  const moved = await moveOnAfter(10, async () => row);
  true satisfies Equal<typeof moved, Row | undefined>;
  // @ts-expect-error It may have moved on.
  void moved.id;
  const limited = await withTimeout(10, () => task);
  true satisfies Equal<typeof limited, Row>;
  const kept = await shield(async () => row, { timeout: 1000 });
  true satisfies Equal<typeof kept, Row>;
  scope.deadline = effectiveDeadline() + 1;
  scope.shield = false;
  true satisfies Equal<typeof scope.cancelCaught, boolean>;
  true satisfies Equal<typeof scope.signal, AbortSignal>;
  // @ts-expect-error That is what happened.
  scope.cancelCaught = true;
  // @ts-expect-error No such option.
  new CancelScope({ shielded: true });
  // @ts-expect-error A shield is up or it is not.
  new CancelScope({ shield: "hello" });
  // @ts-expect-error The time comes first.
  withTimeout(() => row, 10);
  // @ts-expect-error The bound is in the options.
  shield(() => row, 1000);
  // @ts-expect-error The bound has a body.
  moveOnAfter(10);
}

/** Waits give what they waited for. */
export async function waited(): Promise<void> {
  true satisfies Equal<ReturnType<typeof sleep>, Promise<void>>;
  true satisfies Equal<ReturnType<typeof sleepUntil>, Promise<void>>;
  true satisfies Equal<ReturnType<typeof checkpoint>, Promise<void>>;
  true satisfies Equal<ReturnType<typeof throwIfCancelled>, void>;
  true satisfies Equal<ReturnType<typeof currentSignal>, AbortSignal>;
  const response = await interruptible(fetch("https://example.com", { signal: currentSignal() }));
  true satisfies Equal<typeof response, Response>;
  const of: Row = await interruptible(task);
  const idle = await whenIdle({ timeout: 100 });
  true satisfies Equal<typeof idle, IdleTime>;
  const frame = await nextFrame({ rate: 30 });
  true satisfies Equal<typeof frame, number>;
  await sleep(1, { signal: currentSignal() });
  await checkpoint({ signal: currentSignal() });
  const late = await withTimeout(10, ({ signal }) => fetch("https://example.com", { signal }));
  true satisfies Equal<typeof late, Response>;
  // @ts-expect-error No such option.
  sleep(1, { timeout: 1 });
  // @ts-expect-error Milliseconds.
  sleep("1s");
  // @ts-expect-error A promise, not a function.
  interruptible(() => task);
  // @ts-expect-error No such option.
  whenIdle({ timeot: 1 });
  void of;
}

/** Tried again, it gives what one attempt gives. */
export async function retried(): Promise<void> {
  const value = await retry(async (attempt) => {
    true satisfies Equal<typeof attempt, number>;
    return row;
  }, {
    attempts: 3,
    delay: 10,
    factor: 2,
    maxDelay: 100,
    jitter: 0.5,
    timeout: 1000,
    shouldRetry: (error, attempt) => error instanceof TypeError && attempt < 2,
  });
  true satisfies Equal<typeof value, Row>;
  await retry(() => row, { shouldRetry: async () => true, jitter: true });
  // @ts-expect-error No such option.
  retry(() => row, { retries: 3 });
  // @ts-expect-error An answer is yes or no.
  retry(() => row, { shouldRetry: () => "yes" });
}

/** Functions that are called too often keep their arguments. */
export function calmed(): void {
  const save = debounce((name: string, size?: number) => `${name} ${size}`, 100, { maxWait: 1000 });
  save("file");
  const saved = save("file", 1);
  true satisfies Equal<typeof saved, string | undefined>;
  save.cancel();
  true satisfies Equal<typeof save.pending, boolean>;
  // @ts-expect-error A name is needed.
  save();
  // @ts-expect-error A size is a number.
  save("file", "big");
  const draw = throttle((at: Row) => at.id, 16, { leading: true, trailing: false });
  draw(row);
  const drawn = draw.flush();
  true satisfies Equal<typeof drawn, number | undefined>;
  save satisfies Debounced<[name: string, size?: number]>;
  // @ts-expect-error Calls that are throttled never wait for longer than that.
  throttle(() => {}, 16, { maxWait: 100 });
}

/** Errors carry what happened, for reading. */
export function failed(error: unknown): void {
  if (error instanceof Cancelled) {
    true satisfies Equal<typeof error.source, CancelSource>;
    true satisfies Equal<typeof error.reason, unknown>;
    error satisfies Error;
    // @ts-expect-error The reason is written once.
    error.reason = "another";
    // @ts-expect-error No such source.
    if (error.source === "timeout") return;
  }
  if (error instanceof TaskCancelledError) {
    true satisfies Equal<typeof error.task, Task<unknown>>;
    // @ts-expect-error It is no cancellation of whoever sees it.
    error satisfies Cancelled;
  }
  if (error instanceof TeardownError) {
    true satisfies Equal<typeof error.tasks, readonly UnfinishedTask[]>;
    const [first] = error.tasks;
    true satisfies Equal<typeof first, UnfinishedTask | undefined>;
  }
  if (error instanceof TimeoutError) true satisfies Equal<typeof error.message, string>;
  if (error instanceof StructureError) error satisfies Error;
}

/** What is set for the process. */
export function configured(): void {
  configure({ slice: 5, ageing: 5000 });
  configure({
    onUnhandled(error, context) {
      true satisfies Equal<typeof error, unknown>;
      true satisfies Equal<typeof context, UnhandledContext>;
    },
  });
  configure({ onUnhandled: undefined });
  // @ts-expect-error No such setting.
  configure({ slices: 5 });
  // @ts-expect-error A hook is a function.
  configure({ onUnhandled: "print" });
}
