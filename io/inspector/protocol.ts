/**
 * What the page and its server say to each other.
 *
 * ```
 *   GET  TOKEN/          the page, and what it is made of: page.js, page.css, page.svg
 *   GET  TOKEN/events    server-sent events: "hello" once, then "state", four times a second, nothing while the socket is full
 *   POST TOKEN/view      a `View`: what this client looks at. 204
 *   POST TOKEN/control   a `Command`, if the inspector was given `control: true`, else 403. 204, or 404 for what is not there any more
 *   GET  TOKEN/trace     records for five seconds, then answers with the trace as a file to save
 * ```
 *
 * @module
 */

import type { Priority } from "../../scheduler/queue/priority.ts";

/** The most rows of a list that are sent, and the most groups that may be open. */
export const mostRows = 200;

/** The longest text that is searched for. */
export const longestSearch = 200;

/** The data of "hello". */
export interface Hello {
  /** The number of this client, to be said with each view. */
  readonly client: number;
  /** May the page change anything? */
  readonly control: boolean;
  /** The program: its name, the host and its version. */
  readonly program: string;
  readonly host: string;
}

/** What a client looks at. */
export interface View {
  readonly client: number;
  /** The groups that are unfolded, by their ids; those at the top always show. At most `mostRows`. */
  readonly open: readonly number[];
  /** The group whose tasks are listed, with those in the groups inside it; `null` for all there are. */
  readonly group: number | null;
  /** Only tasks whose names contain this, in whatever case; at most `longestSearch` characters. */
  readonly search: string;
  /** How many of the rows to leave out before the first one sent. */
  readonly offset: number;
}

/** A change that is asked for. */
export type Command =
  | { readonly do: "cancel"; readonly task: number }
  | { readonly do: "priority"; readonly task: number; readonly priority: Priority }
  | { readonly do: "drain"; readonly server: number };

/** How many tasks are in which state. */
export interface Counts {
  /** Wait for a slot or for their first turn. */
  readonly queued: number;
  /** Run, or wait for a promise that is not Millrace's. */
  readonly running: number;
  /** Wait for something that is known. */
  readonly waiting: number;
  /** Were asked to end and have not. */
  readonly cancelling: number;
}

/** A group, as a line of the tree. */
export interface GroupRow {
  readonly id: number;
  readonly name: string;
  /** 0 at the top. */
  readonly depth: number;
  /** Has it groups inside? */
  readonly hasGroups: boolean;
  readonly isOpen: boolean;
  readonly state: "running" | "cancelling" | "abandoned";
  /** Its tasks, those of the groups inside it included. */
  readonly counts: Counts;
  /** How long it has been there, in ms. */
  readonly age: number;
  /** In how many ms it is going to be cancelled by a deadline of its own; `null` for never. */
  readonly deadline: number | null;
}

/** A task, as a row of the list. */
export interface TaskRow {
  readonly id: number;
  /** With the task's number at the end: "reader#12". */
  readonly name: string;
  /** The name of its group. */
  readonly group: string;
  readonly state: keyof Counts;
  /** How long it has been there, in ms. */
  readonly age: number;
  /** For how long it has waited, or been queued, in ms; `null` for one that runs, and where that began before somebody looked. */
  readonly since: number | null;
  /** What it waits for; `null` where that is not known. */
  readonly waitingFor: string | null;
  /** The names of those that have to go on first. */
  readonly blockedBy: readonly string[];
  readonly priority: Priority;
  /** In how many ms it is going to be cancelled by a deadline of its own; `null` for never. */
  readonly deadline: number | null;
  /** Where it was spawned: "file:line:column"; `null` where that was before somebody looked. */
  readonly place: string | null;
  /** Does it wait in a circle? */
  readonly inCycle: boolean;
}

/** A turn that kept the loop from everything else for too long. */
export interface LongTurnRow {
  readonly who: string;
  readonly duration: number;
  /** How long ago it ended, in ms. */
  readonly ago: number;
}

/** What the loop has done since the last state. */
export interface LoopFigures {
  /** Over how many ms. */
  readonly elapsed: number;
  /** How late the loop was, in ms: in the middle, at the 99th percentile, at most. */
  readonly delay: { readonly p50: number; readonly p99: number; readonly max: number };
  readonly turns: number;
  readonly slices: number;
  /** The share of the time in which it was busy; 0 to 1. */
  readonly utilization: number;
  /** How many ms turns of each priority ran. */
  readonly busy: Readonly<Record<Priority, number>>;
  /** The last ones, newest first, at most 32, since somebody looks. */
  readonly longTurns: readonly LongTurnRow[];
}

/** A worker of a pool. */
export interface WorkerRow {
  readonly name: string;
  readonly state: "starting" | "idle" | "busy" | "ending";
  /** The function it runs; `null` for none. */
  readonly call: string | null;
  /** For how long, in ms; `null` for none. */
  readonly since: number | null;
  /** Calls that have been sent to it and have not ended. */
  readonly calls: number;
  /** How many it has ended. */
  readonly served: number;
}

/** A pool. */
export interface PoolFigures {
  readonly name: string;
  readonly size: number;
  readonly queued: number;
  readonly running: number;
  readonly completed: number;
  readonly failed: number;
  /** Threads that could not be ended. */
  readonly runaway: number;
  readonly workers: readonly WorkerRow[];
}

/** A request that has not ended. */
export interface RequestRow {
  /** Its method and path. */
  readonly name: string;
  readonly state: "running" | "queued" | "cancelling";
  /** How long it has been there, in ms. */
  readonly age: number;
  /** How many tasks of its own it has. */
  readonly tasks: number;
}

/** A server. */
export interface ServerFigures {
  readonly id: number;
  readonly url: string;
  /** Does it take requests, or does it drain? */
  readonly ready: boolean;
  readonly active: number;
  readonly queued: number;
  readonly completed: number;
  readonly rejected: number;
  readonly shed: number;
  readonly timedOut: number;
  readonly failed: number;
  /** The oldest ones, at most 50. */
  readonly requests: readonly RequestRow[];
}

/** The data of "state": what of it is as it was is left out, once it has been sent to that client. */
export interface State {
  /** When, in ms since the inspector was opened. */
  readonly at: number;
  /** All tasks of the program. */
  readonly total: Counts;
  /** The lines of the tree, from the top, at most `mostRows`; and how many more there would be. */
  readonly groups: readonly GroupRow[];
  readonly groupsMore: number;
  /** The rows of the list, oldest first, from the view's offset on, at most `mostRows`; and how many there are in all. */
  readonly rows: readonly TaskRow[];
  readonly rowsTotal: number;
  /** Tasks that wait for one another in a circle, by name; at most 20 circles. */
  readonly cycles: readonly (readonly string[])[];
  readonly loop: LoopFigures;
  readonly pools: readonly PoolFigures[];
  readonly servers: readonly ServerFigures[];
}
