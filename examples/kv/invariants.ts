/**
 * What holds at each moment in a cluster of Raft, whatever fails: looked at after every event, so each look costs next to nothing. They
 * remember what there was, and compare with it what is new.
 */

import type { Entry } from "./node_memory.ts";

/** What is looked at of a node. */
export interface Looked {
  readonly name: string;
  readonly role: string;
  readonly term: number;
  readonly log: readonly Entry[];
  readonly commit: number;
}

/** What has been looked at of a life of a node. */
interface Seen {
  commit: number;
  length: number;
  last: Entry | undefined;
}

export class Invariants {
  readonly #leaders = new Map<number, string>();
  /** All that any node has ever committed, from the first entry on. */
  readonly #committed: Entry[] = [];
  /** By `index term`: the entry there, and the term of the one before it. */
  readonly #entries = new Map<string, { readonly entry: Entry; readonly beforeTerm: number }>();
  readonly #seen = new WeakMap<Looked, Seen>();

  /** Election safety: a term has one leader at most. */
  oneLeader(nodes: Iterable<Looked>): void {
    for (const { name, role, term } of nodes) {
      if (role !== "leader") continue;
      const leader = this.#leaders.get(term) ?? name;
      this.#leaders.set(term, leader);
      if (leader !== name) throw new Error(`Term ${term} has two leaders: ${leader} and ${name}`);
    }
  }

  /** State machine safety: where two nodes have committed, they have committed the same. */
  sameCommits(nodes: Iterable<Looked>): void {
    for (const node of nodes) {
      const seen = this.#seenOf(node);
      if (node.commit > node.log.length) {
        throw new Error(`${node.name} has committed ${node.commit} entries, and its log has ${node.log.length}`);
      }
      for (; seen.commit < node.commit; seen.commit++) {
        const entry = node.log[seen.commit]!;
        const other = this.#committed[seen.commit];
        if (other === undefined) this.#committed.push(entry);
        else if (!isSame(entry, other)) {
          throw new Error(`${node.name} commits ${inWords(entry)} at ${seen.commit + 1}, where ${inWords(other)} was`);
        }
      }
    }
  }

  /** Log matching: entries with the same index and term are the same, and so is all before them. */
  sameLogs(nodes: Iterable<Looked>): void {
    for (const node of nodes) {
      const seen = this.#seenOf(node);
      const { log } = node;
      if (log.length === seen.length && log.at(-1) === seen.last) continue;
      // Cut or grown: entries stay the same objects, so that what has been looked at is found again.
      let index = Math.min(log.length, seen.length);
      if (index < seen.length || log[index - 1] !== seen.last) index = 0;
      for (; index < log.length; index++) {
        const entry = log[index]!;
        const beforeTerm = log[index - 1]?.term ?? 0;
        const key = `${index} ${entry.term}`;
        const known = this.#entries.get(key);
        if (known === undefined) this.#entries.set(key, { entry, beforeTerm });
        else if (known.entry !== entry && !isSame(known.entry, entry) || known.beforeTerm !== beforeTerm) {
          throw new Error(
            `${node.name} has ${inWords(entry)} at ${index + 1}, where ${inWords(known.entry)} is elsewhere`,
          );
        }
      }
      seen.length = log.length;
      seen.last = log.at(-1);
    }
  }

  /** Leader completeness: who begins to lead has all that was ever committed. */
  completeLeader(nodes: Iterable<Looked>): void {
    for (const { name, role, term, log } of nodes) {
      if (role !== "leader" || log.at(-1)?.term !== term && log.length > 0) continue;
      const { length } = this.#committed;
      const last = this.#committed[length - 1];
      if (last === undefined || last.term > term) continue;
      const own = log[length - 1];
      if (own === undefined || !isSame(own, last)) {
        throw new Error(`${name} leads term ${term} without what is committed at ${length}, ${inWords(last)}`);
      }
    }
  }

  #seenOf(node: Looked): Seen {
    let seen = this.#seen.get(node);
    if (seen === undefined) this.#seen.set(node, seen = { commit: 0, length: 0, last: undefined });
    return seen;
  }
}

function isSame(one: Entry, other: Entry): boolean {
  return one.term === other.term && one.request?.client === other.request?.client &&
    one.request?.number === other.request?.number;
}

function inWords({ term, request }: Entry): string {
  return request === undefined
    ? `the beginning of term ${term}`
    : `${request.op} ${request.client}/${request.number} of term ${term}`;
}
