/**
 * What a pool and its workers say to each other. Every message is a batch, because a message costs far more than what
 * is in it; jobs and replies lie flat in it, because an object costs more than its fields. Nothing here needs a thread:
 * the cells in shared memory only make things faster or surer where they exist.
 *
 * @module
 */

import type { EncodedError } from "./error_codec.ts";
import type { Apart } from "./parts.ts";

/** The pool's first message. */
export interface Hello {
  /** Where the functions are to be loaded from; absent for a thread that the program starts, which brings them. */
  readonly module: string | undefined;
  /** Cells in shared memory, see {@linkcode cells}; behind them the journal. */
  readonly shared: SharedArrayBuffer | undefined;
  /** Stands in every message of the worker: what a module posts by itself is told apart from the pool's own. */
  readonly token: number;
  /** In the first place, its parts apart. */
  readonly workerData: Apart;
  /** With more bytes than this in use after a job, the worker starts no further one. */
  readonly maxMemory: number;
}

/** What only some jobs need. */
export interface JobExtra {
  /** For a stream: how many values may be on their way at once. */
  credit?: number;
  /** The one argument is a list of items: the function is called with each, and the result is the list of results. */
  each?: true;
  /** Positions in the arguments of signals that were replaced by `undefined` and are to arrive live. */
  signals?: readonly number[];
  /** Positions of functions of the caller's, likewise. */
  callbacks?: readonly number[];
  /** All arguments, where some have parts that travel apart; the job itself then has none. */
  apart?: Apart;
  /** The name of the call, where it is not that of the function, and the path of the task that made it. */
  label?: string;
  path?: string;
  /** The caller's place in a trace, from whoever observes its calls. */
  traceparent?: string;
  /** Of a call from another machine: what it is known by, and the how many-th try this is. */
  key?: string;
  attempt?: number;
}

/** A job as its worker sees it. */
export interface JobMessage {
  readonly id: number;
  readonly name: string;
  readonly args: unknown[];
  readonly extra: JobExtra | undefined;
}

/**
 * A batch of jobs from the pool. For each job: id, number of the function's name, extra, number of arguments, the
 * arguments. See {@linkcode readJobs}. As JSON where that holds all of it; no extra is `null` there.
 */
export type JobsMessage = unknown[];

/** What else a pool says. */
export interface PoolMessage {
  /** Names of functions, to be numbered on from those that came before. */
  names?: string[];
  /** Jobs that are to stop, or signals among their arguments that were aborted. */
  cancel?: { id: number; reason: EncodedError; argument?: number }[];
  /** Streams that may send so many more values. */
  credit?: [id: number, count: number][];
  /** What the callbacks among the arguments gave. */
  answers?: Answer[];
  /** The worker is to end; it has no job. */
  close?: true;
}

/** What a callback gave. */
export interface Answer {
  readonly id: number;
  readonly call: number;
  readonly value?: unknown;
  /** Instead of the value, one that travels apart. */
  readonly apart?: Apart;
  readonly error?: EncodedError;
}

/** What a reply says. */
export const replies = { done: 0, failed: 1, progress: 2, value: 3, call: 4, doneEmpty: 5 } as const;

/** Stands beside the kind of a reply whose value travels apart; see parts.ts. */
export const withParts = 8;

/** The kinds of replies. */
export type ReplyKind = (typeof replies)[keyof typeof replies];

/** Is it a job's last reply? */
export function isLast(kind: unknown): boolean {
  const plain = (kind as number) & ~withParts;
  return plain === replies.done || plain === replies.failed || plain === replies.doneEmpty;
}

/** How many places of a message a reply takes: id, kind, value, microseconds it ran, below zero for a promise. */
export const replyWidth = 4;

/**
 * A batch of replies from a worker: the token; the id up to which all jobs have left the worker, so that their cells are free;
 * then the replies. As JSON where that holds all of it.
 */
export type RepliesMessage = unknown[];

/** Where the replies begin. */
export const repliesStart = 2;

/** What else a worker says. */
export interface WorkerMessage {
  readonly token: number;
  /** The module has been loaded. */
  ready?: true;
  /** The module could not be loaded. */
  broken?: EncodedError;
  /** The worker has done what is to be done at its end; these things failed. */
  closed?: EncodedError[];
  /** The worker has grown too large. Told between two jobs, it starts no further one. */
  spent?: true;
}

/** How many jobs a worker may have been sent and not ended; each has a cell of its own. */
export const cellCount = 512;

/** How much memory the cells take. */
export const cellBytes: number = cellCount * 4;

/**
 * The state of a job in its cell (number `id % cellCount`), in shared memory. Whoever moves it from `sent` decides:
 * the worker by starting the job, or the pool by taking it back. The worker says that a job has ended before it starts the
 * next one: the pool could otherwise, to be rid of a job whose last reply is on its way, kill the one after it.
 */
export const cells = { sent: 1, started: 2, takenBack: 3, cancelled: 4, ended: 5 } as const;

/** The jobs of a message. */
export function readJobs(list: JobsMessage, names: readonly string[]): JobMessage[] {
  const jobs: JobMessage[] = [];
  for (let at = 0; at < list.length;) {
    const count = list[at + 3] as number;
    jobs.push({
      id: list[at] as number,
      name: names[list[at + 1] as number]!,
      extra: (list[at + 2] ?? undefined) as JobExtra | undefined,
      args: list.slice(at + 4, at + 4 + count),
    });
    at += 4 + count;
  }
  return jobs;
}
