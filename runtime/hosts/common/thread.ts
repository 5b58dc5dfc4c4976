import type { GivenWorker, HostWorker, HostWorkerOptions } from "../../port/worker.ts";

/** A `Worker` of `node:worker_threads`. */
export interface Thread extends GivenWorker {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  on(event: "message" | "messageerror" | "error" | "exit", listener: (value: never) => void): this;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

/** A worker over a thread of `node:worker_threads`. */
export function overThread(thread: Thread, options: HostWorkerOptions): HostWorker {
  let error: unknown;
  thread.on("message", (message: unknown) => options.onMessage(message));
  thread.on("messageerror", (cause: unknown) => {
    // The call whose reply it was would wait for ever.
    error ??= cause;
    void thread.terminate();
  });
  thread.on("error", (cause: unknown) => error ??= cause);
  thread.on("exit", (code: number) => options.onExit({ code, error }));
  thread.unref();
  return {
    prefersText: true,
    post: (message, transfer) => thread.postMessage(message, transfer),
    hold: (holds) => holds ? thread.ref() : thread.unref(),
    terminate: () => void thread.terminate(),
  };
}
