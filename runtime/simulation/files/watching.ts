/**
 * `watch` of a simulated disk. What has happened is told a moment later, and twice the same is told once.
 *
 * @module
 */

import { builtin } from "../../hosts/common/node_process.ts";
import { abortError } from "../disk/errors.ts";
import { optionsOf, pathOf } from "./arguments.ts";
import type { DiskIo } from "./disk_io.ts";

interface WatchOptions {
  readonly recursive?: boolean;
  readonly signal?: AbortSignal;
}

type Told = (event: "rename" | "change", name: string) => void;

/** Watches a path; the function it returns ends that. Fails at once for what is not there. */
export function watchPath(io: DiskIo, path: unknown, recursive: boolean, told: Told): () => void {
  const { disk, world } = io;
  const at = pathOf(path);
  const real = disk.tree.realPath(at, { syscall: "watch", path: at });
  const context = world.context.capture();
  const waiting = new Set<string>();
  let isOver = false;
  const leave = disk.tree.watchers.add(real, recursive, (event, name) => {
    const key = `${event} ${name}`;
    if (waiting.has(key)) return;
    waiting.add(key);
    const tell = (): void => {
      waiting.delete(key);
      if (!isOver) world.context.resume(context, () => told(event, name), undefined);
    };
    world.loop.complete(tell, `watch ${real}`, { latency: disk.takes(`watch ${real}`), port: leave });
  });
  return () => {
    isOver = true;
    leave();
  };
}

interface Emitter {
  emit(event: string, ...args: unknown[]): void;
  on(event: string, listener: (...args: never[]) => void): void;
}

/** As `fs.watch`. */
export function watcherOf(io: DiskIo, path: unknown, options: unknown, listener: unknown): object {
  const given = typeof options === "function" ? undefined : options;
  const { recursive, signal } = optionsOf<WatchOptions>(given);
  const heard = typeof options === "function" ? options : listener;
  const { EventEmitter } = builtin<{ EventEmitter: new () => Emitter }>("node:events");
  const watcher = new EventEmitter();
  if (typeof heard === "function") watcher.on("change", heard as () => void);
  const leave = watchPath(io, path, recursive === true, (event, name) => watcher.emit("change", event, name));
  let isOver = false;
  function close(): void {
    if (isOver) return;
    isOver = true;
    leave();
    io.world.loop.callSoon(() => watcher.emit("close"));
  }
  signal?.addEventListener("abort", close, { once: true });
  return Object.assign(watcher, { close, ref: () => watcher, unref: () => watcher });
}

interface Event {
  readonly eventType: "rename" | "change";
  readonly filename: string;
}

/** So many events wait to be taken; those that come then are dropped, as Node has it. */
const mostQueued = 2048;

/** As `fs.promises.watch`. */
export async function* watchEvents(io: DiskIo, path: unknown, options?: unknown): AsyncGenerator<Event, undefined> {
  const { recursive, signal } = optionsOf<WatchOptions>(options);
  const queue: Event[] = [];
  let wake: (() => void) | undefined;
  const leave = watchPath(io, path, recursive === true, (eventType, filename) => {
    if (queue.length < mostQueued) queue.push({ eventType, filename });
    wake?.();
  });
  const onAbort = (): void => wake?.();
  signal?.addEventListener("abort", onAbort);
  try {
    for (;;) {
      if (signal?.aborted === true) throw abortError(signal.reason);
      const event = queue.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => wake = resolve);
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    leave();
  }
}
