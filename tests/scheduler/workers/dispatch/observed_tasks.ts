import { AsyncLocalStorage } from "node:async_hooks";
import diagnostics from "node:diagnostics_channel";
import { currentJob, type WorkerCallTrace } from "../../../../worker.ts";

const store = new AsyncLocalStorage<string>();
const messages: string[] = [];

/** Begins to listen to what is told of the calls that follow. */
export function observe(): string {
  const started = diagnostics.channel("millrace.worker.start");
  started.bindStore(store, (message) => `in ${(message as WorkerCallTrace).job.name}`);
  started.subscribe((message) => void messages.push(`start ${(message as WorkerCallTrace).job.name}`));
  diagnostics.subscribe("millrace.worker.end", (message) => {
    const { job, error } = message as WorkerCallTrace;
    if (job.name !== "observe") messages.push(`end ${job.name} ${String(error)}`);
  });
  return "observing";
}

export function observed(): string[] {
  // As they are now: the end of this call is told before its result is sent.
  return [...messages];
}

export async function storeOf(): Promise<string | undefined> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return store.getStore();
}

export async function* storesOf(): AsyncGenerator<string | undefined> {
  yield store.getStore();
  yield await storeOf();
}

export function traceparentOf(_item?: number): string | undefined {
  return currentJob().traceparent;
}

export function add(a: number, b: number): number {
  return a + b;
}

export function fails(): never {
  throw "a string";
}
