/**
 * What the connections of one engine in this process have in common: queues, subjects, large bytes.
 *
 * @module
 */

import type { QueueSettings } from "../engine/engine.ts";
import type { Parcel } from "./ask.ts";
import { StoredQueue } from "./stored_queue.ts";

/** Somebody who listens. */
export interface Listener {
  readonly subject: string;
  readonly group: string | undefined;
  take(parcel: Parcel): void;
}

/** What connections meet at. */
export class Broker {
  readonly objects: Map<string, Uint8Array> = new Map();
  readonly #queues: Map<string, StoredQueue> = new Map();
  readonly #listeners: Set<Listener> = new Set();
  /** Who waits for an answer, by where it goes. */
  readonly #replies: Map<string, (parcel: Parcel) => void> = new Map();
  /** Whose turn it is in a group. */
  #turn = 0;
  #connections = 0;
  #lastReply = 0;

  /** There is one more connection; the function it returns says that it has ended, and answers how many are left. */
  join(): () => number {
    this.#connections++;
    return () => --this.#connections;
  }

  /** The queue of a name: whoever asks for it first has chosen its settings. */
  make(name: string, settings: QueueSettings): StoredQueue {
    let queue = this.#queues.get(name);
    if (queue === undefined) this.#queues.set(name, queue = new StoredQueue(settings));
    return queue;
  }

  /** A queue that was made. */
  queue(name: string): StoredQueue {
    return this.#queues.get(name)!;
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

  /** A place for one answer. */
  expect(take: (parcel: Parcel) => void): { readonly reply: string; forget(): void } {
    const reply = `reply.${++this.#lastReply}`;
    this.#replies.set(reply, take);
    return { reply, forget: () => this.#replies.delete(reply) };
  }

  /** An answer has come; a second one, or one that is late, is nobody's. */
  reply(parcel: Parcel): void {
    const take = this.#replies.get(parcel.subject);
    this.#replies.delete(parcel.subject);
    take?.(parcel);
  }

  /** Nobody is left who keeps it. */
  end(): void {
    for (const queue of this.#queues.values()) queue.end();
  }
}

function matches(pattern: string, subject: string): boolean {
  if (pattern === subject) return true;
  return pattern.endsWith(".>") && subject.length > pattern.length - 1 && subject.startsWith(pattern.slice(0, -1));
}
