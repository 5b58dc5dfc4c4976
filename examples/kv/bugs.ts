/** Six mistakes that systems have been shipped with. Each changes a line or three of the ordinary code, where people make it. */
export interface Bugs {
  /** A write is answered before a majority has it. */
  readonly lostAck?: boolean;
  /** A leader reads from its own memory, without asking whether it is the leader still. */
  readonly staleRead?: boolean;
  /** Whoever asks gets a vote, also a second one in a term. */
  readonly doubleVote?: boolean;
  /** A vote is answered before it is on the disk. */
  readonly unsyncedVote?: boolean;
  /** A majority is one of those who have answered lately, instead of all. */
  readonly splitBrain?: boolean;
  /** A follower cuts its log at each append, not only where it differs. */
  readonly logTruncation?: boolean;
}
