/**
 * What the engines of one name in this process have in common: queues, subjects, large bytes.
 *
 * @module
 */

import { type Loop, loop } from "../../../scheduler/queue/loop.ts";
import type { Headers, QueueSettings } from "../engine/engine.ts";
import { StoredQueue } from "./stored_queue.ts";

/** Bytes on their way to a listener. */
export interface Parcel {
  readonly subject: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Where an answer goes; absent where none is asked for. */
  readonly answer: ((body: Uint8Array, headers: Headers) => void) | undefined;
}

/** Somebody who listens. */
export interface Listener {
  readonly subject: string;
  readonly group: string | undefined;
  take(parcel: Parcel): void;
}

/** The state that engines share; it goes with the last of them. */
export class Broker {
  readonly queues: Map<string, StoredQueue> = new Map();
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly #listeners: Set<Listener> = new Set();
  /** Whose turn it is in a group. */
  #turn = 0;
  #engines = 0;
  readonly #leave: () => void;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  join(): void {
    this.#engines++;
  }

  leave(): void {
    if (--this.#engines > 0) return;
    for (const queue of this.queues.values()) queue.end();
    this.#leave();
  }

  queue(name: string, settings: QueueSettings): StoredQueue {
    let queue = this.queues.get(name);
    if (queue === undefined) this.queues.set(name, queue = new StoredQueue(settings));
    queue.settings = settings;
    return queue;
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives a parcel to all who listen, and to one of each group; answers whether there was anybody. */
  pass(parcel: Parcel): boolean {
    const groups = new Map<string, Listener[]>();
    let found = false;
    for (const listener of [...this.#listeners]) {
      if (!matches(listener.subject, parcel.subject)) continue;
      found = true;
      const { group } = listener;
      if (group === undefined) {
        listener.take(parcel);
      } else {
        const members = groups.get(group);
        if (members === undefined) groups.set(group, [listener]);
        else members.push(listener);
      }
    }
    for (const members of groups.values()) members[this.#turn++ % members.length]!.take(parcel);
    return found;
  }
}

/** By loop: what a simulation leaves is not to be found by the next one. */
const brokers: WeakMap<Loop, Map<string, Broker>> = new WeakMap();

/** The one of a name. */
export function brokerOf(name: string): Broker {
  const current = loop();
  let named = brokers.get(current);
  if (named === undefined) brokers.set(current, named = new Map());
  let broker = named.get(name);
  if (broker === undefined) {
    const all = named;
    named.set(name, broker = new Broker(() => all.delete(name)));
  }
  return broker;
}

function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  return pattern.endsWith(".>") && subject.length > pattern.length - 1 && subject.startsWith(pattern.slice(0, -1));
}
