/**
 * Tasks that wait for one another in a circle.
 *
 * @module
 */

/** A task, and those that have to go on before it. */
export interface Blocked {
  readonly name: string;
  readonly blockedBy: readonly string[];
}

/** How many steps are taken in one part. */
const perPart = 32;

/** The circles of tasks each of which waits for the next, and the last for the first; a task is in one of them at most. */
export function cyclesOf(tasks: readonly Blocked[]): string[][] {
  const search = findCycles(tasks);
  for (;;) {
    const { done, value } = search.next();
    if (done) return value;
  }
}

/** The same a part at a time, for those who may not keep the loop from everything else. */
export function* findCycles(tasks: readonly Blocked[]): Generator<void, string[][]> {
  let left = perPart;
  const byName = new Map<string, Blocked>();
  for (const task of tasks) {
    byName.set(task.name, task);
    if (--left === 0) yield void (left = perPart);
  }
  const done = new Set<string>();
  const cycles: string[][] = [];
  for (const { name } of tasks) {
    // By a list and not by calls: 100,000 tasks may wait for one another.
    const path: { name: string; next: number }[] = [];
    const places = new Map<string, number>();
    const enter = (name: string): void => {
      done.add(name);
      places.set(name, path.length);
      path.push({ name, next: 0 });
    };
    if (!done.has(name)) enter(name);
    for (let last = path.at(-1); last !== undefined; last = path.at(-1)) {
      if (--left === 0) yield void (left = perPart);
      const next = byName.get(last.name)?.blockedBy[last.next++];
      if (next === undefined) {
        places.delete(last.name);
        path.pop();
      } else if (places.has(next)) cycles.push(path.slice(places.get(next)).map(({ name }) => name));
      else if (!done.has(next)) enter(next);
    }
  }
  return cycles;
}
