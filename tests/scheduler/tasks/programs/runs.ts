/** Every function that runs something and gives a promise of it. */

import {
  all,
  allSettled,
  any,
  CancelScope,
  group,
  mapConcurrent,
  moveOnAfter,
  Mutex,
  race,
  retry,
  Semaphore,
  supervise,
  TaskGroup,
  withTimeout,
} from "../../../../mod.ts";

type Work = () => Promise<unknown>;

/** Each begins to run `work`, in a task of `g`. */
export const runs: Record<string, (work: Work, g: TaskGroup) => unknown> = {
  all: (work) => all([work]),
  allSettled: (work) => group(() => allSettled([work])),
  any: (work) => any([work]),
  race: (work) => race([work]),
  mapConcurrent: (work) => mapConcurrent([1], work),
  retry: (work) => retry(work, { attempts: 1 }),
  "retry with a timeout": (work) => retry(work, { attempts: 1, timeout: 60_000 }),
  group: (work) => group((g) => void g.spawn(work)),
  "group with a bound": (work) => group((g) => void g.spawn(work), { teardownTimeout: 1000 }),
  "the body of a group": (work) => group(work),
  "join of a new group": (work) => {
    const g = new TaskGroup();
    g.spawn(work);
    return g.join();
  },
  supervise: (work) => supervise(work),
  "CancelScope.run": (work) => new CancelScope().run(work),
  withTimeout: (work) => withTimeout(60_000, work),
  moveOnAfter: (work) => moveOnAfter(60_000, work),
  "Semaphore.run": (work) => new Semaphore(1).run(work),
  "Mutex.run": (work) => new Mutex().run(work),
  "task.then": (work, g) => g.spawn(work).then(() => 1),
  "task.finally": (work, g) => g.spawn(work).finally(() => {}),
};
