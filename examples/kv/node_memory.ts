/**
 * What a node must never forget: its log, and with Raft its term and its vote in it.
 *
 * All of it changes under one lock, and is on the disk when the lock is left: whatever a node says to others, it knows after a restart. Under
 * the lock nothing is waited for but the disk.
 */

import { Mutex } from "../../mod.ts";
import { Journal } from "./journal.ts";
import type { ClientRequest } from "./protocol.ts";

/** A place in the log. Without a request it is what a leader begins its term with. */
export interface Entry {
  readonly term: number;
  readonly request?: ClientRequest;
}

/** A term with the vote in it, or an entry, which cuts off what was at its place and behind it. */
type Kept =
  | { readonly term: number; readonly vote?: string | undefined }
  | { readonly index: number; readonly entry: Entry };

export class NodeMemory {
  term = 0;
  /** Who has the vote in this term. */
  vote: string | undefined = undefined;
  /** The first entry has the index 1: an index is also the length of the log up to it. */
  readonly log: Entry[] = [];
  /** How much of the log is on the disk for certain. */
  synced = 0;

  readonly #lock = new Mutex();
  readonly #journal: Journal<Kept>;
  /** What has changed since the disk was told last. */
  #changes: Kept[] = [];
  #broken: unknown = undefined;

  private constructor(journal: Journal<Kept>) {
    this.#journal = journal;
    for (const record of journal.records) {
      if ("index" in record) {
        this.log.splice(record.index - 1, Infinity, record.entry);
      } else {
        this.term = record.term;
        this.vote = record.vote;
      }
    }
    this.synced = this.log.length;
  }

  static async open(folder: string): Promise<NodeMemory> {
    return new NodeMemory(await Journal.open<Kept>(folder, "node.log"));
  }

  /** The term of the entry at an index; 0 before the first. */
  termAt(index: number): number {
    return this.log[index - 1]?.term ?? 0;
  }

  /** Runs what changes this, apart from all else that does. */
  alone<T>(change: () => T | Promise<T>): Promise<T> {
    return this.#lock.run(async () => {
      if (this.#broken !== undefined) throw this.#broken;
      return await change();
    });
  }

  enter(term: number): void {
    if (term <= this.term) return;
    this.term = term;
    this.vote = undefined;
    this.#changes.push({ term });
  }

  voteFor(candidate: string): void {
    if (this.vote === candidate) return;
    this.vote = candidate;
    this.#changes.push({ term: this.term, vote: candidate });
  }

  /** Puts an entry at its place; what was there, and behind it, is gone. */
  put(index: number, entry: Entry): void {
    this.log.splice(index - 1, Infinity, entry);
    this.#changes.push({ index, entry });
  }

  /** Brings to the disk what has changed. */
  async keep({ sync = true }: { sync?: boolean } = {}): Promise<void> {
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    this.#changes = [];
    try {
      await this.#journal.write(changes);
      if (!sync) return;
      await this.#journal.sync();
      this.synced = this.log.length;
    } catch (error) {
      // Nobody knows what is on the disk now, and a second try that goes well would not tell: this node must say nothing any more.
      this.#broken = error;
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#journal.close();
  }
}
