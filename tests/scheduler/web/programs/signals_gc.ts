/** Prints how many signals of each kind are left after a collection of garbage, and which events still come. */

import { scheduler, TaskController, TaskSignal } from "../../../../mod.ts";
import { collectGarbage, leftOf } from "../../../support/garbage.ts";

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

await collectGarbage();
console.log(`nobody listens: ${leftOf(idle)}`);
console.log(`somebody listens: ${leftOf(listened)}`);
console.log(`a handler is set: ${leftOf(handled)}`);
console.log(`nobody listens any more: ${leftOf(silent)}`);
console.log(`a task waits: ${leftOf(posted)}`);
console.log(`sources of signals: ${leftOf(sources)}`);
controller.setPriority("background");
console.log(`events: ${events}`);
stop.abort();
console.log(`signals held: ${following.length}`);
