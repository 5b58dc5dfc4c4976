/**
 * The timers of a simulated loop.
 *
 * ```
 *   add ──> set ──it fires, clear──> not set ──refresh, the next round of an interval──> set
 *                                       └──taken back for good, `cleared`──> it stays so
 * ```
 *
 * @module
 */

import { Heap } from "../../basics/heap.ts";
import type { Owner } from "./owner.ts";

/** A timer of a simulated loop. */
export interface VirtualTimer {
  readonly owner: Owner | undefined;
  /** Its place in the order of all that was asked of the loop. */
  id: number;
  /** What it is called in a schedule. */
  readonly label: string;
  readonly kind: "timer";
  readonly chain: number;
  /** The list it stands in: timers of one list never change places. */
  delay: number;
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
  /** The macrotask in which it was set. */
  setIn: number;
  /** The timer whose callback set it, if one did: its number and macrotask; and the first of such a chain. */
  parentId: number;
  parentSetIn: number;
  rootId: number;
  /** Where it was set; kept where somebody wants to know. */
  readonly place: Error | undefined;
}

/** What a loop knows of a timer that it makes. */
type NewTimer = Pick<
  VirtualTimer,
  "owner" | "id" | "label" | "chain" | "delay" | "deadline" | "fn" | "repeat" | "setIn" | "place"
>;

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

  /** Sets a new timer; `parent` is the one whose callback does, if one does. */
  add(made: NewTimer, parent: VirtualTimer | undefined): VirtualTimer {
    const timer: VirtualTimer = {
      ...made,
      kind: "timer",
      referenced: true,
      wakes: true,
      set: false,
      cleared: false,
      parentId: parent?.id ?? 0,
      parentSetIn: parent?.setIn ?? 0,
      rootId: parent?.rootId ?? made.id,
    };
    this.set(timer);
    return timer;
  }

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

  /** Takes out all of somebody. */
  takeOut(owner: Owner): VirtualTimer[] {
    const taken = this.all().filter((timer) => timer.owner === owner);
    for (const timer of taken) this.clear(timer);
    return taken;
  }

  /** Says whether a timer has to have ended with the body, and whether the clock goes on for it. */
  reference(timer: VirtualTimer, { referenced, wakes }: Pick<VirtualTimer, "referenced" | "wakes">): void {
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

  /** The timer to fire first of those asked for before `limit`. */
  firstBefore(limit: number): VirtualTimer | undefined {
    const first = this.first();
    if (first === undefined || first.id < limit) return first;
    let best: Slot | undefined;
    for (const slot of this.#heap.items) {
      if (slot.id < limit && !isDead(slot) && (best === undefined || isBefore(slot, best))) best = slot;
    }
    return best?.timer;
  }

  /** Adds to `found` the first timer of each list among those of the earliest deadline that were asked for before `limit`. */
  firstOfLists(found: { readonly id: number }[], limit: number): void {
    const first = this.firstBefore(limit);
    if (first === undefined) return;
    const { items } = this.#heap;
    // Where neither of the next two is due with it, none is.
    if (
      items[0]?.timer === first && !(items[1]?.deadline === first.deadline || items[2]?.deadline === first.deadline)
    ) {
      return void found.push(first);
    }
    const byDelay = new Map<number, VirtualTimer>();
    const open = [0];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      const slot = this.#heap.items[index];
      if (slot === undefined || slot.deadline > first.deadline) continue;
      open.push(index * 2 + 1, index * 2 + 2);
      if (isDead(slot) || slot.id >= limit || slot.deadline < first.deadline) continue;
      const other = byDelay.get(slot.timer.delay);
      if (other === undefined || slot.id < other.id) byDelay.set(slot.timer.delay, slot.timer);
    }
    if (byDelay.size === 1) found.push(first);
    else {
      const firsts = [...byDelay.values()].sort((a, b) => a.id - b.id);
      found.push(...firsts.filter((timer) => !firsts.some((other) => isSurelyBefore(other, timer))));
    }
  }

  /** The timers that are set. */
  all(): VirtualTimer[] {
    return this.#heap.items.filter((slot) => !isDead(slot)).sort((a, b) => a.id - b.id).map(({ timer }) => timer);
  }

  /** When the timers that are set fire, in no order. */
  deadlines(): number[] {
    return this.#heap.items.filter((slot) => !isDead(slot)).map(({ deadline }) => deadline);
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

/**
 * Does a timer of the same deadline come first however slow the host is? It does if it was set before the one whose callback has set
 * the other, or the first of a chain of such.
 */
function isSurelyBefore(timer: VirtualTimer, other: VirtualTimer): boolean {
  if (other.parentId === 0) return false;
  return other.rootId > timer.id || (other.parentId > timer.id && other.parentSetIn === timer.setIn);
}

function isDead({ id, timer }: Slot): boolean {
  return !timer.set || timer.id !== id;
}

function isBefore(a: Slot, b: Slot): boolean {
  return a.deadline < b.deadline || (a.deadline === b.deadline && a.id < b.id);
}
