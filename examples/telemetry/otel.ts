import { AsyncLocalStorage } from "node:async_hooks";
import { type Channel, channel } from "node:diagnostics_channel";
import { type Attributes, type Context, context, propagation, ROOT_CONTEXT, type Span } from "@opentelemetry/api";
import { SpanKind, type SpanOptions, SpanStatusCode, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import type { RequestTrace } from "../../io/mod.ts";
import type { CallTrace, TaskTrace } from "../../mod.ts";
import type { WorkerCallTrace } from "../../worker.ts";

const held: Record<string, Channel> = {}; // on Bun a channel that nobody holds is lost, with those who listen to it
const told = (name: string): Channel => held[name] ??= channel(`millrace.${name}`);

/** Makes spans of requests, tasks and pool calls until it is stopped. Start it in each thread: in worker modules too. */
export function startSpans(): () => void {
  const storage = new AsyncLocalStorage<Context>(); // channels enter it; the manager's own is private
  const manager = new AsyncLocalStorageContextManager();
  manager.active = () => storage.getStore() ?? ROOT_CONTEXT;
  manager.with = (active, fn, self, ...args) => storage.run(active, () => fn.apply(self, args));
  if (!context.setGlobalContextManager(manager)) throw new Error("There is a context manager: start spans before it");
  const open = new Map<object, Span>();
  const begin = (key: object, name: string, parent = context.active(), options: SpanOptions = {}): Context =>
    trace.setSpan(parent, open.set(key, trace.getTracer("millrace").startSpan(name, options, parent)).get(key)!);
  const end = (key: object, attributes: Attributes, error: unknown): void => { // who is cancelled has not failed
    const { name = "_OTHER", message = name } = Object(error) as Partial<Error>;
    const span = open.get(key)?.setAttributes({ ...attributes, "error.type": error === undefined ? error : name });
    if (error !== undefined && name !== "AbortError") span?.setStatus({ code: SpanStatusCode.ERROR, message });
    if (open.delete(key)) span?.end();
  };
  const failureOf = ({ error, record }: RequestTrace): unknown =>
    error ?? (record!.status < 500 ? undefined : { name: `${record!.status}` });
  const listeners = {
    "task.spawn": ({ task }: TaskTrace) => begin(task, task.name.replace(/#\d+$/, "")),
    "task.start": ({ task }: TaskTrace) => open.get(task)?.addEvent("start"),
    "task.end": ({ task, error }: TaskTrace) => end(task, { "millrace.task.state": task.state }, error),
    "call.start": (it: CallTrace) => propagation.inject(begin(it, `call ${it.name}`), it),
    "call.end": (it: CallTrace) => end(it, { "millrace.pool": it.pool, "millrace.worker": it.worker }, it.error),
    "worker.end": ({ job, error }: WorkerCallTrace) => end(job, {}, error),
    "request.start": (it: RequestTrace) => propagation.inject(context.active(), it),
    "request.end": (it: RequestTrace) => end(it, { "http.response.status_code": it.record!.status }, failureOf(it)),
  };
  const stores = {
    "task.start": ({ task }: TaskTrace) => trace.setSpan(context.active(), open.get(task) ?? trace.getActiveSpan()!),
    "worker.start": ({ job }: WorkerCallTrace) => begin(job, job.name, propagation.extract(ROOT_CONTEXT, job)),
    "request.start": (it: RequestTrace) => {
      const { method, url, headers } = it.request;
      const { protocol, pathname } = new URL(url);
      const attributes = { "http.request.method": method, "url.scheme": protocol.slice(0, -1), "url.path": pathname };
      const parent = propagation.extract(ROOT_CONTEXT, Object.fromEntries(headers));
      return begin(it, method, parent, { kind: SpanKind.SERVER, attributes });
    },
  };
  for (const [name, tell] of Object.entries(listeners)) told(name).subscribe(tell as never);
  for (const [name, enter] of Object.entries(stores)) told(name).bindStore(storage, enter as never);
  return () => {
    for (const [name, tell] of Object.entries(listeners)) told(name).unsubscribe(tell as never);
    for (const name of Object.keys(stores)) told(name).unbindStore(storage);
    for (const key of open.keys()) end(key, {}, undefined);
    context.disable();
  };
}
