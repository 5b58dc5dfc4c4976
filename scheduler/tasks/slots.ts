/**
 * The slots of a group's `limit`: what runs holds one, and who finds none free waits for it: the most urgent goes first, among those of a
 * priority who came first.
 *
 * @module
 */

import { EntryList } from "../queue/entry.ts";
import { loop } from "../queue/loop.ts";
import { laneCount } from "../queue/priority.ts";
import type { TaskNode } from "./task_node.ts";

/** The slots of one group, made with its first task. */
export class Slots {
  /** How many are taken. */
  taken = 0;
  /** How many tasks wait for one. */
  waiting = 0;
  readonly #limit: number;
  /** The tasks that wait for one, by lane, as soon as one had to. */
  #lanes: readonly EntryList[] | undefined = undefined;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Queues a task that has got a slot, or lets it wait for one. */
  enter(task: TaskNode): void {
    if (this.taken < this.#limit) return this.#give(task);
    task.stamp = loop().queue.stampNow();
    this.#lanes ??= Array.from({ length: laneCount }, () => new EntryList());
    this.#lanes[task.lane]!.push(task);
    this.waiting++;
  }

  /** A task that held a slot has ended; where `goesOn`, the next one gets it. */
  leave(goesOn: boolean): void {
    this.taken--;
    if (!goesOn || this.waiting === 0) return;
    const list = this.#lanes!.findLast(({ size }) => size > 0)!;
    const next = list.first as TaskNode;
    this.remove(next);
    this.#give(next);
  }

  /** Does a task wait for a slot? */
  isWaiting(task: TaskNode): boolean {
    return task.list !== undefined && this.#lanes?.includes(task.list) === true;
  }

  /** Takes out a task that waits for a slot. */
  remove(task: TaskNode): void {
    task.list!.remove(task);
    this.waiting--;
  }

  /** The lane of a task that waits for a slot has changed: it is behind those who were in the new one before. */
  relane(task: TaskNode): void {
    if (!this.isWaiting(task)) return;
    task.list!.remove(task);
    this.#lanes![task.lane]!.push(task);
  }

  #give(task: TaskNode): void {
    this.taken++;
    task.holdsSlot = true;
    loop().queue.enqueue(task, task.lane);
  }
}
