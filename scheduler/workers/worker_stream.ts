/**
 * The caller's end of a stream of values from a worker.
 *
 * @module
 */

import { currentScope, Wait } from "../scope.ts";
import type { PoolJob } from "./job.ts";

/** What the stream needs of its pool. */
export interface StreamControl {
  readonly highWaterMark: number;
  readonly signal: AbortSignal | undefined;
  /** Queues the job; throws when the pool takes none. */
  start(): void;
  abort(reason: unknown): void;
  addCredit(count: number): void;
}

/** Makes an iterator over the values of a job that is yet to start. */
export function streamOf<T>(job: PoolJob, control: StreamControl): AsyncIterableIterator<T> {
  const values: T[] = [];
  let state: "new" | "open" | "ended" = "new";
  /** The error that is still to be thrown, once. */
  let failure: { error: unknown } | undefined;
  /** Values taken since credit was last given back. */
  let taken = 0;
  let waiting: Wait<void> | undefined;
  let gone: Promise<void> = Promise.resolve();

  function start(): void {
    state = "open";
    const { signal } = control;
    if (signal?.aborted) throw signal.reason;
    const abort = (): void => {
      failure ??= { error: signal!.reason };
      end();
      control.abort(signal!.reason);
    };
    gone = new Promise<void>((resolve) => {
      job.onGone = () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      };
    });
    job.onValues = (more) => {
      if (state !== "open") return;
      for (const value of more) values.push(value as T);
      wake();
    };
    job.onEnd = (outcome) => {
      if (state === "open" && "error" in outcome) failure = outcome;
      end();
    };
    signal?.addEventListener("abort", abort, { once: true });
    control.start();
  }

  function end(): void {
    state = "ended";
    wake();
  }

  function wake(): void {
    const wait = waiting;
    waiting = undefined;
    wait?.resolve();
  }

  function giveCredit(): void {
    if (++taken < control.highWaterMark / 2 || state !== "open") return;
    control.addCredit(taken);
    taken = 0;
  }

  async function next(): Promise<IteratorResult<T, undefined>> {
    if (state === "new") {
      try {
        start();
      } catch (error) {
        state = "ended";
        throw error;
      }
    }
    while (values.length === 0 && state === "open") {
      const scope = currentScope();
      const wait = waiting = new Wait<void>(scope, () => {
        state = "ended";
        control.abort(scope!.effective);
      });
      if (wait.interrupted) {
        state = "ended";
        control.abort(scope!.effective);
      }
      await wait.promise;
    }
    if (values.length > 0) {
      giveCredit();
      return { done: false, value: values.shift()! };
    }
    await gone;
    if (failure !== undefined) {
      const { error } = failure;
      failure = undefined;
      throw error;
    }
    return { done: true, value: undefined };
  }

  async function finish(): Promise<IteratorResult<T, undefined>> {
    if (state === "open") control.abort(undefined);
    state = "ended";
    values.length = 0;
    await gone;
    return { done: true, value: undefined };
  }

  return {
    next,
    return: finish,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
