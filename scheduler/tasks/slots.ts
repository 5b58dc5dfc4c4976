/**
 * The slots of a group's `limit`: what runs holds one, and who finds none free waits in line for it.
 *
 * @module
 */

import { EntryList } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import type { TaskNode } from "./task_node.ts";

/** The slots of one group, made with its first task. */
export class Slots {
  /** How many are taken. */
  taken = 0;
  readonly #limit: number;
  /** The tasks that wait for one, as soon as one had to. */
  #waiting: EntryList | undefined = undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many tasks wait for a slot. */
  get waiting(): number {
    return this.#waiting?.size ?? 0;
  }

  /** Queues a task that has got a slot, or lets it wait for one. */
  enter(task: TaskNode): void {
    if (this.taken < this.#limit) return this.#give(task);
    task.stamp = loop().queue.stampNow();
    (this.#waiting ??= new EntryList()).push(task);
  }

  /** A task that held a slot has ended; where `goesOn`, the next in line gets it. */
  leave(goesOn: boolean): void {
    this.taken--;
    const next = this.#waiting?.first as TaskNode | undefined;
    if (next === undefined || !goesOn) return;
    this.#waiting!.remove(next);
    this.#give(next);
  }

  /** Does a task wait for a slot? */
  isWaiting(task: TaskNode): boolean {
    return task.list !== undefined && task.list === this.#waiting;
  }

  /** Takes out a task that waits for a slot. */
  remove(task: TaskNode): void {
    this.#waiting!.remove(task);
  }

  #give(task: TaskNode): void {
    this.taken++;
    task.holdsSlot = true;
    loop().queue.enqueue(task, task.lane);
  }
}
