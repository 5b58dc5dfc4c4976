import type { HostParent } from "../../port/worker.ts";
import { releasing } from "./thread_output.ts";
import { lifeLockHeld, listensNow, locks } from "./thread_words.ts";

interface Port {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
  on(event: "message" | "messageerror", listener: (message: unknown) => void): void;
}

interface Threads {
  parentPort: Port;
  receiveMessageOnPort(port: Port): { message: unknown } | undefined;
}

interface WebScope extends EventTarget {
  postMessage(message: unknown, transfer: readonly unknown[]): void;
}

/** The parent of the thread this runs in, or `undefined` where it is no thread that a program has started. */
export function parentIfThread(): HostParent | undefined {
  const { DedicatedWorkerGlobalScope, process } = globalThis as {
    DedicatedWorkerGlobalScope?: unknown;
    process?: { getBuiltinModule?(name: "node:worker_threads"): { isMainThread: boolean } };
  };
  const isThread = DedicatedWorkerGlobalScope !== undefined ||
    process?.getBuiltinModule?.("node:worker_threads").isMainThread === false;
  return isThread ? parentOfThread() : undefined;
}

/** The parent of the thread this runs in, as a pool started it. */
export function parentOfThread(): HostParent {
  const scope = globalThis as unknown as WebScope & {
    process?: { getBuiltinModule?(name: "node:worker_threads"): Threads };
  };
  // Node's threads have no postMessage of their own; Deno's and Bun's web workers have a parentPort, but a slower one.
  return typeof scope.postMessage === "function"
    ? webParent(scope)
    : threadParent(scope.process!.getBuiltinModule!("node:worker_threads"));
}

function threadParent({ parentPort: port, receiveMessageOnPort }: Threads): HostParent {
  const { stdout, stderr } = (globalThis as unknown as { process: Record<"stdout" | "stderr", object> }).process;
  const [releaseOutput, releaseErrors] = [releasing(stdout), releasing(stderr)];
  return {
    prefersText: true,
    now: () => performance.now(),
    memory: memoryInUse,
    post(message, transfer) {
      // What a function has printed is with the parent before its result is, whatever becomes of the thread then.
      releaseOutput();
      releaseErrors();
      port.postMessage(message, transfer);
    },
    tellEnd: tellExit,
    poll: () => receiveMessageOnPort(port)?.message,
    listen(onMessage) {
      port.on("message", onMessage);
      port.on("messageerror", failToRead);
    },
  };
}

/** What Node and Bun tell a thread that ends by itself. */
function tellExit(): void {
  (globalThis as unknown as { process: { emit(event: "exit", code: number): void } }).process.emit("exit", 0);
}

/** The calls in a message that cannot be read would wait for ever: the thread ends, and they learn of it. */
function failToRead(): never {
  throw new Error("A message of the pool could not be read");
}

function webParent(scope: WebScope): HostParent {
  return {
    prefersText: !("Bun" in scope),
    now: () => performance.now(),
    memory: memoryInUse,
    ...("Bun" in scope && { whenCollected: pauses() }),
    post: (message, transfer) => scope.postMessage(message, transfer),
    tellEnd: "Bun" in scope ? tellExit : () => void scope.dispatchEvent(new Event("unload")),
    announce: () => scope.postMessage(listensNow, []),
    listen(onMessage) {
      scope.addEventListener("messageerror", failToRead);
      if (!("Deno" in scope) && !("Bun" in scope)) failByRejections(scope);
      // Until the lock is held nobody would notice that the thread ends: what came meanwhile waits, lest it be what ends it.
      let waiting: unknown[] | undefined;
      function goOn(): void {
        const messages = waiting ?? [];
        waiting = undefined;
        for (const message of messages) onMessage(message);
      }
      scope.addEventListener("message", (event) => {
        const { data } = event as MessageEvent<{ life?: string }>;
        if (typeof data?.life !== "string") return void (waiting === undefined ? onMessage(data) : waiting.push(data));
        const all = locks();
        if (all === undefined) return;
        waiting = [];
        all.request(data.life, {}, () => {
          scope.postMessage(lifeLockHeld, []);
          goOn();
          return new Promise(() => {});
        }).catch(goOn);
      });
    },
  };
}

/**
 * A browser tells the page of no rejection that nobody handles in a worker: the call that waits for what has failed would wait for ever.
 * Thrown as an error it is told, with its message. A listener of the user's that comes after this one may still prevent that.
 */
function failByRejections(scope: WebScope): void {
  scope.addEventListener("unhandledrejection", (event) => {
    setTimeout(() => {
      if (!event.defaultPrevented) throw (event as PromiseRejectionEvent).reason;
    }, 0);
  });
}

/** Bun collects in the pauses of its loop: an array of 200 MB mostly shows after 10 ms, but a busy machine has it later. */
const pauseLengths = [20, 100, 1000];

function pauses(): (callback: () => void) => void {
  let timers: unknown[] = [];
  return (callback) => {
    for (const timer of timers) clearTimeout(timer as number);
    timers = pauseLengths.map((ms) => setTimeout(callback, ms));
  };
}

interface HeapModules {
  "node:v8": { getHeapStatistics(): { used_heap_size: number; external_memory: number } };
  "bun:jsc": { heapSize(): number };
}

/** The memory of this thread, buffers included, in 1 to 7 us: `process.memoryUsage` takes 10, Bun's node:v8 5000. */
function memoryInUse(): number {
  const { process, Bun } = globalThis as unknown as {
    process?: { getBuiltinModule?<K extends keyof HeapModules>(name: K): HeapModules[K] };
    Bun?: unknown;
  };
  if (process?.getBuiltinModule === undefined) return 0;
  if (Bun !== undefined) return process.getBuiltinModule("bun:jsc").heapSize();
  const { used_heap_size, external_memory } = process.getBuiltinModule("node:v8").getHeapStatistics();
  return used_heap_size + external_memory;
}
