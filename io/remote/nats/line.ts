/**
 * Those who take jobs of one pool by one connection, and share the room there is: the more urgent go first.
 *
 * Each of them knows from the last that it heard how many more jobs there are for it. What a more urgent one holds, or will get in a moment,
 * has its place in the room, and a less urgent one neither asks for that nor takes it: it would have to wait here, and be the next to go
 * while urgent jobs are still on their way. One that has been put off for as long as the run queue lets wait goes before all others.
 *
 * @module
 */

/** Somebody who takes jobs. */
export interface InLine {
  /** How urgent its jobs are, the most urgent 0. */
  readonly rank: number;
  /** How many jobs it holds, or is about to get. */
  readonly coming: number;
  /** Does it wait for those that go before? */
  readonly isBehind: boolean;
  /** Has it been put off for too long, and holds something? */
  readonly isOverdue: boolean;
  /** There may be more room than before. */
  more(): void;
  /** There is no room. */
  full(): void;
}

/** The line. */
export class Line {
  readonly #members: Set<InLine> = new Set();

  add(member: InLine): void {
    this.#members.add(member);
  }

  delete(member: InLine): void {
    this.#members.delete(member);
  }

  /** How many places of the room are for those who go before. */
  before(member: InLine): number {
    let count = 0;
    for (const other of this.#members) {
      if (other === member) continue;
      if (other.isOverdue) count++;
      else if (!member.isOverdue && other.rank < member.rank) count += other.coming;
    }
    return count;
  }

  /** Something was heard by one of them: it may be the turn of those behind. */
  moved(member: InLine): void {
    for (const other of this.#members) if (other !== member && other.isBehind) other.more();
  }

  /** The room is full. */
  full(): void {
    for (const member of this.#members) member.full();
  }
}
