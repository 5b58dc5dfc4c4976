/** Prints how many signals of each kind are left after a collection of garbage, and which events still come. */

import process from "node:process";
import { scheduler, TaskController, TaskSignal } from "../../../../mod.ts";

async function collect(): Promise<void> {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(sync: boolean): void } };
  let collectNow = gc ?? (Bun && (() => Bun.gc(true)));
  if (collectNow === undefined) {
    const { setFlagsFromString } = process.getBuiltinModule("node:v8");
    setFlagsFromString("--expose-gc");
    collectNow = process.getBuiltinModule("node:vm").runInNewContext("gc") as () => void;
  }
  for (let round = 0; round < 5; round++) {
    // What a WeakRef has been read from lives until the turn ends.
    await new Promise((resolve) => setTimeout(resolve, 1));
    collectNow();
  }
}

function left(refs: readonly WeakRef<object>[]): string {
  const count = refs.filter((ref) => ref.deref() !== undefined).length;
  return count === 0 ? "none" : count === refs.length ? "all" : count < refs.length / 4 ? "hardly any" : `${count}`;
}

const count = 200;
const all = Array.from({ length: count });
const controller = new TaskController();
let events = 0;
const stop = new AbortController();

function follower(): TaskSignal {
  return TaskSignal.any([], { priority: controller.signal });
}

const idle = all.map(() => new WeakRef(follower()));
const listened = all.map(() => {
  const signal = follower();
  signal.addEventListener("prioritychange", () => events++);
  return new WeakRef(signal);
});
const handled = all.map(() => {
  const signal = follower();
  signal.onprioritychange = () => events++;
  return new WeakRef(signal);
});
const silent = all.map(() => {
  const signal = follower();
  const listener = (): unknown => events++;
  signal.addEventListener("prioritychange", listener);
  signal.removeEventListener("prioritychange", listener);
  signal.onprioritychange = listener;
  signal.onprioritychange = null;
  return new WeakRef(signal);
});
const posted = all.map(() => {
  const signal = TaskSignal.any([stop.signal], { priority: controller.signal });
  scheduler.postTask(() => {}, { signal, delay: 2 ** 40 }).catch(() => {});
  return new WeakRef(signal);
});
const sources: WeakRef<object>[] = [];
const following = all.map(() => {
  const source = new TaskController();
  sources.push(new WeakRef(source.signal));
  const signal = TaskSignal.any([], { priority: source.signal });
  signal.onprioritychange = () => events++;
  return signal;
});

await collect();
console.log(`nobody listens: ${left(idle)}`);
console.log(`somebody listens: ${left(listened)}`);
console.log(`a handler is set: ${left(handled)}`);
console.log(`nobody listens any more: ${left(silent)}`);
console.log(`a task waits: ${left(posted)}`);
console.log(`sources of signals: ${left(sources)}`);
controller.setPriority("background");
console.log(`events: ${events}`);
stop.abort();
console.log(`signals held: ${following.length}`);
