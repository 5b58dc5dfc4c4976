/**
 * What stands in the run queue, and the lists that it stands in.
 *
 * @module
 */

import type { TurnRunner } from "../../runtime/monitor/monitor.ts";

/** Something that can stand in the run queue, in one place at a time. */
export abstract class Entry implements TurnRunner {
  /** The neighbours in the list the entry stands in. */
  declare next: Entry | undefined;
  declare previous: Entry | undefined;
  /** The list the entry stands in; `undefined` when it stands in none. */
  declare list: EntryList | undefined;
  /** When the entry came into the run queue, in whole ms of the queue's own time; only ageing looks at it. */
  declare stamp: number;
  /** The place in the order in which entries came into the run queue, whatever their priority; it wraps round. */
  declare arrival: number;

  /** Assigns the fields; the plain form, which defines each, took Node 20 a tenth longer for an item of a channel. */
  constructor() {
    this.next = this.previous = this.list = undefined;
    this.stamp = this.arrival = 0;
  }

  /** What kind of work this is, and its name, for monitors. */
  describe(): string {
    return "the run queue";
  }

  /** Does this go before others of its priority? */
  get isContinuation(): boolean {
    return false;
  }

  /** Runs in a turn of the entry's own. It does not throw. */
  abstract run(): void;
}

/** A first-in-first-out list of entries, linked through them, so that one that is cancelled leaves in constant time. */
export class EntryList {
  first: Entry | undefined = undefined;
  last: Entry | undefined = undefined;
  size = 0;

  push(entry: Entry): void {
    entry.list = this;
    entry.previous = this.last;
    if (this.last === undefined) this.first = entry;
    else this.last.next = entry;
    this.last = entry;
    this.size++;
  }

  /** Puts an entry before one that is in the list; at the end for `undefined`. */
  insert(entry: Entry, next: Entry | undefined): void {
    if (next === undefined) return this.push(entry);
    entry.list = this;
    entry.next = next;
    entry.previous = next.previous;
    if (next.previous === undefined) this.first = entry;
    else next.previous.next = entry;
    next.previous = entry;
    this.size++;
  }

  /** Takes the first entry out; there is one. */
  shift(): Entry {
    const entry = this.first!;
    const { next } = entry;
    this.first = next;
    if (next === undefined) this.last = undefined;
    else next.previous = undefined;
    entry.next = entry.list = undefined;
    this.size--;
    return entry;
  }

  remove(entry: Entry): void {
    if (entry.previous === undefined) this.first = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.last = entry.previous;
    else entry.next.previous = entry.previous;
    entry.next = entry.previous = entry.list = undefined;
    this.size--;
  }
}
