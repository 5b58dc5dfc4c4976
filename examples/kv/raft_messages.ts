/** What nodes of Raft say to each other. */

import type { Entry } from "./node_memory.ts";

/** Asks for a vote, with the end of the candidate's log. */
export interface VoteRequest {
  readonly term: number;
  readonly candidate: string;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface Vote {
  readonly term: number;
  readonly granted: boolean;
}

/** The entries behind an index; none are a heartbeat. */
export interface Append {
  readonly term: number;
  readonly leader: string;
  readonly before: number;
  readonly beforeTerm: number;
  readonly entries: readonly Entry[];
  readonly commit: number;
}

export interface Appended {
  readonly term: number;
  readonly ok: boolean;
  /** Up to where the logs are the same; if not `ok`, from where to try again. */
  readonly index: number;
}
