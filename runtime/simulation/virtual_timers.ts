/**
 * The timers of a simulated loop.
 *
 * @module
 */

import { Heap } from "../heap.ts";

/** A timer of a simulated loop. */
export interface VirtualTimer {
  /** Its place in the order of all that was asked of the loop. */
  id: number;
  /** What it is called in a schedule. */
  readonly label: string;
  readonly kind: "timer";
  readonly chain: number;
  /** The list it stands in: timers of one list never change places. */
  readonly delay: number;
  /** When it fires, in ms of the loop's clock. */
  deadline: number;
  fn: () => void;
  /** Does it fire again and again? */
  readonly repeat: boolean;
  /** Has it to have fired or been cleared at the end? */
  referenced: boolean;
  /** Is it worth letting the clock go on for? */
  wakes: boolean;
  set: boolean;
  /** Was it taken back for good? */
  cleared: boolean;
  /** Where it was set; kept where somebody wants to know. */
  readonly place: Error | undefined;
}

interface Slot {
  readonly deadline: number;
  readonly id: number;
  readonly timer: VirtualTimer;
}

/** Timers by deadline, then by the order of setting. A slot of a timer that was cleared or set anew is dead. */
export class VirtualTimers {
  readonly #heap: Heap<Slot> = new Heap(isBefore);
  #dead = 0;
  /** How many timers are set; how many of them may not be left behind; how many are worth letting the clock go on. */
  size = 0;
  referenced = 0;
  waking = 0;

  /** Sets a timer that is not set, with its `deadline` and `id`. */
  set(timer: VirtualTimer): void {
    timer.set = true;
    this.#count(timer, 1);
    this.#heap.push({ deadline: timer.deadline, id: timer.id, timer });
  }

  /** Takes a timer out; does nothing for one that is not set. */
  clear(timer: VirtualTimer): void {
    if (!timer.set) return;
    timer.set = false;
    this.#count(timer, -1);
    if (++this.#dead > 64 && this.#dead * 2 > this.#heap.size) this.#sweep();
  }

  /** Says whether a timer may be left behind, and whether the clock goes on for it. */
  reference(timer: VirtualTimer, referenced: boolean, wakes: boolean = true): void {
    const { set } = timer;
    if (set) this.#count(timer, -1);
    timer.referenced = referenced;
    timer.wakes = wakes;
    if (set) this.#count(timer, 1);
  }

  /** The timer to fire first; `undefined` where none is set. */
  first(): VirtualTimer | undefined {
    while (this.#heap.size > 0 && isDead(this.#heap.first!)) {
      this.#heap.pop();
      this.#dead--;
    }
    return this.#heap.first?.timer;
  }

  /** Adds to `found` the first timer of each list among those of the earliest deadline. */
  firstOfLists(found: { readonly id: number }[]): void {
    const first = this.first();
    if (first === undefined) return;
    const { items } = this.#heap;
    // Where neither of the next two is due with it, none is.
    if (!(items[1]?.deadline === first.deadline || items[2]?.deadline === first.deadline)) {
      return void found.push(first);
    }
    const byDelay = new Map<number, VirtualTimer>();
    const open = [0];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const slot = this.#heap.items[index];
      if (slot === undefined || slot.deadline > first.deadline) continue;
      open.push(index * 2 + 1, index * 2 + 2);
      if (isDead(slot)) continue;
      const other = byDelay.get(slot.timer.delay);
      if (other === undefined || slot.id < other.id) byDelay.set(slot.timer.delay, slot.timer);
    }
    if (byDelay.size === 1) found.push(first);
    else found.push(...[...byDelay.values()].sort((a, b) => a.id - b.id));
  }

  /** The timers that are set. */
  all(): VirtualTimer[] {
    return this.#heap.items.filter((slot) => !isDead(slot)).sort((a, b) => a.id - b.id).map(({ timer }) => timer);
  }

  #count(timer: VirtualTimer, by: number): void {
    this.size += by;
    if (timer.referenced) this.referenced += by;
    if (timer.wakes) this.waking += by;
  }

  #sweep(): void {
    this.#heap.keep((slot) => !isDead(slot));
    this.#dead = 0;
  }
}

function isDead({ id, timer }: Slot): boolean {
  return !timer.set || timer.id !== id;
}

function isBefore(a: Slot, b: Slot): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.id < b.id);
}
