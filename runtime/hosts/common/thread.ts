import type { GivenWorker, HostWorker, HostWorkerOptions } from "../../port/worker.ts";
import { type Destination, type Printed, whenPassedOn } from "./thread_output.ts";
import { setTimer } from "./timers.ts";

/** A `Worker` of `node:worker_threads`. */
export interface Thread extends GivenWorker {
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  on(event: "message" | "messageerror" | "error" | "exit", listener: (value: never) => void): this;
  readonly stdout?: Printed;
  readonly stderr?: Printed;
  ref(): void;
  unref(): void;
  terminate(): Promise<number>;
}

/** How long the output of a thread that has ended may take to be passed on, in ms: nobody may read that of the process. */
const longestPassing = 200;

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
  thread.on("exit", (code: number) => {
    let isTold = false;
    const tell = (): void => {
      if (isTold) return;
      isTold = true;
      late.cancel();
      options.onExit({ code, error });
    };
    const late = setTimer(tell, longestPassing);
    const { stdout, stderr } = (globalThis as unknown as { process: Record<"stdout" | "stderr", Destination> }).process;
    whenPassedOn([[thread.stdout, stdout], [thread.stderr, stderr]], tell);
  });
  thread.unref();
  return {
    prefersText: true,
    post: (message, transfer) => thread.postMessage(message, transfer),
    hold: (holds) => holds ? thread.ref() : thread.unref(),
    terminate: () => void thread.terminate(),
  };
}
